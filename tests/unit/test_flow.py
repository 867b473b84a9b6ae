"""The live tally after every ballot, held against a recount and against the reference."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.caps import Graph, frozen_graph
from domain.casting import Count, Moved, cast, recount
from domain.chains import path, standing
from domain.delegations import Delegation, Edge, Electorate
from domain.errors import BadInput, Conflict
from domain.flow import Node, unvoted
from domain.tally import CastBy

T0 = datetime(2026, 3, 1, tzinfo=UTC)
SCOPE = 7
FOR, AGAINST, ABSTAIN = range(3)
SLOTS = 3
MEMBERS = range(1, 8)
type Cast = tuple[int, CastBy, int]


class Hall:
    """The rows and the tally of one proposal, kept as a database would: each ballot sees its chain only."""

    def __init__(self, edges: Mapping[int, Edge], weights: Mapping[int, int]) -> None:
        self.edges, self.weights = edges, weights
        self.nodes = {node.member_id: node for node in unvoted(edges, weights, slots=SLOTS)}
        self.count = recount(self.nodes.values())[1]

    def chain(self, member: int) -> list[Node]:
        """Up to the first own ballot above the caster."""
        chain = [self.nodes[member]]
        for above in path(self.edges, member):
            chain.append(self.nodes[above])
            if chain[-1].own is not None:
                break
        return chain

    def cast(self, member: int, by: CastBy, slot: int) -> Moved:
        moved = cast(self.chain(member), slot, by=by)
        self.nodes.update({node.member_id: node for node in moved.nodes})
        self.count = self.count.plus(moved.change)
        return moved

    def expected(self) -> tuple[Count, dict[tuple[int, CastBy], int]]:
        """From the reference: the tally, and the power of each ballot that stands for somebody."""
        own = {member: node.own for member, node in self.nodes.items() if node.own is not None}
        twins = {member: node.twin for member, node in self.nodes.items() if node.twin is not None}
        weights, members, by_twins = [0] * SLOTS, [0] * SLOTS, 0
        powers: dict[tuple[int, CastBy], int] = {}
        for member, stands in standing(self.edges, members=own.keys(), twins=twins.keys()).items():
            weight, mine = self.weights[member], stands.voter == member
            slot = (own if stands.by is CastBy.MEMBER else twins)[stands.voter]
            powers[stands.voter, stands.by] = powers.get((stands.voter, stands.by), 0) + weight
            weights[slot] += weight
            members[slot] += weight if mine and stands.by is CastBy.MEMBER else 0
            by_twins += weight if mine and stands.by is CastBy.TWIN else 0
        silent = sum(self.weights.values()) - sum(weights)
        return Count(silent, tuple(weights), tuple(members), by_twins, len(own | twins)), powers


def hall(*given: tuple[int, int], scope: int | None = None, accepts: bool = True, size: int = 4) -> Hall:
    """Member n weighs 10 ** (n - 1), so that every sum says who is in it."""
    edges = {giver: Edge(to, scope, accepts, giver, carried=True) for giver, to in given}
    return Hall(edges, {member: 10 ** (member - 1) for member in range(1, size + 1)})


def test_a_delegate_casts_the_weight_of_its_givers() -> None:
    room = hall((1, 2), (2, 3))
    moved = room.cast(3, CastBy.MEMBER, FOR)
    assert moved.change == Count(-111, (111, 0, 0), (100, 0, 0), 0, 1)
    assert moved.change.delegates == 11
    assert [node.member_id for node in moved.nodes] == [3]
    assert room.nodes[3].power == 111


def test_an_own_ballot_takes_its_weight_back_from_the_first_voter_above() -> None:
    room = hall((1, 2), (2, 3), (3, 4))
    room.cast(4, CastBy.MEMBER, FOR)
    room.cast(3, CastBy.MEMBER, FOR)
    moved = room.cast(1, CastBy.MEMBER, AGAINST)
    assert moved.change == Count(0, (-1, 1, 0), (0, 1, 0), 0, 1)
    assert [node.member_id for node in moved.nodes] == [1, 2, 3]
    assert room.count.weights == (1110, 1, 0)


def test_a_change_of_mind_moves_all_the_weight_and_no_other_row() -> None:
    room = hall((1, 2), (2, 3))
    room.cast(2, CastBy.MEMBER, FOR)
    moved = room.cast(2, CastBy.MEMBER, ABSTAIN)
    assert moved.change == Count(0, (-11, 0, 11), (-10, 0, 10), 0, 0)
    assert [node.member_id for node in moved.nodes] == [2]


def test_the_twin_under_a_scope_gives_way_when_the_delegate_votes() -> None:
    room = hall((1, 2), scope=SCOPE)
    room.cast(1, CastBy.TWIN, AGAINST)
    assert room.count == Count(1110, (0, 1, 0), (0, 0, 0), 1, 1)
    assert room.nodes[1].power is None
    room.cast(2, CastBy.MEMBER, FOR)
    assert room.count == Count(1100, (11, 0, 0), (10, 0, 0), 0, 2)


def test_the_twin_before_a_global_delegate_keeps_its_weight() -> None:
    room = hall((1, 2), (2, 3))
    room.cast(3, CastBy.MEMBER, FOR)
    room.cast(2, CastBy.TWIN, AGAINST)
    assert room.count == Count(1000, (100, 11, 0), (100, 0, 0), 10, 2)
    assert (room.nodes[2].power, room.nodes[3].power) == (11, 100)


def test_a_ballot_after_the_own_twins_replaces_it() -> None:
    room = hall((1, 2))
    room.cast(2, CastBy.TWIN, AGAINST)
    room.cast(2, CastBy.MEMBER, FOR)
    assert room.count == Count(1100, (11, 0, 0), (10, 0, 0), 0, 1)
    moved = room.cast(2, CastBy.TWIN, ABSTAIN)
    assert moved.change == Count(0, (0, 0, 0), (0, 0, 0), 0, 0)


def test_the_first_own_ballot_opens_a_cycle() -> None:
    room = hall((1, 2), (2, 3), (3, 1), (4, 1))
    assert all(room.nodes[member].closed for member in (1, 2, 3))
    moved = room.cast(2, CastBy.MEMBER, FOR)
    assert moved.change.weights == (1111, 0, 0)
    assert {node.member_id: node.closed for node in moved.nodes} == {1: False, 2: False, 3: False}
    room.cast(3, CastBy.MEMBER, AGAINST)
    assert room.count.weights == (1011, 100, 0)
    assert (room.nodes[2].power, room.nodes[3].power) == (1011, 100)


def test_in_a_cycle_of_twins_each_own_twin_comes_first_where_it_is_global() -> None:
    room = hall((1, 2), (2, 3), (3, 1), size=3)
    room.cast(2, CastBy.TWIN, FOR)
    room.cast(3, CastBy.TWIN, AGAINST)
    assert room.count == Count(0, (11, 100, 0), (0, 0, 0), 110, 2)


def test_in_a_cycle_of_twins_in_a_scope_each_follows_the_last_on_its_way() -> None:
    room = hall((1, 2), (2, 3), (3, 1), scope=SCOPE, size=3)
    room.cast(2, CastBy.TWIN, FOR)
    assert room.count == Count(0, (111, 0, 0), (0, 0, 0), 10, 1)
    room.cast(3, CastBy.TWIN, AGAINST)
    assert room.count == Count(0, (100, 11, 0), (0, 0, 0), 0, 2)


def test_one_slot_is_enough_where_only_taking_part_counts() -> None:
    nodes, _ = recount(unvoted({}, {1: 5, 2: 6}, slots=1))
    assert cast(nodes[:1], 0, by=CastBy.MEMBER).change == Count(-5, (5,), (5,), 0, 1)


def test_a_choice_that_does_not_exist_is_refused() -> None:
    with pytest.raises(BadInput, match="no such choice"):
        cast([hall().nodes[1]], SLOTS, by=CastBy.MEMBER)


def test_a_final_ballot_stays() -> None:
    room = hall()
    room.cast(1, CastBy.MEMBER, FOR)
    with pytest.raises(Conflict):
        cast(room.chain(1), AGAINST, by=CastBy.MEMBER, final=True)
    assert cast(room.chain(1), FOR, by=CastBy.TWIN, final=True).change.weights == (0, 0, 0)


def test_a_chain_that_misses_its_end_is_not_counted() -> None:
    room = hall((1, 2), (2, 3))
    with pytest.raises(ValueError, match="ends at member 2"):
        cast(room.chain(1)[:2], FOR, by=CastBy.MEMBER)


def test_a_cycle_that_misses_a_member_is_not_counted() -> None:
    room = hall((1, 2), (2, 3), (3, 1), (4, 1))
    for member in (1, 4):
        with pytest.raises(ValueError, match="all around"):
            cast(room.chain(member)[:-1], FOR, by=CastBy.MEMBER)


def test_an_empty_electorate_has_nothing_to_count() -> None:
    with pytest.raises(ValueError, match="Nobody"):
        recount([])


def test_a_delegate_of_thousands_touches_one_row() -> None:
    size = 5_000
    edges = {giver: Edge(0, None, accepts_twin=True, delegation_id=giver, carried=True) for giver in range(1, size)}
    room = Hall(edges, dict.fromkeys(range(size), 1))
    moved = room.cast(0, CastBy.MEMBER, FOR)
    assert moved.change.weights == (size, 0, 0)
    assert len(moved.nodes) == 1


def test_a_line_of_ten_thousand_is_counted() -> None:
    size = 10_000
    edges = {
        giver: Edge(giver + 1, None, accepts_twin=True, delegation_id=giver, carried=True) for giver in range(size - 1)
    }
    room = Hall(edges, dict.fromkeys(range(size), 1))
    room.cast(size - 1, CastBy.MEMBER, FOR)
    room.cast(0, CastBy.MEMBER, AGAINST)
    assert room.count.weights == (size - 1, 1, 0)


# Whole worlds.


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Graph, dict[int, int]]:
    """Small and tangled: most members delegate, often all around one ring, so that cycles are common."""
    weights = {member: draw(st.integers(1, 9)) for member in MEMBERS[: draw(st.integers(1, 7))]}
    ring, all_accept = draw(st.booleans()), draw(st.booleans())
    scopes = draw(st.sampled_from([(None,), (SCOPE,), (None, SCOPE)]))
    rows: list[Delegation] = []
    for member, scope in product(weights, scopes):
        if ring or draw(st.sampled_from([True, True, False])):
            receiver = member % len(weights) + 1 if ring else draw(st.sampled_from([*weights, None]))
            accepts = all_accept or draw(st.booleans())
            if scope is None or draw(st.booleans()):
                rows.append(Delegation(len(rows), member, receiver, scope, T0, accepts_twin=accepts))
    cap = draw(st.sampled_from([100, 100, 100, 60, 30]))
    at = T0 + timedelta(days=1)
    return frozen_graph(rows, Electorate(weights), at=at, levels=(SCOPE, None), cap_percent=cap), weights


CASTS = st.lists(
    st.tuples(st.sampled_from(MEMBERS), st.sampled_from([CastBy.MEMBER, CastBy.TWIN, CastBy.TWIN]), st.integers(0, 2)),
    max_size=14,
)


def check(room: Hall) -> None:
    expected, powers = room.expected()
    assert room.count == expected
    nodes, count = recount(room.nodes.values())
    assert count == expected
    assert {node.member_id: node for node in nodes} == room.nodes
    for node in nodes:
        by = CastBy.TWIN if node.own is None else CastBy.MEMBER
        if node.power is not None:
            assert node.power == powers.get((node.member_id, by), 0)
    assert sum(powers.values()) == expected.participating <= sum(room.weights.values())


@settings(max_examples=1000)
@given(graphs(), CASTS)
def test_after_every_ballot_the_live_tally_is_the_recount_is_the_reference(
    world: tuple[Graph, dict[int, int]], casts: list[Cast]
) -> None:
    graph, weights = world
    room = Hall(graph.edges, weights)
    check(room)
    for member, by, slot in casts:
        if member in weights:
            room.cast(member, by, slot)
            check(room)


@given(graphs(), st.lists(CASTS, max_size=1).map(lambda some: some[0] if some else []), st.randoms())
def test_the_order_of_ballots_changes_nothing(
    world: tuple[Graph, dict[int, int]], casts: list[Cast], random: Random
) -> None:
    graph, weights = world
    last = list({(member, by): (member, by, slot) for member, by, slot in casts if member in weights}.values())
    one, other = Hall(graph.edges, weights), Hall(graph.edges, weights)
    for ballot in last:
        one.cast(*ballot)
    for ballot in random.sample(last, len(last)):
        other.cast(*ballot)
    assert other.count == one.count
    assert other.nodes == one.nodes


@given(graphs(), CASTS, st.sampled_from(MEMBERS), st.sampled_from([CastBy.MEMBER, CastBy.TWIN]))
def test_turning_from_against_to_for_never_lowers_for(
    world: tuple[Graph, dict[int, int]], casts: list[Cast], member: int, by: CastBy
) -> None:
    graph, weights = world
    room = Hall(graph.edges, weights)
    member = min(member, len(weights))
    for ballot in [*casts, (member, by, AGAINST)]:
        if ballot[0] in weights:
            room.cast(*ballot)
    change = room.cast(member, by, FOR).change
    assert change.weights[FOR] >= 0
    assert change.weights == (change.weights[FOR], -change.weights[FOR], 0)


@given(graphs(), CASTS)
def test_no_ballot_carries_more_than_its_frozen_power(world: tuple[Graph, dict[int, int]], casts: list[Cast]) -> None:
    graph, weights = world
    room = Hall(graph.edges, weights)
    for ballot in casts:
        if ballot[0] in weights:
            room.cast(*ballot)
    _, powers = room.expected()
    for (member, _), power in powers.items():
        assert power <= graph.powers[member]


@given(graphs(), CASTS)
def test_an_own_ballot_beats_everything_before_and_after(
    world: tuple[Graph, dict[int, int]], casts: list[Cast]
) -> None:
    graph, weights = world
    room = Hall(graph.edges, weights)
    room.cast(1, CastBy.MEMBER, FOR)
    for member, by, slot in casts:
        if member in weights and (member, by) != (1, CastBy.MEMBER):
            room.cast(member, by, slot)
    assert (
        standing(
            graph.edges,
            members={member for member, node in room.nodes.items() if node.own is not None},
            twins={member for member, node in room.nodes.items() if node.twin is not None},
        )[1].voter
        == 1
    )
    assert room.nodes[1] == room.nodes[1]._replace(own=FOR)
