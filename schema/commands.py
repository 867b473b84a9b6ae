"""What every mutation's input and payload share."""

import strawberry

from schema.errors import UserErrorType


@strawberry.input(description="Input of a mutation.")
class CommandInput:
    idempotency_key: str | None = strawberry.field(
        description="At most 200 characters. The same key and input within 7 days give the same payload, done once.",
        default=None,
    )


@strawberry.type(description="What a mutation did.")
class Payload:
    user_errors: list[UserErrorType] = strawberry.field(
        description="Why it was refused; empty on success.", default_factory=list
    )
