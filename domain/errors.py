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
    ├── IngestionFailed      INGESTION_ERROR
    │   └── Unreadable       what only parsing shows; never retried
    ├── RetrievalFailed      RETRIEVAL_ERROR: memories, facts or vectors
    ├── ModelFailed          LLM_ERROR
    │   └── ModelRefused     the model will not have this very request; never retried
    ├── VoteFailed           VOTE_ERROR: a ballot was not stored, or a vote not closed
    ├── SyncFailed           SYNC_ERROR: a store could not be written or reached
    │   └── StoreFailed      the database itself
    └── EntitiesFailed       NER_ERROR
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
    """`engine` names the guarded engine that failed, for health and metrics; empty when none is to blame."""

    retryable = True
    engine = ""


class IngestionFailed(Failure):
    code = "INGESTION_ERROR"


class Unreadable(IngestionFailed):
    retryable = False


class RetrievalFailed(Failure):
    code = "RETRIEVAL_ERROR"


class ModelFailed(Failure):
    code = "LLM_ERROR"


class ModelRefused(ModelFailed):
    retryable = False


class VoteFailed(Failure):
    code = "VOTE_ERROR"


class SyncFailed(Failure):
    code = "SYNC_ERROR"


class StoreFailed(SyncFailed):
    pass


class EntitiesFailed(Failure):
    code = "NER_ERROR"
