"""A proposal's way: every step in every state, and the window's borders."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.decisions import Decision
from domain.drafts import Draft
from domain.errors import AlreadyResolved, Conflict, DomainError, Forbidden, NotFound, VotingClosed
from domain.flow import Flow, Node
from domain.members import Member, Role, Viewer
from domain.proposals import MAX_RUNNING, Proposal, Status
from domain.rules import DEPLOYED, EarlyClose, Rules, VotingSystem
from domain.tally import CastBy, Choice, Tally
from domain.votes import Ballot, counted, slots_of
from tests.unit.proposing import FAILED, PASSED, T0, TEXT, TICK, proposal

AUTHOR, OTHER, ADMIN = Viewer(1, Role.MEMBER), Viewer(2, Role.MEMBER), Viewer(3, Role.ADMIN)
AUTHOR_ADMIN = Viewer(1, Role.ADMIN)
DRAFT = Draft("New", "Text")


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


def test_the_salt_is_not_printed() -> None:
    assert "f00d" not in repr(proposal(Status.OPEN).started(1, at=T0, salt="f00d"))
