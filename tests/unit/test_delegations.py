"""Which delegation acts, and which certainly closes a cycle."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.delegations import Delegation, Edge, Electorate, Level, acting, closes_cycle

T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SCOPE = 7
EVERYONE = Electorate(dict.fromkeys(range(1, 6), 1))
GIVEN = Delegation(1, 1, 2, None, T0)


def chosen(*rows: Delegation, inactive: frozenset[int] = frozenset(), scope: int | None = SCOPE) -> int | None:
    """The id of the delegation that acts for member 1."""
    levels = (None,) if scope is None else (scope, None)
    found = acting(rows, replace(EVERYONE, inactive=inactive), at=T0 + HOUR, levels=levels)
    return found[1].id if 1 in found else None


def test_the_delegation_in_the_scope_wins_over_the_global_one() -> None:
    assert chosen(GIVEN, Delegation(2, 1, 3, SCOPE, T0)) == 2


def test_a_proposal_without_the_scope_asks_the_global_one() -> None:
    assert chosen(GIVEN, Delegation(2, 1, 3, SCOPE, T0), scope=None) == 1


def test_another_scope_never_steers_a_vote() -> None:
    assert chosen(Delegation(2, 1, 3, SCOPE + 1, T0)) is None


def test_when_inactive_wins_at_its_level_while_its_giver_is_inactive() -> None:
    waiting = Delegation(2, 1, 3, None, T0 - HOUR, when_inactive=True)
    assert chosen(GIVEN, waiting, inactive=frozenset({1})) == 2
    assert chosen(waiting, GIVEN) == 1


def test_when_inactive_does_not_reach_past_its_level() -> None:
    waiting = Delegation(2, 1, 3, None, T0, when_inactive=True)
    assert chosen(Delegation(3, 1, 4, SCOPE, T0), waiting, inactive=frozenset({1})) == 3


def test_an_active_members_when_inactive_in_the_scope_leaves_the_global_one() -> None:
    assert chosen(GIVEN, Delegation(2, 1, 3, SCOPE, T0, when_inactive=True)) == 1


def test_nobody_in_the_scope_shuts_the_global_one_out() -> None:
    assert chosen(GIVEN, Delegation(2, 1, None, SCOPE, T0)) == 2


ENDED = [
    GIVEN._replace(expires_at=T0 + HOUR),
    GIVEN._replace(revoked_at=T0 + HOUR),
    GIVEN._replace(declined_at=T0 + HOUR),
]


@pytest.mark.parametrize("ended", ENDED, ids=["expired", "revoked", "declined"])
def test_a_delegation_is_over_at_the_instant_of_its_end(ended: Delegation) -> None:
    assert not ended.live(at=T0 + HOUR)
    assert ended.live(at=T0 + HOUR - timedelta(microseconds=1))


def test_a_delegation_lives_from_its_creation() -> None:
    assert GIVEN.live(at=T0)
    assert not GIVEN.live(at=T0 - timedelta(microseconds=1))


def test_a_giver_outside_the_electorate_has_no_delegation() -> None:
    assert acting([Delegation(1, 99, 2, None, T0)], EVERYONE, at=T0, levels=(None,)) == {}


def test_as_many_levels_as_a_system_has() -> None:
    rows = [Delegation(number, 1, number, scope, T0) for number, scope in [(2, None), (3, 10), (4, 20)]]
    assert acting(rows, EVERYONE, at=T0, levels=(20, 10, None))[1].receiver_id == 4
    assert acting(rows[:2], EVERYONE, at=T0, levels=(20, 10, None))[1].receiver_id == 3


def test_an_edge_over_the_cap_leads_nowhere() -> None:
    edge = Edge(2, SCOPE, accepts_twin=True, delegation_id=1, carried=False)
    assert edge.target is None
    assert edge.level is Level.SCOPE
    assert edge._replace(carried=True, scope_id=None).target == 2
    assert edge._replace(scope_id=None).level is Level.GLOBAL


@st.composite
def held(draw: st.DrawFn) -> list[Delegation]:
    """At most one of each giver, scope and condition; ids say nothing of age."""
    found: list[Delegation] = []
    ids = draw(st.permutations(range(12)))
    for number, (giver, scope, waits) in zip(ids, product((1, 2, 3), (None, SCOPE), (True, False)), strict=True):
        if draw(st.booleans()):
            receiver, ends = draw(st.sampled_from([None, 4, 5])), draw(st.sampled_from([None, None, T0 + HOUR]))
            found.append(Delegation(number, giver, receiver, scope, T0, when_inactive=waits, expires_at=ends))
    return found


def by_the_sentences(rows: list[Delegation], member: int, *, inactive: bool) -> Delegation | None:
    for scope in (SCOPE, None):
        here = [row for row in rows if row.giver_id == member and row.scope_id == scope and row.live(at=T0 + HOUR)]
        if inactive and (waiting := [row for row in here if row.when_inactive]):
            return waiting[0]
        if ordinary := [row for row in here if not row.when_inactive]:
            return ordinary[0]
    return None


@given(held(), st.frozensets(st.integers(1, 3)), st.randoms())
def test_the_acting_delegation_is_the_one_that_the_sentences_say(
    rows: list[Delegation], inactive: frozenset[int], random: Random
) -> None:
    expected = {giver: by_the_sentences(rows, giver, inactive=giver in inactive) for giver in (1, 2, 3)}
    random.shuffle(rows)
    found = acting(rows, Electorate(EVERYONE.weights, inactive), at=T0 + HOUR, levels=(SCOPE, None))
    assert found == {giver: row for giver, row in expected.items() if row is not None}


def line(*members: int, scope: int | None = None) -> list[Delegation]:
    pairs = pairwise(members)
    return [Delegation(number, giver, receiver, scope, T0) for number, (giver, receiver) in enumerate(pairs, start=10)]


def test_a_cycle_in_one_scope_is_certain() -> None:
    assert closes_cycle(Delegation(1, 3, 1, SCOPE, T0), line(1, 2, 3, scope=SCOPE), at=T0)
    assert closes_cycle(Delegation(1, 1, 1, None, T0), [], at=T0)


def test_no_cycle_is_certain_over_mixed_levels_or_through_conditions() -> None:
    new = Delegation(1, 3, 1, None, T0)
    rows = line(1, 2, 3)
    assert not closes_cycle(new, line(1, 2, 3, scope=SCOPE), at=T0)
    assert not closes_cycle(new, [rows[0], rows[1]._replace(when_inactive=True)], at=T0)
    assert not closes_cycle(new._replace(when_inactive=True), rows, at=T0)
    assert not closes_cycle(new, [rows[0], rows[1]._replace(revoked_at=T0)], at=T0)
    assert not closes_cycle(new._replace(receiver_id=None), rows, at=T0)


def test_what_the_giver_gave_before_is_replaced_by_the_new_one() -> None:
    assert not closes_cycle(Delegation(1, 2, 4, None, T0), line(1, 2, 1), at=T0)


def test_somebody_elses_cycle_does_not_hang_the_check() -> None:
    assert not closes_cycle(Delegation(1, 5, 1, None, T0), line(1, 2, 3, 1), at=T0)


def test_a_line_of_ten_thousand_is_followed() -> None:
    rows = line(*range(1, 10_001))
    assert closes_cycle(Delegation(1, 10_000, 1, None, T0), rows, at=T0)
    assert not closes_cycle(Delegation(1, 10_000, 10_001, None, T0), rows, at=T0)
