"""What every mutation's input and payload share."""

from typing import Annotated, TypeVar

import strawberry

from schema.errors import UserErrorType

T = TypeVar("T", bound="CommandInput")
Given = Annotated[T, strawberry.argument(description="What to do, and to what.")]
"""A mutation's one argument. An old-style alias: the framework does not look into `type` ones."""


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
