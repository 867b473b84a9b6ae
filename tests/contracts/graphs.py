"""Facts for the contract tests of the graph."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

from domain.facts import Fact, GraphBatch, GraphEdge, GraphEntity

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
ANA = GraphEntity("member:1", "Ana", ("User",), {"handle": "ana"})
TWIN = GraphEntity("twin:1", "Ana's twin", ("DigitalTwin",))
PRINTER = GraphEntity("proposal:7", "Buy a resin printer", ("Proposal",), {"status": "VOTING"})
VOTE = GraphEntity("vote:3", "Ana's vote", ("Vote",), {"open": True})
DAY = timedelta(days=1)


def fact(group: str, text: str, *, relation: str = "SAID", source: str = "", **changes: object) -> Fact:
    plain = Fact(
        id=str(uuid5(NAMESPACE_OID, text)),
        group=group,
        relation=relation,
        text=text,
        subject=ANA,
        object=PRINTER,
        valid_from=NOW - 10 * DAY,
        valid_to=None,
        created_at=NOW,
        transaction_id="tx-1",
        source=source,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # the tests name real fields


def voted(group: str) -> GraphBatch:
    edges = (
        GraphEdge("member:1", "twin:1", "HAS_TWIN"),
        GraphEdge("member:1", "vote:3", "VOTED", {"ts": "2025-05-30T10:00:00+00:00"}),
        GraphEdge("vote:3", "proposal:7", "ON"),
    )
    told = fact(group, "Ana voted for the resin printer.", relation="VOTED", source="vote:3")
    return GraphBatch(group, (ANA, TWIN, VOTE, PRINTER), edges, (told,))
