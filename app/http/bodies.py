"""What REST bodies share: names as in the GraphQL schema, and the refusal that every error has as its body."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, Strict, WithJsonSchema
from pydantic.alias_generators import to_camel

from schema.errors import ErrorCode
from schema.scalars import written


class Told(BaseModel):
    """A JSON object of an answer."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, from_attributes=True, frozen=True)


class Given(BaseModel):
    """A JSON object of a request: its members have their own types, and there are no others."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


Moment = Annotated[
    datetime,
    PlainSerializer(written, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-01T12:00:00.000Z"]}),
]
"""ISO-8601 in UTC with milliseconds and Z."""
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict()]


class Refusal(BaseModel):
    """Why nothing was done."""

    code: ErrorCode = Field(description="For programs.")
    message: str = Field(description="For people: what is wrong and what to do.")
    field: str | None = Field(
        description="The part of the request to blame, as a path joined with dots; null when no field is."
    )
    retryable: bool = Field(description="The same request may succeed later.")


WHY = {
    401: "No token, or one that is malformed or has expired.",
    403: "The member may not do this, or had no weight when voting started.",
    404: "There is no such thing, or the member may not know of it.",
    409: "Its state does not allow this, or the idempotency key came with another input.",
    413: "The body is larger than allowed.",
    415: "The file is neither PDF nor UTF-8 text.",
    422: "A value is missing, malformed or out of bounds.",
    429: "Asked too often; `Retry-After` says how many seconds to wait.",
    500: "A fault of the server; it is logged.",
    503: "A store does not answer; nothing is lost.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an operation may answer instead, for its description; faults may happen to any."""
    return {status: {"model": Refusal, "description": WHY[status]} for status in (*statuses, 429, 500, 503)}
