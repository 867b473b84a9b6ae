"""Whose ballot stands for whom: the reference that everything faster is held against.

A member's weight walks from delegate to delegate until a ballot stops it. Two walks are told apart: one that may still
follow a twin's ballot, because every edge so far accepts twins, and one that may not. On the way
- a member's own ballot stops both;
- a twin's ballot stops the first at a GLOBAL edge or where no edge leads on; at a SCOPE edge it is what the walk falls
  back on when nothing above stops it, and the last such twin on the way counts;
- a walk that comes back to a member that it has met ends there, so a cycle with no voter carries nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.delegations import Edge, Level
from domain.tally import CastBy


@dataclass(frozen=True, slots=True)
class Standing:
    """The ballot that stands for a member: `voter`'s, by its own hand (MEMBER) or its twin's (TWIN)."""

    voter: int
    by: CastBy


def twin_first(edge: Edge | None) -> bool:
    """Whether the own twin's ballot comes before the delegate's: at a GLOBAL edge, or with nobody to wait for."""
    return edge is None or edge.target is None or edge.level is Level.GLOBAL


def path(edges: Mapping[int, Edge], member: int) -> list[int]:
    """Everyone whom `member`'s weight can reach, its delegate first; ends before a member would come again."""
    found: dict[int, None] = {member: None}
    edge = edges.get(member)
    while edge is not None and edge.target is not None and edge.target not in found:
        found[edge.target] = None
        edge = edges.get(edge.target)
    return list(found)[1:]


def via(edges: Mapping[int, Edge], member: int, standing: Standing) -> tuple[int, ...]:
    """From `member`'s delegate to the voter; empty when its own or its twin's ballot stands."""
    way = path(edges, member)
    return tuple(way[: way.index(standing.voter) + 1]) if standing.voter != member else ()


def chain_of(
    edges: Mapping[int, Edge], member: int, *, members: Collection[int], twins: Collection[int]
) -> Standing | None:
    """The ballot that stands for one member, by one walk along its chain; None while nobody voted for it."""
    fallback: Standing | None = None
    trusting = True
    for at in (member, *path(edges, member)):
        edge = edges.get(at)
        if at in members:
            return Standing(at, CastBy.MEMBER)
        if trusting and at in twins:
            fallback = Standing(at, CastBy.TWIN)
            if twin_first(edge):
                return fallback
        trusting = trusting and edge is not None and edge.accepts_twin
    return fallback


def standing(edges: Mapping[int, Edge], *, members: Collection[int], twins: Collection[int]) -> dict[int, Standing]:
    """The ballot that stands for each member for whom one does, in linear time.

    `members` have cast a ballot of their own, for `twins` their twin has: sets, for speed.
    """
    count = _Count(edges, members, twins)
    given = {giver: edge.target for giver, edge in edges.items() if edge.target is not None}
    upward, cycles = upwards(given, (*edges, *members, *twins))
    for cycle in cycles:
        count.settle_cycle(cycle)
    for member in reversed(upward):
        count.settle(member)
    return {member: stands for member, stands in count.trusting.items() if stands is not None}


@dataclass(slots=True)
class _Count:
    """What stands for each member: for walks that may follow twins (`trusting`), and for those that may not."""

    edges: Mapping[int, Edge]
    members: Collection[int]
    twins: Collection[int]
    trusting: dict[int, Standing | None] = field(default_factory=dict)
    strict: dict[int, Standing | None] = field(default_factory=dict)

    def settle(self, member: int) -> None:
        """Once its delegate is settled; an unsettled one (over the cut of a cycle) has nothing to say."""
        if member in self.members:
            self.trusting[member] = self.strict[member] = Standing(member, CastBy.MEMBER)
            return
        edge = self.edges.get(member)
        twin = Standing(member, CastBy.TWIN) if member in self.twins else None
        if edge is None or edge.target is None:
            self.trusting[member], self.strict[member] = twin, None
            return
        self.strict[member] = self.strict.get(edge.target)
        above = (self.trusting if edge.accepts_twin else self.strict).get(edge.target)
        self.trusting[member] = (twin or above) if twin_first(edge) else (above or twin)

    def settle_cycle(self, cycle: Sequence[int]) -> None:
        line = cut(cycle, self.members.__contains__) or cut(cycle, self._stops_twins)
        if line is None:
            self._settle_fallbacks(cycle)
            return
        for member in reversed(line):
            self.settle(member)

    def _stops_twins(self, member: int) -> bool:
        edge = self.edges[member]
        return not edge.accepts_twin or (member in self.twins and twin_first(edge))

    def _settle_fallbacks(self, cycle: Sequence[int]) -> None:
        """Nothing stops a walk here: it ends one lap on, with the last twin that it met."""
        last: Standing | None = None
        for member in (*cycle, *cycle):
            self.trusting[member], self.strict[member] = last, None
            if member in self.twins:
                last = Standing(member, CastBy.TWIN)


def cut[T](cycle: Sequence[T], stops: Callable[[T], bool]) -> list[T] | None:
    """The cycle as a line that ends in the first member that `stops`; None when nobody does."""
    for position, member in enumerate(cycle, start=1):
        if stops(member):
            return [*cycle[position:], *cycle[:position]]
    return None


def upwards(given: Mapping[int, int], members: Iterable[int]) -> tuple[list[int], list[list[int]]]:
    """Members with every giver before its delegate, and apart from them the cycles, each in the order of its walk.

    A cycle starts with its smallest member, whatever the order of the input.
    """
    waiting = dict.fromkeys((*members, *given, *given.values()), 0)
    for target in given.values():
        waiting[target] += 1
    order = [member for member, givers in waiting.items() if not givers]
    for member in order:  # grows while it is read
        if member in given:
            target = given[member]
            waiting[target] -= 1
            if not waiting[target]:
                order.append(target)
    return order, _cycles(given, sorted(member for member, givers in waiting.items() if givers))


def _cycles(given: Mapping[int, int], members: Iterable[int]) -> list[list[int]]:
    cycles: list[list[int]] = []
    seen: set[int] = set()
    for first in members:
        cycle: list[int] = []
        member = first
        while member not in seen:
            seen.add(member)
            cycle.append(member)
            member = given[member]
        if cycle:
            cycles.append(cycle)
    return cycles
