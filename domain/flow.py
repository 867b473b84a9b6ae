"""The rows of the live tally: who sends how much weight on to whom, and what it falls back on.

Each member's row (`Node`) holds the weight that its givers send it now. Weight is a vector
    (bare, own, slot 0, slot 1, …)
because a twin's ballot under a SCOPE delegation only stands until someone above votes: `bare` falls back on nothing,
each slot is the weight that falls back on a ballot for that choice, and `own` says how much of the slots falls back on
its own member's twin. Two vectors arrive: `trusting` came over edges that all accept twins, `strict` did not. A member
lets them pass, stops them (they land in the tally) or gives them another fallback (chains.py has the rule); all of it
is addition, so a change is what a row sends after, less what it sent before, handed on to the next row.

Slots are the caller's: FOR, AGAINST, ABSTAIN; one slot where only taking part counts; or six, to tell a twin's ballot
that is still young from one that counts for an early close (that it matured is then a change of mind).

The members of a cycle without an own ballot are `closed`: each holds what arrives from outside the cycle only, and the
cycle is counted as a whole. Its first own ballot opens it for good.
"""

from collections.abc import Mapping, Sequence
from operator import add, sub
from typing import NamedTuple

from domain.chains import cut, twin_first, upwards
from domain.delegations import Edge

type Vector = tuple[int, ...]


def plus(one: Vector, other: Vector) -> Vector:
    return tuple(map(add, one, other))


def minus(one: Vector, other: Vector) -> Vector:
    return tuple(map(sub, one, other))


def total(vector: Vector) -> int:
    return sum(vector) - vector[1]


def all_in(slot: int, weight: int, *, own: int, like: Vector) -> Vector:
    """`weight` in one slot, `own` of it cast by its member's own twin."""
    return (0, own, *(weight if at == slot else 0 for at in range(len(like) - 2)))


class Flow(NamedTuple):
    """A tuple, as are rows: a proposal has one for every member."""

    trusting: Vector
    strict: Vector

    @classmethod
    def nothing(cls, slots: int) -> "Flow":
        return cls((0,) * (slots + 2), (0,) * (slots + 2))

    def plus(self, other: "Flow") -> "Flow":
        return Flow(plus(self.trusting, other.trusting), plus(self.strict, other.strict))

    def minus(self, other: "Flow") -> "Flow":
        return Flow(minus(self.trusting, other.trusting), minus(self.strict, other.strict))

    @property
    def none(self) -> "Flow":
        """No weight, in as many slots."""
        return Flow.nothing(len(self.strict) - 2)

    @property
    def landed(self) -> Vector:
        """What becomes of it when nothing stops it any more."""
        return plus(self.trusting, self.strict)

    @property
    def empty(self) -> bool:
        return not any(self.trusting) and not any(self.strict)


class Node(NamedTuple):
    """A member on one proposal: frozen weight and edge, what was cast there (a slot each), and what arrives now."""

    member_id: int
    weight: int
    to: int | None
    twin_first: bool
    accepts_twin: bool
    arriving: Flow
    own: int | None = None
    twin: int | None = None
    closed: bool = False

    @property
    def passing(self) -> int:
        """Weight that reaches this member now, its own included; in a closed cycle, without what comes round."""
        return self.weight + total(self.arriving.landed)

    @property
    def power(self) -> int | None:
        """Weight that now follows this member's ballot, its own included; 0 with no ballot.

        None where its row cannot know: a twin's ballot that is a fallback (SCOPE), or in a closed cycle. Then count
        with chains.standing.
        """
        if self.own is not None:
            return self.passing
        if self.twin is None:
            return 0
        return self.weight + total(self.arriving.trusting) if self.twin_first and not self.closed else None

    @property
    def stops_twins(self) -> bool:
        """Whether no walk goes on from here that may still follow a twin."""
        return not self.accepts_twin or (self.twin is not None and self.twin_first)

    @property
    def started(self) -> Vector:
        """What may follow twins from here: what arrives so, and its own weight."""
        bare, *rest = self.arriving.trusting
        return (bare + self.weight, *rest)

    def receiving(self, more: Flow) -> "Node":
        return self._replace(arriving=self.arriving.plus(more))

    def sent(self) -> tuple[Vector, Flow]:
        """What lands here, and what goes on."""
        trusting, strict, none = self.started, self.arriving.strict, self.arriving.none
        if self.own is not None:
            everything = total(trusting) + total(strict)
            return all_in(self.own, everything, own=0, like=strict), none
        if self.twin is not None:
            trusting = all_in(self.twin, total(trusting), own=self.weight, like=strict)
        if self.to is None:
            return plus(trusting, strict), none
        if self.twin is not None and self.twin_first:
            return trusting, Flow(none.trusting, strict)
        onward = Flow(trusting, strict) if self.accepts_twin else Flow(none.trusting, plus(trusting, strict))
        return none.trusting, onward


def unvoted(edges: Mapping[int, Edge], weights: Mapping[int, int], *, slots: int = 3) -> list[Node]:
    """The rows of a proposal when voting starts: nobody voted, and each power arrives where it goes."""
    found = {node.member_id: node for node in reached(edges, weights, slots=slots)}
    nothing = Flow.nothing(slots)
    return [
        found.get(member) or _start(edges.get(member), member, weight, nothing) for member, weight in weights.items()
    ]


def reached(edges: Mapping[int, Edge], weights: Mapping[int, int], *, slots: int = 3) -> list[Node]:
    """Those of `unvoted` to whom weight comes or who stand in a cycle: the others' rows are their edge and weight."""
    given = {giver: target for giver, edge in edges.items() if (target := edge.target) is not None}
    upward, cycles = upwards(given, ())
    trusting, strict = dict.fromkeys(given.values(), 0), dict.fromkeys(given.values(), 0)
    for member in upward:
        if member in given:
            to, may, may_not = given[member], trusting.get(member, 0) + weights[member], strict.get(member, 0)
            if edges[member].accepts_twin:
                trusting[to] += may
                strict[to] += may_not
            else:
                strict[to] += may + may_not
    closed, rest = {member for cycle in cycles for member in cycle}, (0,) * (slots + 1)
    return [
        _start(edges.get(member), member, weights[member], Flow((may, *rest), (strict[member], *rest)))._replace(
            closed=member in closed
        )
        for member, may in trusting.items()
    ]


def _start(edge: Edge | None, member: int, weight: int, arriving: Flow) -> Node:
    to, accepts = (edge.target, edge.accepts_twin) if edge is not None else (None, False)
    return Node(member, weight, to, twin_first(edge), accepts, arriving)


def run(line: Sequence[Node]) -> tuple[list[Node], Vector, Flow]:
    """Send from each to the next: the rows, what lands on the way, and what the last sends on."""
    nodes: list[Node] = []
    onward = line[0].arriving.none
    landed = onward.strict
    for node in line:
        nodes.append(node.receiving(onward))
        here, onward = nodes[-1].sent()
        landed = plus(landed, here)
    return nodes, landed, onward


def lap(cycle: Sequence[Node]) -> Vector:
    """What lands of a closed cycle, where no own ballot stops a walk before it has gone round once.

    After a member that stops twins no walk finds anything more. Without one, each ends with the last twin before it.
    Raises ValueError when the cycle is not complete.
    """
    if cycle[-1].to != cycle[0].member_id:
        raise ValueError(f"The chain does not go all around the cycle of member {cycle[0].member_id}.")
    line = cut(cycle, lambda node: node.stops_twins)
    if line is not None:
        _, landed, rest = run(line)
        return plus(landed, rest.landed)
    last = next((node for node in reversed(cycle) if node.twin is not None), None)
    landed = cycle[0].arriving.none.strict
    for node in cycle:
        landed = plus(landed, plus(_fallen(node, last), node.arriving.strict))
        last = node if node.twin is not None else last
    return landed


def _fallen(node: Node, last: Node | None) -> Vector:
    """What starts its lap at `node` and may follow twins, once it has met `last`."""
    if last is None or last.twin is None:
        return node.started
    return all_in(last.twin, total(node.started), own=node.weight if last is node else 0, like=node.started)
