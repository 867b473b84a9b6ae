"""Refusals and failures, mapped to answers in three places: resolvers/errors.py, app/http/errors.py, jobs/policy.py.

DomainError
├── Refused                  the caller can act on it: a userError
│   ├── BadInput
│   ├── Unauthenticated
│   ├── Forbidden
│   ├── NotFound
│   ├── Conflict
│   ├── NoVotingPower
│   ├── VotingClosed
│   ├── AlreadyResolved
│   ├── DelegationCycle
│   ├── FileTooLarge
│   └── UnsupportedMediaType
├── RateLimited              before anything is tried
└── Failure                  not the caller's doing: a GraphQL error, a retried job or a failed document
    ├── Unreadable           what only parsing shows; never retried
    ├── IngestionFailed
    ├── RetrievalFailed
    ├── ModelFailed
    └── SyncFailed
"""


class DomainError(Exception):
    """`code` is the contract's ErrorCode; `field` the input's path below `input`, empty when no field is to blame."""

    code = "INTERNAL"
    retryable = False

    def __init__(self, message: str, *, field: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Refused(DomainError):
    code = "BAD_USER_INPUT"


class BadInput(Refused):
    pass


class Unauthenticated(Refused):
    code = "UNAUTHENTICATED"


class Forbidden(Refused):
    code = "FORBIDDEN"


class NotFound(Refused):
    code = "NOT_FOUND"


class Conflict(Refused):
    code = "CONFLICT"


class NoVotingPower(Refused):
    code = "NO_VOTING_POWER"


class VotingClosed(Refused):
    code = "VOTING_CLOSED"


class AlreadyResolved(Refused):
    code = "ALREADY_RESOLVED"


class DelegationCycle(Refused):
    code = "DELEGATION_CYCLE"


class RateLimited(DomainError):
    """`retry_after` is in whole seconds."""

    code = "RATE_LIMITED"
    retryable = True

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class FileTooLarge(Refused):
    code = "FILE_TOO_LARGE"


class UnsupportedMediaType(Refused):
    code = "UNSUPPORTED_MEDIA_TYPE"


class Failure(DomainError):
    retryable = True


class Unreadable(Failure):
    code = "INGESTION_ERROR"
    retryable = False


class IngestionFailed(Failure):
    code = "INGESTION_ERROR"


class RetrievalFailed(Failure):
    code = "RETRIEVAL_ERROR"


class ModelFailed(Failure):
    code = "LLM_ERROR"


class SyncFailed(Failure):
    code = "SYNC_ERROR"
