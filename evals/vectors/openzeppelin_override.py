"""OpenZeppelin's GovernorCountingOverridable: a delegate votes with what was given to it, a holder takes its own back.

An account is two members there: the delegate, who has no weight of its own and hands nothing on, and the holder, who
has the balance and gives it to a delegate, perhaps its own account's. `vote` is the delegate's ballot, `override` the
holder's, and both are final.
"""

from collections.abc import Iterator
from typing import Any

from domain.casting import Moved, cast, recount
from domain.chains import path
from domain.delegations import Edge
from domain.errors import BadInput, Conflict
from domain.flow import Node, unvoted
from domain.tally import CastBy
from evals.vectors.outcomes import Outcome, compared

FORMAT = "OpenZeppelin overridable counting"
SUPPORTS = ("against", "for", "abstain")
"""In the order of its tally."""
TWICE = {"vote": "GovernorAlreadyCastVote", "override": "GovernorAlreadyOverriddenVote"}
INVALID = "GovernorInvalidVoteType"


def recognises(data: dict[str, Any]) -> bool:
    return "balances" in data and "delegates" in data


def run(data: dict[str, Any]) -> Iterator[Outcome]:
    for case in data["cases"]:
        proposal = _Proposal({**data, **case})
        found, expected = [], []
        for step in case["steps"]:
            wanted = step.get("expect", {})
            result = proposal.step(step["op"], step["who"], step["support"])
            found.append({field: result.get(field) for field in wanted})
            expected.append(wanted)
        receipts = {field: proposal.receipts(field) for field in ("hasVoted", "hasOverridden") if field in case}
        yield compared(
            case["name"],
            (found, receipts),
            (expected, {field: sorted(case[field]) for field in receipts}),
        )


class _Proposal:
    """Account n is the delegate 2n and the holder 2n + 1."""

    def __init__(self, data: dict[str, Any]) -> None:
        balances, delegates = data["balances"], data["delegates"]
        voters = {step["who"] for step in data["steps"]}
        self.accounts = sorted({*balances, *delegates, *filter(None, delegates.values()), *voters})
        holds = {self._holder(who): balances.get(who, 0) for who in self.accounts}
        weights = {**{self._delegate(who): 0 for who in self.accounts}, **holds}
        self.edges = {
            self._holder(who): Edge(self._delegate(to), None, accepts_twin=False, delegation_id=number, carried=True)
            for number, (who, to) in enumerate(delegates.items())
            if to
        }
        nodes, self.count = recount(unvoted(self.edges, weights, slots=len(SUPPORTS)))
        self.rows: dict[int, Node] = {node.member_id: node for node in nodes}

    def _delegate(self, who: str) -> int:
        return 2 * self.accounts.index(who)

    def _holder(self, who: str) -> int:
        return self._delegate(who) + 1

    def step(self, op: str, who: str, support: str | int) -> dict[str, Any]:
        """The events and the tally, or the error."""
        member = self._delegate(who) if op == "vote" else self._holder(who)
        chain = [self.rows[each] for each in (member, *path(self.edges, member))]
        try:
            moved = cast(chain, _slot(support), by=CastBy.MEMBER, final=True)
        except BadInput:
            return {"error": INVALID}
        except Conflict:
            return {"error": TWICE[op]}
        reduced = self._reduced(chain, moved)
        self.count = self.count.plus(moved.change)
        self.rows.update((node.member_id, node) for node in moved.nodes)
        return {"weight": self.rows[member].power, "tally": list(self.count.weights), "reduced": reduced}

    def _reduced(self, chain: list[Node], moved: Moved) -> dict[str, Any] | None:
        """What the ballot took from a delegate that had voted."""
        for before, after in zip(chain[1:], moved.nodes[1:], strict=False):
            if before.own is not None and before.power is not None and after.power is not None:
                delegate = self.accounts[before.member_id // 2]
                return {"delegate": delegate, "support": SUPPORTS[before.own], "weight": before.power - after.power}
        return None

    def receipts(self, field: str) -> list[str]:
        member = self._delegate if field == "hasVoted" else self._holder
        return [who for who in self.accounts if self.rows[member(who)].own is not None]


def _slot(support: str | int) -> int:
    """Its number, also one that does not exist: the count refuses it."""
    if isinstance(support, int):
        return support
    return SUPPORTS.index(support) if support in SUPPORTS else len(SUPPORTS)
