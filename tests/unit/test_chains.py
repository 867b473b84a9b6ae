"""Whose ballot stands for whom, on graphs frozen under a cap."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from domain.caps import Graph, frozen_graph
from domain.chains import Standing, chain_of, path, standing, upwards, via
from domain.delegations import Delegation, Edge, Electorate, Level
from domain.tally import CastBy

T0 = datetime(2026, 3, 1, tzinfo=UTC)
SCOPE = 7
OUTSIDER = 99
BY_MEMBER = CastBy.MEMBER
BY_TWIN = CastBy.TWIN


def edges(*given: tuple[int, int], scope: int | None = None, accepts: bool = True) -> dict[int, Edge]:
    return {giver: Edge(to, scope, accepts, giver, carried=True) for giver, to in given}


def frozen(*given: tuple[int, int], weights: Mapping[int, int], cap: int = 100) -> Graph:
    """Delegations from (giver, receiver), the oldest first."""
    rows = [
        Delegation(number, giver, receiver, None, T0 + timedelta(minutes=number))
        for number, (giver, receiver) in enumerate(given)
    ]
    return frozen_graph(rows, Electorate(weights), at=T0 + timedelta(days=9), cap_percent=cap)


def who(found: Mapping[int, Standing]) -> dict[int, tuple[int, str]]:
    return {member: (stands.voter, stands.by.value[0]) for member, stands in found.items()}


def test_the_first_voter_on_the_chain_votes_for_all_below() -> None:
    graph = edges((1, 2), (2, 3), (3, 4))
    assert who(standing(graph, members={3, 4}, twins=set())) == {1: (3, "M"), 2: (3, "M"), 3: (3, "M"), 4: (4, "M")}
    assert via(graph, 1, Standing(3, BY_MEMBER)) == (2, 3)
    assert via(graph, 3, Standing(3, BY_MEMBER)) == ()
    assert path(graph, 1) == [2, 3, 4]


def test_a_cycle_without_a_voter_carries_nothing() -> None:
    graph = edges((1, 2), (2, 3), (3, 1), (4, 1))
    assert standing(graph, members=set(), twins=set()) == {}
    assert chain_of(graph, 4, members=set(), twins=set()) is None


def test_a_cycle_with_voters_is_cut_at_each() -> None:
    graph = edges((1, 2), (2, 3), (3, 4), (4, 1))
    assert who(standing(graph, members={1, 3}, twins=set())) == {1: (1, "M"), 2: (3, "M"), 3: (3, "M"), 4: (1, "M")}


def test_the_own_twin_comes_before_a_global_delegate() -> None:
    graph = edges((1, 2))
    assert who(standing(graph, members={2}, twins={1})) == {1: (1, "T"), 2: (2, "M")}


def test_the_own_twin_gives_way_to_a_delegate_in_the_scope() -> None:
    graph = edges((1, 2), scope=SCOPE)
    assert who(standing(graph, members=set(), twins={1})) == {1: (1, "T")}
    assert who(standing(graph, members={2}, twins={1})) == {1: (2, "M"), 2: (2, "M")}


def test_a_delegates_twin_is_followed_only_where_all_edges_accept_it() -> None:
    graph = edges((1, 2)) | edges((2, 3), accepts=False)
    assert who(standing(graph, members=set(), twins={2})) == {1: (2, "T"), 2: (2, "T")}
    assert who(standing(graph, members=set(), twins={3})) == {3: (3, "T")}
    assert chain_of(graph, 1, members=set(), twins={3}) is None
    refused_below = edges((1, 2), accepts=False) | edges((2, 3))
    assert chain_of(refused_below, 1, members=set(), twins={3}) is None
    assert chain_of(refused_below, 2, members=set(), twins={3}) == Standing(3, BY_TWIN)


def test_a_twin_that_is_not_accepted_is_passed_over() -> None:
    graph = edges((1, 2), accepts=False) | edges((2, 3))
    assert who(standing(graph, members={3}, twins={2})) == {1: (3, "M"), 2: (2, "T"), 3: (3, "M")}


def test_the_last_fallback_on_the_way_counts() -> None:
    graph = edges((1, 2), (2, 3), (3, 4), scope=SCOPE)
    assert who(standing(graph, members=set(), twins={1, 3})) == {1: (3, "T"), 2: (3, "T"), 3: (3, "T")}


def test_an_uncarried_delegation_leaves_the_own_twin() -> None:
    graph = {1: Edge(2, SCOPE, accepts_twin=True, delegation_id=1, carried=False)}
    assert who(standing(graph, members={2}, twins={1})) == {1: (1, "T"), 2: (2, "M")}


def test_a_line_of_ten_thousand_needs_no_recursion() -> None:
    size = 10_000
    graph = frozen(*((number, number + 1) for number in range(size - 1)), weights=dict.fromkeys(range(size), 1))
    assert graph.powers[size - 1] == size
    found = standing(graph.edges, members={size - 1}, twins=set())
    assert {stands.voter for stands in found.values()} == {size - 1}
    assert len(found) == size
    assert len(via(graph.edges, 0, found[0])) == size - 1


def test_a_delegate_outside_the_electorate_carries_nothing() -> None:
    graph = frozen((1, OUTSIDER), (2, 1), weights={1: 1, 2: 1})
    assert graph.edges[1].target is None
    assert graph.edges[2].target == 1
    assert graph.powers == {1: 2, 2: 1}


def test_the_cap_carries_whole_givers_oldest_first_and_later_ones_that_fit() -> None:
    graph = frozen((4, 1), (3, 1), (2, 1), weights={1: 10, 4: 20, 3: 15, 2: 10, 5: 45}, cap=40)
    assert {giver: edge.carried for giver, edge in graph.edges.items()} == {4: True, 3: False, 2: True}
    assert graph.powers == {1: 40, 4: 20, 3: 15, 2: 10, 5: 45}


def test_who_weighs_more_than_the_cap_keeps_it_and_carries_nobody() -> None:
    graph = frozen((2, 1), weights={1: 50, 2: 1, 3: 49}, cap=20)
    assert graph.powers[1] == 50
    assert not graph.edges[2].carried


def test_a_giver_is_carried_with_all_behind_it_or_not_at_all() -> None:
    graph = frozen((1, 2), (2, 3), (4, 3), weights=dict.fromkeys(range(1, 11), 1), cap=20)
    assert {giver: edge.carried for giver, edge in graph.edges.items()} == {1: True, 2: False, 4: True}


def test_a_cycle_within_the_cap_stays_whole() -> None:
    graph = frozen((1, 2), (2, 3), (3, 1), weights=dict.fromkeys(range(1, 11), 1), cap=30)
    assert all(edge.carried for edge in graph.edges.values())
    assert [graph.powers[member] for member in (1, 2, 3)] == [3, 3, 3]


def test_a_cycle_over_the_cap_loses_its_youngest_delegation_that_does_not_fit() -> None:
    graph = frozen((1, 2), (2, 3), (3, 1), weights=dict.fromkeys(range(1, 11), 1), cap=20)
    assert {giver: edge.carried for giver, edge in graph.edges.items()} == {1: True, 2: False, 3: False}
    assert [graph.powers[member] for member in (1, 2, 3)] == [1, 2, 1]


def test_the_youngest_of_a_broken_cycle_is_carried_where_it_fits() -> None:
    graph = frozen((1, 2), (2, 3), (3, 1), weights={1: 1, 2: 3, 3: 2, 4: 4}, cap=50)
    assert {giver: edge.carried for giver, edge in graph.edges.items()} == {1: True, 2: False, 3: False}
    lighter = frozen((1, 2), (2, 3), (3, 1), weights={1: 1, 2: 2, 3: 2, 4: 5}, cap=40)
    assert {giver: edge.carried for giver, edge in lighter.edges.items()} == {1: True, 2: False, 3: False}
    fits = frozen((1, 2), (2, 3), (3, 1), weights={1: 1, 2: 5, 3: 1, 4: 3}, cap=40)
    assert {giver: edge.carried for giver, edge in fits.edges.items()} == {1: False, 2: False, 3: True}
    assert [fits.powers[member] for member in (1, 2, 3)] == [2, 5, 1]


def test_whoever_delegates_to_itself_is_a_cycle_of_one() -> None:
    graph = frozen((1, 1), (2, 1), weights={1: 1, 2: 1})
    assert graph.powers == {1: 2, 2: 1}
    assert standing(graph.edges, members=set(), twins=set()) == {}
    assert who(standing(graph.edges, members=set(), twins={1})) == {1: (1, "T")}


def test_givers_come_before_their_delegates_and_cycles_apart() -> None:
    order, cycles = upwards({1: 2, 2: 3, 3: 2, 4: 1}, [5, 4, 3, 2, 1])
    assert order == [5, 4, 1]
    assert cycles == [[2, 3]]


# Whole worlds.

MEMBERS = range(1, 8)


def rows(draw: st.DrawFn) -> list[Delegation]:
    found: list[Delegation] = []
    for giver, scope, waits in product(MEMBERS, (None, SCOPE), (False, False, True)):
        if draw(st.booleans()):
            receiver, accepts = draw(st.sampled_from([*MEMBERS, None, OUTSIDER])), draw(st.booleans())
            created = T0 + timedelta(hours=draw(st.integers(0, 3)))
            found.append(Delegation(len(found), giver, receiver, scope, created, waits, accepts))
    return found


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Delegation], Electorate, int]:
    weights = {member: draw(st.integers(1, 9)) for member in MEMBERS[: draw(st.integers(1, 7))]}
    inactive = draw(st.frozensets(st.sampled_from(MEMBERS), max_size=2))
    return rows(draw), Electorate(weights, inactive), draw(st.sampled_from([100, 100, 60, 40, 25]))


def freeze(world: tuple[list[Delegation], Electorate, int]) -> Graph:
    delegations, electorate, cap = world
    return frozen_graph(delegations, electorate, at=T0 + timedelta(days=1), levels=(SCOPE, None), cap_percent=cap)


def stands(
    graph: Mapping[int, Edge],
    member: int,
    members: set[int],
    twins: set[int],
    *,
    trusting: bool = True,
    met: frozenset[int] = frozenset(),
) -> Standing | None:
    """The rule as its sentences say it."""
    if member in met:
        return None
    if member in members:
        return Standing(member, BY_MEMBER)
    twin = Standing(member, BY_TWIN) if trusting and member in twins else None
    edge = graph.get(member)
    if edge is None or not edge.carried or edge.to is None:
        return twin
    outcome = stands(graph, edge.to, members, twins, trusting=trusting and edge.accepts_twin, met=met | {member})
    return outcome or twin if edge.level is Level.SCOPE else twin or outcome


SOME = st.sets(st.sampled_from(MEMBERS), max_size=4)


@given(worlds(), SOME, SOME)
def test_standing_is_what_the_sentences_say(
    world: tuple[list[Delegation], Electorate, int], members: set[int], twins: set[int]
) -> None:
    graph, weights = freeze(world), world[1].weights
    members, twins = members & set(weights), twins & set(weights)
    expected = {member: stands(graph.edges, member, members, twins) for member in weights}
    assert standing(graph.edges, members=members, twins=twins) == {at: one for at, one in expected.items() if one}
    assert {member: chain_of(graph.edges, member, members=members, twins=twins) for member in weights} == expected
    for member, one in expected.items():
        if one is not None:
            assert [member, *via(graph.edges, member, one)][-1] == one.voter


@given(worlds(), st.randoms(use_true_random=False))
def test_the_graph_is_the_same_whatever_the_order(
    world: tuple[list[Delegation], Electorate, int], random: Random
) -> None:
    delegations, electorate, cap = world
    members = list(electorate.weights.items())
    random.shuffle(members)
    shuffled = random.sample(delegations, len(delegations))
    assert freeze((shuffled, Electorate(dict(members), electorate.inactive), cap)) == freeze(world)


@given(worlds())
def test_power_is_what_follows_a_lone_voter_and_holds_the_cap(
    world: tuple[list[Delegation], Electorate, int],
) -> None:
    graph, electorate, cap = freeze(world), world[1], world[2]
    for member, weight in electorate.weights.items():
        followers = standing(graph.edges, members={member}, twins=set())
        assert graph.powers[member] == sum(electorate.weights[one] for one in followers)
        assert graph.powers[member] == weight or graph.powers[member] * 100 <= cap * electorate.eligible


@given(worlds())
def test_without_a_cap_every_delegation_to_a_voter_is_carried(world: tuple[list[Delegation], Electorate, int]) -> None:
    delegations, electorate, _ = world
    for edge in freeze((delegations, electorate, 100)).edges.values():
        assert edge.carried == (edge.to in electorate.weights)
