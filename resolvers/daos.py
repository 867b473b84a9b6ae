"""Verbs of the DAO and its audit log."""

from collections.abc import AsyncGenerator

import strawberry

from resolvers.fields import query, subscription
from resolvers.streams import states
from schema.audits import AuditEntryConnection, AuditEntryType
from schema.context import Info
from schema.daos import DaoType
from schema.pages import After, Before, First, Last, connection, wanted


@strawberry.type
class DaoQueries:
    @query("The DAO at a glance.")
    async def dao(self, info: Info) -> DaoType:
        return DaoType.from_domain(await info.context.services.daos.glance())

    @query("Every act of an ADMIN, the operator and the system, newest first.")
    async def audit_log(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> AuditEntryConnection:
        page = await info.context.reads.audits.page(wanted("audits", first, after, last, before))
        return connection("audits", page, AuditEntryType.from_domain)


@strawberry.type
class DaoSubscriptions:
    @subscription("The DAO as it is, then newer states, at most one a second.")
    async def dao_changed(self, info: Info) -> AsyncGenerator[DaoType]:
        return states(info.context, info.context.services.daos.watch(), DaoType.from_domain, field="dao")
