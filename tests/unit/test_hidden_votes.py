"""What a hidden vote shows before its close: its turnout, in steps."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.proposals import SHOWN_BALLOTS, Proposal, Shown, Status
from domain.rules import EarlyClose, Rules
from domain.tally import Tally
from tests.unit.proposing import FAILED, PASSED, T0, TICK, proposal

HIDDEN = Rules(hidden_until_close=True, early_close=EarlyClose.NEVER)


def hidden_vote(eligible: int = 20) -> Proposal:
    return proposal(Status.OPEN, rules=HIDDEN).started(eligible, at=T0)


def with_voters(voting: Proposal, voters: int, *, at: datetime) -> Proposal:
    """So many members of weight 2 have voted FOR, one of them by its twin and one more through a delegate."""
    tally = Tally(20, 2 * voters, voters=voters, by_twins=2, own_in_favour=2 * voters - 4)
    return voting.counted(tally, at=at)


def test_a_hidden_vote_is_sealed_until_its_close_and_for_good_when_cancelled() -> None:
    begun = hidden_vote()
    before = proposal(Status.OPEN, rules=HIDDEN)
    assert (begun.hidden, begun.cancelled(at=T0).hidden) == (True, True)
    assert (before.hidden, before.cancelled(at=T0).hidden) == (False, False)
    assert [begun.resolved(decision, at=T0).hidden for decision in (PASSED, FAILED)] == [False, False]
    assert not proposal(Status.OPEN).started(9, at=T0).hidden


def test_at_its_start_a_hidden_vote_shows_an_empty_tally() -> None:
    begun = hidden_vote()
    assert begun.shown == Shown(Tally(20), begun.seq, T0)
    assert begun.sealed == begun


@pytest.mark.parametrize("voters", range(1, SHOWN_BALLOTS))
def test_of_a_few_ballots_nothing_shows_within_a_minute(voters: int) -> None:
    begun = hidden_vote()
    late = T0 + timedelta(minutes=1) - TICK
    after = with_voters(begun, voters, at=late).showing(at=late)
    assert after.shown == begun.shown
    assert after.unseen == voters
    assert (after.sealed.tally, after.sealed.seq, after.sealed.changed_at) == (Tally(20), begun.seq, T0)


def test_five_ballots_or_a_minute_show_the_turnout_and_no_choice() -> None:
    begun = hidden_vote()
    turnout = Tally(20, voters=5, on_options=10, by_twins=2, own_on_options=6)
    five = with_voters(begun, SHOWN_BALLOTS, at=T0 + TICK).showing(at=T0 + TICK)
    assert five.shown == Shown(turnout, five.seq, T0 + TICK)
    assert (five.sealed.tally, five.unseen) == (turnout, 0)
    minute = T0 + timedelta(minutes=1)
    two = with_voters(begun, 2, at=T0 + TICK).showing(at=minute)
    assert two.sealed.tally == Tally(20, voters=2, on_options=4, by_twins=2)
    assert two.sealed.changed_at == minute


def test_without_a_new_voter_nothing_moves_however_late() -> None:
    begun = hidden_vote()
    late = T0 + timedelta(hours=2)
    assert begun.showing(at=late) is begun
    five = with_voters(begun, SHOWN_BALLOTS, at=T0).showing(at=T0)
    changed_mind = five.counted(replace(five.tally, in_favour=8, against=2, own_in_favour=4, own_against=2), at=late)
    assert changed_mind.showing(at=late).sealed == replace(
        changed_mind, tally=five.sealed.tally, seq=five.seq, changed_at=T0
    )


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 90)), max_size=20))
def test_what_a_hidden_vote_shows_moves_in_steps(turns: list[tuple[int, int]]) -> None:
    voting, at = hidden_vote(eligible=200), T0
    steps = [(0, T0)]
    for voters, seconds in turns:
        at += timedelta(seconds=seconds)
        have = voting.tally.voters + voters
        voting = voting.counted(Tally(200, have, voters=have, own_in_favour=have), at=at).showing(at=at)
        seen = voting.sealed
        assert (seen.tally.in_favour, seen.tally.against, seen.tally.abstain, seen.tally.own_in_favour) == (0, 0, 0, 0)
        if seen.tally.voters != steps[-1][0]:
            assert seen.tally.voters - steps[-1][0] >= SHOWN_BALLOTS or at - steps[-1][1] >= timedelta(minutes=1)
            steps.append((seen.tally.voters, at))
        else:
            assert voting.unseen < SHOWN_BALLOTS


def test_an_open_vote_shows_itself() -> None:
    voting = with_voters(proposal(Status.OPEN).started(20, at=T0), 1, at=T0)
    assert voting.showing(at=T0 + timedelta(hours=1)) is voting
    assert (voting.sealed, voting.unseen) == (voting, 0)


def test_after_the_close_all_is_shown() -> None:
    decided = with_voters(hidden_vote(), 3, at=T0).resolved(PASSED, at=T0 + TICK)
    assert decided.sealed is decided
    withdrawn = with_voters(hidden_vote(), 3, at=T0).cancelled(at=T0 + TICK)
    assert withdrawn.sealed.tally == Tally(20)
