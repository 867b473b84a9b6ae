"""DateTime and Upload."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import strawberry
from graphql import GraphQLError
from starlette.datastructures import UploadFile
from strawberry.file_uploads import Upload
from strawberry.types.scalar import ScalarDefinition

KEPT = 10_000
"""Moments whose text is remembered: lists show the same ones again and again, and writing one takes three times as long
as finding it."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


@lru_cache(KEPT)
def written(moment: datetime) -> str:
    """ISO-8601 in UTC with milliseconds and Z."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{utc.isoformat(timespec='milliseconds')[:-6]}Z"


def read_moment(value: object) -> datetime:
    """A moment in UTC, cut to milliseconds. Raises GraphQLError for what is not one or has no offset."""
    try:
        if isinstance(value, str) and MOMENT.fullmatch(value):
            moment = datetime.fromisoformat(value).astimezone(UTC)
            return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    except (ValueError, OverflowError):
        pass  # the same answer as for what does not look like a moment at all
    raise GraphQLError("A DateTime is ISO-8601 with an offset, such as 2026-03-01T12:00:00.000Z.")


def read_file(value: object) -> UploadFile:
    """Raises GraphQLError for what is not a file of a multipart request."""
    if not isinstance(value, UploadFile):
        raise GraphQLError("Send the file as a part of a multipart request: variables cannot hold its content.")
    return value


SCALARS: dict[Any, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment: ISO-8601 in UTC with milliseconds and Z. Input may have another offset, never none.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=written,
        parse_value=read_moment,
    ),
    Upload: strawberry.scalar(
        name="Upload",
        description="A file, sent as a part of a multipart request (graphql-multipart-request-spec). At most 20 MiB.",
        serialize=str,
        parse_value=read_file,
    ),
}
