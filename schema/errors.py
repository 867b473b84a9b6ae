"""Refusals as clients see them."""

from collections.abc import Sequence
from enum import StrEnum

import strawberry

from schema.enums import described


class ErrorCode(StrEnum):
    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    TIMEOUT = "TIMEOUT"
    INTERNAL = "INTERNAL"
    INGESTION_ERROR = "INGESTION_ERROR"
    RETRIEVAL_ERROR = "RETRIEVAL_ERROR"
    LLM_ERROR = "LLM_ERROR"
    VOTE_ERROR = "VOTE_ERROR"
    SYNC_ERROR = "SYNC_ERROR"
    NER_ERROR = "NER_ERROR"
    NO_VOTING_POWER = "NO_VOTING_POWER"
    VOTING_CLOSED = "VOTING_CLOSED"
    ALREADY_RESOLVED = "ALREADY_RESOLVED"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    DELEGATION_CYCLE = "DELEGATION_CYCLE"


described(
    ErrorCode,
    "ErrorCode",
    "What went wrong, for programs; the message beside it is for people.",
    BAD_USER_INPUT="The input is malformed or out of bounds; the message names the field and what to give.",
    UNAUTHENTICATED="A bearer token is missing, malformed or expired.",
    FORBIDDEN="The viewer may not do or see this.",
    NOT_FOUND="There is no such object, or the viewer may not know of it.",
    CONFLICT="The object's state, or an idempotency key used before, does not allow this.",
    RATE_LIMITED="Too many requests: try again later.",
    QUERY_TOO_COMPLEX="The operation asks for too much at once.",
    TIMEOUT="It took too long.",
    INTERNAL="A fault of the server; it is logged.",
    INGESTION_ERROR="A document could not be read.",
    RETRIEVAL_ERROR="Memories or facts could not be searched.",
    LLM_ERROR="The language model did not answer.",
    VOTE_ERROR="A vote could not be counted.",
    SYNC_ERROR="Another store could not be written.",
    NER_ERROR="Entities could not be recognised.",
    NO_VOTING_POWER="The viewer had no weight when voting started.",
    VOTING_CLOSED="Voting on this proposal is not open.",
    ALREADY_RESOLVED="The proposal is decided; its ballots are sealed.",
    FILE_TOO_LARGE="The file or the body is larger than allowed.",
    UNSUPPORTED_MEDIA_TYPE="The file is neither PDF nor UTF-8 text or Markdown.",
    DELEGATION_CYCLE="The delegation would lead back to its giver.",
)


@strawberry.type(
    name="UserError",
    description="A refusal the caller can act on. Unexpected failures are GraphQL errors with extensions.code instead.",
)
class UserErrorType:
    code: ErrorCode = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="For people: what is wrong and what to do.")
    field: list[str] | None = strawberry.field(
        description='The path to blame, `input` first, such as ["input", "proposalId"]; null when no field is to blame.'
    )
    retryable: bool = strawberry.field(description="The same request may succeed later.")

    @classmethod
    def of(cls, code: str, message: str, *, retryable: bool, field: Sequence[str] = ()) -> "UserErrorType":
        return cls(code=ErrorCode(code), message=message, field=list(field) or None, retryable=retryable)
