"""LiquidFeedback: who votes for whom on an issue, over three levels of scope, and the weight that each voter carries.

Only active members take part there, as voters, trusters and trustees: they are the electorate. Each case is counted
twice: from the reference at the close, and live, ballot by ballot.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from domain.caps import frozen_graph
from domain.casting import Count, cast, recount
from domain.chains import Standing, path, standing, via
from domain.delegations import Delegation, Edge, Electorate
from domain.flow import Node, unvoted
from domain.tally import CastBy
from evals.vectors.outcomes import Outcome, compared

FORMAT = "LiquidFeedback delegation"
LEVELS = {"issue": 2, "area": 1, "unit": None}
"""The most specific first; a delegation for the whole unit is our global one."""
NAMES = {scope: name for name, scope in LEVELS.items()}
SLOTS = {1: 0, -1: 1, 0: 2}
"""Yes, no, and who came to vote but abstained."""
AT = datetime(2026, 1, 1, tzinfo=UTC)


def recognises(data: dict[str, Any]) -> bool:
    """Cases with delegations from truster to trustee."""
    return any("trustee" in row for case in data.get("cases", ()) for row in case.get("delegations", ()))


def run(data: dict[str, Any]) -> Iterator[Outcome]:
    for case in data["cases"]:
        yield compared(case["name"], _Issue(case).result(), case["expected"])


class _Issue:
    def __init__(self, case: dict[str, Any]) -> None:
        inactive = {int(member) for member in case.get("inactive", ())}
        members = [member for member in range(1, case["members"] + 1) if member not in inactive]
        votes = {int(member): SLOTS[vote] for member, vote in case["votes"].items()}
        self.weights = dict.fromkeys(members, 1)
        self.votes = {member: slot for member, slot in votes.items() if member in self.weights}
        rows = [_given(number, row) for number, row in enumerate(case.get("delegations", ()))]
        graph = frozen_graph(rows, Electorate(self.weights), at=AT, levels=tuple(LEVELS.values()))
        self.edges: Mapping[int, Edge] = graph.edges

    def result(self) -> dict[str, Any]:
        rows, count = self._live()
        found = standing(self.edges, members=self.votes.keys(), twins=())
        carried = {member: len([one for one in found.values() if one.voter == member]) for member in self.votes}
        yes, no, abstain = count.weights
        return {
            "direct_weights": {str(member): self._agreed(rows[member], carried[member]) for member in self.votes},
            "delegating": {
                str(member): self._delegating(rows[member], stands)
                for member, stands in found.items()
                if stands.voter != member
            },
            "turnout": count.participating,
            "yes": yes,
            "no": no,
            "abstain": abstain,
        }

    def _live(self) -> tuple[dict[int, Node], Count]:
        """Every row after the last ballot, and the tally: each ballot is counted from its own chain."""
        nodes, count = recount(unvoted(self.edges, self.weights))
        rows = {node.member_id: node for node in nodes}
        for member, slot in self.votes.items():
            chain = [rows[each] for each in (member, *path(self.edges, member))]
            moved = cast(chain, slot, by=CastBy.MEMBER)
            rows.update((node.member_id, node) for node in moved.nodes)
            count = count.plus(moved.change)
        return rows, count

    @staticmethod
    def _agreed(row: Node, carried: int) -> int | None:
        """A voter's weight where the live row and the reference say the same."""
        return carried if row.power == carried else None

    def _delegating(self, row: Node, stands: Standing) -> dict[str, Any]:
        edge = self.edges[row.member_id]
        chain = list(via(self.edges, row.member_id, stands))
        return {"weight": row.passing, "scope": NAMES[edge.scope_id], "chain": chain}


def _given(number: int, row: dict[str, Any]) -> Delegation:
    return Delegation(number, row["truster"], row["trustee"], LEVELS[row["scope"]], AT)
