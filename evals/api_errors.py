"""docs/api/errors.md: every error code once, from the enum that clients see and the maps that answer with it."""

from graphql import GraphQLEnumType, GraphQLSchema

from app.http.errors import STATUS
from domain.errors import DomainError, Refused, Unauthenticated
from schema.errors import ErrorCode

REMEDIES = {
    ErrorCode.BAD_USER_INPUT: "Mend what the message names; it says the bounds.",
    ErrorCode.UNAUTHENTICATED: "`frontier token HANDLE`, or log in again.",
    ErrorCode.FORBIDDEN: "Ask somebody who may; `viewerCan` says beforehand what you may.",
    ErrorCode.NOT_FOUND: "Look the id up again.",
    ErrorCode.CONFLICT: "Read the state again; use a new idempotency key for another input.",
    ErrorCode.RATE_LIMITED: "Wait as long as `extensions.retryAfter` or `Retry-After` says, in seconds.",
    ErrorCode.QUERY_TOO_COMPLEX: "Ask for smaller pages, fewer nested lists or fewer fields.",
    ErrorCode.TIMEOUT: "Ask for less at once, or try again later.",
    ErrorCode.INTERNAL: "Tell us the answer's `X-Request-Id`: the log has the fault under it.",
    ErrorCode.INGESTION_ERROR: "The document's `error` says what is wrong; a full disk is told at once, retryable.",
    ErrorCode.RETRIEVAL_ERROR: "Try again; a reply goes on `degraded`.",
    ErrorCode.LLM_ERROR: "Send the message again.",
    ErrorCode.VOTE_ERROR: "Cast the ballot again; what was acknowledged is kept, and `resolveStalled` closes by hand.",
    ErrorCode.SYNC_ERROR: "Try again; what was acknowledged is kept.",
    ErrorCode.NER_ERROR: "Read the document again: `retryDocument`.",
    ErrorCode.NO_VOTING_POWER: "Take part in the next vote: the electorate of this one was fixed when it started.",
    ErrorCode.VOTING_CLOSED: "Look at the proposal's `status`, `votingStartsAt` and `votingEndsAt`.",
    ErrorCode.ALREADY_RESOLVED: "Read the proposal's `resolution`.",
    ErrorCode.FILE_TOO_LARGE: "Split the file: 20 MiB are allowed, 24 MiB for a body with files, 1 MiB for any other.",
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: "Save it as PDF, Markdown or UTF-8 text.",
    ErrorCode.DELEGATION_CYCLE: "Name another delegate, or ask that member to vote itself.",
}
SOCKET_CODES = {
    ErrorCode.UNAUTHENTICATED: "4403: a bad token in connection_init, or it has expired since; "
    "4401: subscribed before connection_ack",
    ErrorCode.BAD_USER_INPUT: "4400: a message that is none of the protocol's",
    ErrorCode.CONFLICT: "4409: an id that is in use; 4429: a second connection_init",
    ErrorCode.RATE_LIMITED: "1013: too many sockets or too many connections in a minute",
    ErrorCode.SYNC_ERROR: "1013: the issuer of tokens does not answer",
    ErrorCode.TIMEOUT: "4408: no connection_init in time",
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: "4406: another subprotocol",
}
"""With which a socket is closed; nearest to each code."""
HEAD = """# Errors
What its caller can act on is told in a mutation's `userErrors { code message field retryable }`: `field` is the path
to blame, `input` first. All else is a GraphQL error with `extensions { code retryable }`: what goes wrong in queries
and subscriptions, and what is not the caller's doing. REST answers the status below with
`{"code", "message", "field", "retryable"}`.

GraphQL over HTTP answers 200 whatever is in `errors`, or 400 as `application/graphql-response+json` for an operation
that never began; 401 for a bad token; 503 while its member cannot be looked up; 400, 405, 406, 413 and 415 for what is
no operation. The last column holds the codes of graphql-transport-ws with which a socket is closed; a refused operation
ends alone, the socket lives on.

| code | what it means | what to do | told in | REST | WebSocket |
| --- | --- | --- | --- | --- | --- |
"""


def errors_page(schema: GraphQLSchema) -> str:
    """Raises KeyError for a code without a remedy."""
    served = schema.type_map["ErrorCode"]
    if not isinstance(served, GraphQLEnumType):
        raise TypeError("ErrorCode is no enum.")
    return HEAD + "".join(f"{row(ErrorCode(code), value.description)}\n" for code, value in served.values.items())


def row(code: ErrorCode, meaning: str | None) -> str:
    cells = (
        f"`{code.value}`",
        meaning or "",
        REMEDIES[code],
        place(code),
        str(STATUS.get(code.value, 422)),
        SOCKET_CODES.get(code, ""),
    )
    return "| " + " | ".join(cells) + " |"


def place(code: ErrorCode) -> str:
    """Where a client meets it: refusals of mutations in userErrors, everything else in extensions."""
    refusals = {error.code for error in family(Refused) if error is not Unauthenticated}
    return "userErrors, extensions.code" if code.value in refusals else "extensions.code"


def family(error: type[DomainError]) -> list[type[DomainError]]:
    return [error, *(each for child in error.__subclasses__() for each in family(child))]
