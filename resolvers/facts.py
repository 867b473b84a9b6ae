"""Verbs of facts."""

import strawberry

from resolvers.fields import query
from schema.context import Info
from schema.facts import FactType
from schema.searches import DEFAULT_DAYS, DEFAULT_LIMIT, Days, Limit, Query


@strawberry.type
class FactQueries:
    @query(
        "Facts of the viewer's and the DAO's graph, nearest first. Closed facts are found too, ranked "
        "after those in force."
    )
    async def search_facts(
        self, info: Info, query: Query, limit: Limit = DEFAULT_LIMIT, days: Days = DEFAULT_DAYS
    ) -> list[FactType]:
        count = DEFAULT_LIMIT if limit is None else limit
        found = await info.context.services.facts.search(info.context.viewer, query, limit=count, days=days)
        return [FactType.from_domain(fact) for fact in found]
