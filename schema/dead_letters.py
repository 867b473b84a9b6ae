"""Dead letters, for ADMIN."""

from datetime import datetime
from typing import cast

import strawberry
from strawberry.scalars import JSON

from domain.dead_letters import DeadLetter
from schema.commands import CommandInput, Payload
from schema.errors import ErrorCode
from schema.ids import global_id
from schema.nodes import Node
from schema.pages import Connection


@strawberry.type(name="DeadLetter", description="Work that was given up, until an ADMIN drives it again.")
class DeadLetterType(Node):
    task: str = strawberry.field(description="The job or the event, such as `ingest`.")
    code: ErrorCode = strawberry.field(description="Of the last failure.")
    message: str = strawberry.field(description="Of the last failure; for what nobody expected its type and place.")
    attempts: int = strawberry.field(description="Since it was enqueued or last driven.")
    first_failed_at: datetime = strawberry.field(description="When it failed first.")
    last_failed_at: datetime = strawberry.field(description="When it was given up.")
    transaction_id: strawberry.ID = strawberry.field(description="The transaction that wanted it, in every store.")
    payload: JSON = strawberry.field(description="What it was to work on: ids only.")

    @classmethod
    def from_domain(cls, letter: DeadLetter) -> "DeadLetterType":
        return cls(
            id=global_id("DeadLetter", letter.id),
            task=letter.task,
            code=ErrorCode(letter.code),
            message=letter.message,
            attempts=letter.attempts,
            first_failed_at=letter.first_failed_at,
            last_failed_at=letter.last_failed_at,
            transaction_id=strawberry.ID(letter.transaction_id),
            payload=cast("JSON", letter.payload),
        )


DeadLetterConnection = Connection[DeadLetterType]


@strawberry.input(description="A dead letter, and why it is driven again.")
class RedriveDeadLetterInput(CommandInput):
    id: strawberry.ID = strawberry.field(description="Of a DeadLetter; ADMIN only.")
    reason: str = strawberry.field(description="1 to 2,000 characters, for all to read.")


@strawberry.type(description="The letter, whose work is in line again, or why it is not.")
class RedriveDeadLetterPayload(Payload):
    dead_letter: DeadLetterType | None = strawberry.field(description="Null when it was refused.", default=None)
