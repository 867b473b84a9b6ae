"""The live tally: a ballot moves weight along its own chain up to the first voter, and never asks its givers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.chains import cut, upwards
from domain.errors import BadInput, Conflict
from domain.flow import Flow, Node, Vector, lap, minus, plus, run
from domain.tally import CastBy


@dataclass(frozen=True, slots=True)
class Count:
    """A tally, or a change of one.

    `silent`: weight for which no ballot stands. `weights`: standing weight a slot. `members`: a slot each, the own
    weight of members whose own ballot stands. `twins`: the own weight of members whose own twin's ballot stands.
    `voters`: members that cast a ballot, by their own hand or their twin's.
    """

    silent: int
    weights: Vector
    members: Vector
    twins: int
    voters: int

    @property
    def participating(self) -> int:
        return sum(self.weights)

    @property
    def delegates(self) -> int:
        """Weight for which somebody else's ballot stands."""
        return self.participating - sum(self.members) - self.twins

    def plus(self, other: "Count") -> "Count":
        return Count(
            self.silent + other.silent,
            plus(self.weights, other.weights),
            plus(self.members, other.members),
            self.twins + other.twins,
            self.voters + other.voters,
        )

    def minus(self, other: "Count") -> "Count":
        return Count(
            self.silent - other.silent,
            minus(self.weights, other.weights),
            minus(self.members, other.members),
            self.twins - other.twins,
            self.voters - other.voters,
        )


@dataclass(frozen=True, slots=True)
class Moved:
    """What a ballot did: the rows to save, the caster's first, and the change of the tally."""

    nodes: tuple[Node, ...]
    change: Count


def cast(chain: Sequence[Node], slot: int, *, by: CastBy, final: bool = False) -> Moved:
    """Count a ballot of `chain[0]`, by its own hand (MEMBER) or its twin's (TWIN).

    `chain`: the caster, its delegate and so on, each member once, at least to the first own ballot above the caster,
    to the end, or all around a cycle. `final`: a second ballot by the same hand is refused (WHEN_DECIDED,
    OpenZeppelin). Raises BadInput for a slot that does not exist, Conflict.
    """
    caster = chain[0]
    if not 0 <= slot < len(caster.arriving.strict) - 2:
        raise BadInput("There is no such choice.", field=("choice",))
    if final and (caster.own if by is CastBy.MEMBER else caster.twin) is not None:
        raise Conflict("Your ballot on this proposal is final.")
    voted = caster._replace(own=slot) if by is CastBy.MEMBER else caster._replace(twin=slot)
    if not caster.closed:
        nodes, landed = _along(voted, chain)
    elif by is CastBy.TWIN:
        nodes, landed = [voted], minus(lap([voted, *chain[1:]]), lap(chain))
    else:  # the first own ballot of a cycle opens it: a line that ends in the caster
        nodes, landed, _ = run([node._replace(closed=False) for node in (*chain[1:], voted)])
        nodes, landed = [nodes[-1], *nodes[:-1]], minus(landed, lap(chain))
    return Moved(tuple(nodes), _counted(landed, [voted]).minus(_counted(caster.arriving.none.strict, [caster])))


def _along(voted: Node, chain: Sequence[Node]) -> tuple[list[Node], Vector]:
    """Hand the change on from row to row, until nothing of it is left."""
    nodes: list[Node] = []
    landed = voted.arriving.none.strict
    after = voted
    for position, before in enumerate(chain, start=1):
        nodes.append(after)
        if before.closed:
            cycle = chain[position:]
            return nodes, plus(landed, minus(lap([after, *cycle]), lap([before, *cycle])))
        (here, onward), (here_before, onward_before) = after.sent(), before.sent()
        landed = plus(landed, minus(here, here_before))
        change = onward.minus(onward_before)
        if change.empty:
            return nodes, landed
        if position < len(chain):
            after = chain[position].receiving(change)
    raise ValueError(f"The chain ends at member {chain[-1].member_id}, below the first voter above its caster.")


def _counted(landed: Vector, nodes: Iterable[Node]) -> Count:
    members, voters = [0] * (len(landed) - 2), 0
    for node in nodes:
        if node.own is not None:
            members[node.own] += node.weight
        voters += node.own is not None or node.twin is not None
    return Count(landed[0], landed[2:], tuple(members), landed[1], voters)


def recount(nodes: Iterable[Node]) -> tuple[list[Node], Count]:
    """All rows and the tally afresh from what was cast, in linear time: when voting starts, and to check."""
    rows = {node.member_id: node for node in nodes}
    if not rows:
        raise ValueError("Nobody is in this electorate.")
    given = {member: node.to for member, node in rows.items() if node.to is not None}
    fresh = _Recount(rows, next(iter(rows.values())).arriving.none)
    upward, cycles = upwards(given, rows)
    for member in upward:
        fresh.pass_on(member)
    for cycle in cycles:
        fresh.pass_round(cycle)
    return list(fresh.rows.values()), _counted(fresh.landed, rows.values())


class _Recount:
    def __init__(self, rows: Mapping[int, Node], none: Flow) -> None:
        self.rows = {member: node._replace(arriving=none, closed=False) for member, node in rows.items()}
        self.landed = none.strict

    def pass_on(self, member: int) -> None:
        """Send from a member outside the cycles, once all its givers have sent."""
        node = self.rows[member]
        here, onward = node.sent()
        self.landed = plus(self.landed, here)
        if node.to is not None:
            self.rows[node.to] = self.rows[node.to].receiving(onward)

    def pass_round(self, cycle: Sequence[int]) -> None:
        nodes = [self.rows[member] for member in cycle]
        line = cut(nodes, lambda node: node.own is not None)
        if line is not None:
            nodes, landed, _ = run(line)
        else:
            nodes, landed = [node._replace(closed=True) for node in nodes], lap(nodes)
        self.landed = plus(self.landed, landed)
        self.rows.update((node.member_id, node) for node in nodes)
