"""A proposal's way: every step in every state, the window's borders, and what a hidden vote shows."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decisions import Decision, ResolutionReason
from domain.drafts import Draft
from domain.errors import AlreadyResolved, Conflict, DomainError, Forbidden, NotFound, VotingClosed
from domain.flow import Flow, Node
from domain.members import Member, Role, Viewer
from domain.proposals import MAX_RUNNING, SHOWN_BALLOTS, Proposal, Shown, Status
from domain.rules import DEPLOYED, EarlyClose, Rules, VotingSystem
from domain.tally import CastBy, Choice, Tally
from domain.votes import Ballot, counted, slots_of

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(milliseconds=1)
AUTHOR, OTHER, ADMIN = Viewer(1, Role.MEMBER), Viewer(2, Role.MEMBER), Viewer(3, Role.ADMIN)
AUTHOR_ADMIN = Viewer(1, Role.ADMIN)
TEXT, DRAFT = Draft("Title", "Body"), Draft("New", "Text")
PASSED = Decision(passed=True, reason=ResolutionReason.QUORUM_AND_MAJORITY)
FAILED = Decision(passed=False, reason=ResolutionReason.NO_QUORUM)


def member(id: int = 1, *, admitted: bool = True, weight: int = 1) -> Member:
    return Member(id, "s", "ada", "Ada", Role.MEMBER, weight, admitted=admitted, joined_at=T0, last_seen=T0)


def opened(proposal: Proposal, viewer: Viewer) -> Proposal:
    proposal.check_open(viewer, member(), running=0)
    return proposal.opened(proposal.rules, at=T0)


def started(proposal: Proposal, viewer: Viewer) -> Proposal:
    proposal.check_start(viewer, 0, at=T0)
    return proposal.started(9, at=T0)


def cancelled(proposal: Proposal, viewer: Viewer) -> Proposal:
    proposal.check_cancel(viewer)
    return proposal.cancelled(at=T0)


def edited(proposal: Proposal, viewer: Viewer) -> Proposal:
    proposal.check_edit(viewer)
    return proposal.edited(DRAFT, Rules(), (5,), at=T0)


type Step = Callable[[Proposal, Viewer], Proposal]
STEPS: dict[str, Step] = {
    "open": opened,
    "start": started,
    "cancel": cancelled,
    "implement": lambda proposal, viewer: proposal.implemented(viewer, at=T0),
    "edit": edited,
}
ALLOWED: dict[tuple[str, Status, Viewer], Status] = {
    ("open", Status.DRAFT, AUTHOR): Status.OPEN,
    ("start", Status.OPEN, AUTHOR): Status.VOTING,
    ("edit", Status.DRAFT, AUTHOR): Status.DRAFT,
    ("cancel", Status.DRAFT, AUTHOR): Status.CANCELLED,
    ("cancel", Status.OPEN, AUTHOR): Status.CANCELLED,
    ("cancel", Status.DRAFT, ADMIN): Status.CANCELLED,
    ("cancel", Status.OPEN, ADMIN): Status.CANCELLED,
    ("cancel", Status.VOTING, ADMIN): Status.CANCELLED,
    ("implement", Status.PASSED, ADMIN): Status.IMPLEMENTED,
}
FORBIDDEN = {
    ("open", OTHER): "Only its author may open this proposal.",
    ("open", ADMIN): "Only its author may open this proposal.",
    ("start", OTHER): "Only its author may start voting on this proposal.",
    ("start", ADMIN): "Only its author may start voting on this proposal.",
    ("edit", OTHER): "Only its author may edit this proposal.",
    ("edit", ADMIN): "Only its author may edit this proposal.",
    ("cancel", OTHER): "Only its author may cancel this proposal.",
    ("implement", OTHER): "Only an ADMIN marks a proposal as implemented.",
    ("implement", AUTHOR): "Only an ADMIN marks a proposal as implemented.",
}
REMEDY = {
    ("open", AUTHOR): "opened: it must be DRAFT.",
    ("start", AUTHOR): "put to the vote: it must be OPEN.",
    ("edit", AUTHOR): "edited: it must be DRAFT.",
    ("cancel", AUTHOR): "cancelled by its author: it must be DRAFT or OPEN.",
    ("cancel", ADMIN): "cancelled: it must be DRAFT or OPEN or VOTING.",
    ("implement", ADMIN): "marked implemented: it must be PASSED.",
}


def proposal(status: Status = Status.DRAFT, **changes: object) -> Proposal:
    made = Proposal(7, 1, TEXT, status, 1, (4,), T0 - timedelta(days=1), T0 - timedelta(days=1), seq=3)
    return replace(made, **changes)  # type: ignore[arg-type]  # the callers' keywords are fields


@pytest.mark.parametrize("viewer", [AUTHOR, OTHER, ADMIN], ids=["author", "other", "admin"])
@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("step", STEPS)
def test_every_step_in_every_state_is_allowed_or_refused(step: str, status: Status, viewer: Viewer) -> None:
    before = proposal(status)
    if (target := ALLOWED.get((step, status, viewer))) is not None:
        after = STEPS[step](before, viewer)
        assert (after.status, after.seq, after.changed_at) == (target, before.seq + 1, T0)
        return
    with pytest.raises(DomainError) as refused:
        STEPS[step](before, viewer)
    if (step, viewer) in FORBIDDEN:
        assert (type(refused.value), refused.value.message) == (Forbidden, FORBIDDEN[step, viewer])
    else:
        remedy = f"A proposal in {status.value} cannot be {REMEDY[step, viewer]}"
        assert (type(refused.value), refused.value.message) == (Conflict, remedy)


def test_an_edit_replaces_text_rules_and_topics_and_nothing_else() -> None:
    rules, draft = Rules(voting_minutes=10), Draft("New", "Text", ("a",))
    after = proposal().edited(draft, rules, (5, 6), at=T0)
    assert after == replace(proposal(), draft=draft, rules=rules, topic_ids=(5, 6), seq=4, changed_at=T0)


def test_an_author_who_is_admin_may_cancel_during_the_vote() -> None:
    assert cancelled(proposal(Status.VOTING), AUTHOR_ADMIN).status is Status.CANCELLED


def test_voting_runs_from_its_start_for_the_minutes_of_its_rules() -> None:
    begun = proposal(Status.OPEN, rules=Rules(voting_minutes=5)).started(12, at=T0, salt="ab")
    assert (begun.starts_at, begun.ends_at) == (T0, T0 + timedelta(minutes=5))
    assert (begun.tally, begun.salt, begun.shown) == (Tally(eligible=12), "ab", None)


def test_the_window_is_half_open() -> None:
    voting = proposal(Status.OPEN).started(1, at=T0)
    end = T0 + timedelta(hours=72)
    for at in (T0, end - TICK):
        voting.check_voting(at=at)
        assert not voting.ended(at=at)
    for at in (end, end + TICK):
        assert voting.ended(at=at)
        with pytest.raises(VotingClosed, match=r"^Voting is not open on this proposal"):
            voting.check_voting(at=at)


@pytest.mark.parametrize("status", [Status.DRAFT, Status.OPEN, Status.CANCELLED])
def test_before_the_vote_and_after_a_cancellation_voting_is_closed(status: Status) -> None:
    with pytest.raises(VotingClosed) as refused:
        proposal(status).check_voting(at=T0)
    assert refused.value.field == ("proposalId",)


@pytest.mark.parametrize("status", [Status.PASSED, Status.FAILED, Status.IMPLEMENTED])
def test_a_decision_seals_the_ballots(status: Status) -> None:
    with pytest.raises(AlreadyResolved, match=r"^This proposal is decided; its ballots are sealed.$"):
        proposal(status, ends_at=T0 + TICK).check_voting(at=T0)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.VOTING])
def test_only_a_vote_ends(status: Status) -> None:
    assert not proposal(status, ends_at=T0).ended(at=T0 + TICK)


@pytest.mark.parametrize("status", Status)
def test_a_draft_is_seen_by_its_author_and_admin_only(status: Status) -> None:
    hidden = status is Status.DRAFT
    made = proposal(status)
    assert [made.visible_to(viewer) for viewer in (AUTHOR, ADMIN, OTHER)] == [True, True, not hidden]
    if hidden:
        with pytest.raises(NotFound, match=r"^There is no such proposal, or you may not see it.$"):
            made.check_visible(OTHER)


def seat(weight: int, system: VotingSystem = VotingSystem.BASIC) -> Node:
    return Node(2, weight, None, twin_first=True, accepts_twin=False, arriving=Flow.nothing(slots_of(system)))


def test_a_ballot_counts_once_and_its_change_replaces_it() -> None:
    voting = proposal(Status.VOTING, tally=Tally(eligible=5))
    once, moved = counted(voting, [seat(3)], Ballot(7, 2, Choice.FOR, 3), at=T0)
    twice, _ = counted(once, moved.nodes, Ballot(7, 2, Choice.AGAINST, 3), at=T0)
    assert once.tally == Tally(5, in_favour=3, voters=1, own_in_favour=3)
    assert twice.tally == Tally(5, against=3, voters=1, own_against=3)
    assert (once.seq, twice.seq) == (4, 5)


def test_a_twins_ballot_counts_as_young_where_it_could_close_the_vote() -> None:
    ballot = Ballot(7, 2, Choice.ABSTAIN, 3, CastBy.TWIN)
    fresh, _ = counted(proposal(Status.VOTING, tally=Tally(eligible=5)), [seat(3)], ballot, at=T0)
    assert fresh.tally == Tally(5, abstain=3, voters=1, by_twins=3, young_abstain=3)
    among = proposal(Status.VOTING, tally=Tally(eligible=5), draft=replace(TEXT, system=VotingSystem.APPROVAL))
    taking_part, _ = counted(among, [seat(3, VotingSystem.APPROVAL)], replace(ballot, choice=None), at=T0)
    assert taking_part.tally == Tally(5, voters=1, on_options=3, by_twins=3)


@pytest.mark.parametrize(("decision", "status"), [(PASSED, Status.PASSED), (FAILED, Status.FAILED)])
def test_a_decision_is_the_state(decision: Decision, status: Status) -> None:
    assert proposal(Status.VOTING).resolved(decision, at=T0) == proposal(status, seq=4, changed_at=T0)


def test_decided_states_are_those_after_a_resolution() -> None:
    assert [status for status in Status if status.decided] == [Status.PASSED, Status.FAILED, Status.IMPLEMENTED]


# Opening and sponsoring.


def test_who_is_not_admitted_opens_nothing() -> None:
    with pytest.raises(Forbidden, match=r"^You are not admitted yet: an ADMIN or a vote admits you.$"):
        proposal().check_open(AUTHOR, member(admitted=False), 0)


def test_a_member_runs_three_proposals_at_most() -> None:
    proposal().check_open(AUTHOR, member(), MAX_RUNNING - 1)
    with pytest.raises(Conflict, match=r"^You have 3 proposals in OPEN or VOTING: wait until") as refused:
        proposal().check_open(AUTHOR, member(), MAX_RUNNING)
    assert refused.value.field == ("proposalId",)


def test_the_rules_are_those_of_the_opening() -> None:
    after = proposal().opened(DEPLOYED, at=T0)
    assert after == replace(proposal(Status.OPEN), rules=DEPLOYED, opened_at=T0, seq=4, changed_at=T0)


@pytest.mark.parametrize(
    ("viewer", "sponsor", "message"),
    [
        (AUTHOR, member(), "Its author cannot sponsor it: ask another member."),
        (OTHER, member(2, admitted=False), "Only an admitted member with weight may sponsor a proposal."),
        (OTHER, member(2, weight=0), "Only an admitted member with weight may sponsor a proposal."),
    ],
)
def test_only_another_member_with_weight_sponsors(viewer: Viewer, sponsor: Member, message: str) -> None:
    proposal(Status.OPEN).check_sponsor(OTHER, member(2))
    with pytest.raises(Forbidden) as refused:
        proposal(Status.OPEN).check_sponsor(viewer, sponsor)
    assert refused.value.message == message


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.OPEN])
def test_only_what_is_open_is_sponsored(status: Status) -> None:
    with pytest.raises(Conflict) as refused:
        proposal(status).check_sponsor(OTHER, member(2))
    assert refused.value.message == f"A proposal in {status.value} cannot be sponsored: it must be OPEN."


# The start of voting.


def test_voting_starts_once_it_was_discussed_and_is_sponsored() -> None:
    waiting = proposal().opened(replace(DEPLOYED, sponsors_needed=2), at=T0)
    day = T0 + timedelta(days=1)
    assert (proposal().discussed_at, waiting.discussed_at) == (None, day)
    with pytest.raises(Conflict) as early:
        waiting.check_start(AUTHOR, 2, at=day - TICK)
    assert early.value.message == "Discussion runs until 2026-03-02T12:00:00Z: start voting then."
    with pytest.raises(Conflict) as alone:
        waiting.check_start(AUTHOR, 1, at=day)
    assert alone.value.message == "It has 1 of the 2 sponsors it needs: ask members to sponsor it."
    assert early.value.field == alone.value.field == ("proposalId",)
    for ready in (day, day + TICK):
        waiting.check_start(AUTHOR, 2, at=ready)
        waiting.check_ready(3, at=ready)


@pytest.mark.parametrize(
    ("start_at", "starts"),
    [
        (None, None),
        (T0 + timedelta(hours=1), T0 + timedelta(days=1)),
        (T0 + timedelta(days=1), T0 + timedelta(days=1)),
        (T0 + timedelta(days=2), T0 + timedelta(days=2)),
    ],
)
def test_it_starts_itself_when_its_author_said_but_not_before_it_was_discussed(
    start_at: datetime | None, starts: datetime | None
) -> None:
    draft = proposal(draft=replace(TEXT, start_at=start_at))
    assert draft.starts_itself_at is None
    assert draft.opened(DEPLOYED, at=T0).starts_itself_at == starts


def test_a_vote_closes_on_quorum_once_it_ran_for_the_least_time() -> None:
    voting = proposal(Status.OPEN, rules=Rules(minimum_voting_minutes=60)).started(9, at=T0)
    hour = T0 + timedelta(hours=1)
    assert [voting.may_close_on_quorum(at=at) for at in (hour - TICK, hour)] == [False, True]
    assert not proposal(Status.OPEN).may_close_on_quorum(at=hour)


@pytest.mark.parametrize("early_close", EarlyClose)
def test_an_own_ballot_is_final_where_certainty_ends_the_vote(early_close: EarlyClose) -> None:
    voting = proposal(Status.VOTING, rules=Rules(early_close=early_close))
    voting.check_change_of_mind(own_before=False)
    if early_close is not EarlyClose.WHEN_DECIDED:
        voting.check_change_of_mind(own_before=True)
        return
    with pytest.raises(Conflict, match=r"^Your ballot is final: with earlyClose WHEN_DECIDED") as refused:
        voting.check_change_of_mind(own_before=True)
    assert refused.value.field == ("proposalId",)


# A hidden vote.

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


def test_the_salt_is_not_printed() -> None:
    assert "f00d" not in repr(proposal(Status.OPEN).started(1, at=T0, salt="f00d"))
