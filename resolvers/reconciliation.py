"""Verbs of the reconciliation."""

from typing import Annotated

import strawberry

from domain.errors import Forbidden
from domain.members import Role
from resolvers.fields import query
from schema.context import Info
from schema.reconciliation import ReconciliationType
from services.memories import checked_limit


@strawberry.type
class ReconciliationQueries:
    @query("Comparisons of the stores with the database, newest first; ADMIN only.")
    async def reconciliations(
        self, info: Info, limit: Annotated[int | None, strawberry.argument(description="1 to 50.")] = 10
    ) -> list[ReconciliationType] | None:
        if info.context.viewer.role is not Role.ADMIN:
            raise Forbidden("Reconciliations are seen by ADMIN only.")
        runs = await info.context.services.reconciliation.latest(checked_limit(10 if limit is None else limit))
        return [ReconciliationType.from_domain(run) for run in runs]
