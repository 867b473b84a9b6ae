"""Verbs of dead letters."""

import strawberry

from domain.errors import Forbidden
from domain.members import Role
from resolvers.commands import once, row
from resolvers.errors import Refusals
from resolvers.fields import mutation, query
from schema.commands import Given
from schema.context import Info
from schema.dead_letters import DeadLetterConnection, DeadLetterType, RedriveDeadLetterInput, RedriveDeadLetterPayload
from schema.ids import row_id
from schema.pages import After, Before, First, Last, connection, wanted


@strawberry.type
class DeadLetterQueries:
    @query("Work that was given up and waits to be driven again, newest first; ADMIN only.")
    async def dead_letters(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> DeadLetterConnection | None:
        if info.context.viewer.role is not Role.ADMIN:
            raise Forbidden("Dead letters are seen by ADMIN only.")
        page = await info.context.reads.dead_letters.page(wanted("dead_letters", first, after, last, before))
        return connection("dead_letters", page, DeadLetterType.from_domain)


@strawberry.type
class DeadLetterMutations:
    @mutation("Put the work of a dead letter back in line, as if it had never been tried; ADMIN only.")
    async def redrive_dead_letter(self, info: Info, input: Given[RedriveDeadLetterInput]) -> RedriveDeadLetterPayload:
        context = info.context
        with Refusals(context, "input") as refused:
            letter_id = row_id("DeadLetter", input.id, "id")
            ids = await context.services.dead_letters.redrive(
                context.viewer, letter_id, input.reason, once=once(info, input)
            )
            return RedriveDeadLetterPayload(
                dead_letter=await context.loaders.dead_letters.load(row(ids, "dead_letter"))
            )
        return RedriveDeadLetterPayload(user_errors=refused)
