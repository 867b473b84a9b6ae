"""A proposal's way: every step in every state, the window's borders, and what an author may choose."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import AlreadyResolved, BadInput, Conflict, DomainError, Forbidden, NotFound, VotingClosed
from domain.members import Role, Viewer
from domain.proposals import (
    MAX_BODY,
    MAX_TITLE,
    MAX_TOPIC,
    MAX_TOPICS,
    MAXIMUM_VOTING_MINUTES,
    MINIMUM_VOTING_MINUTES,
    Draft,
    Proposal,
    RulesChoice,
    Status,
    chosen_rules,
    drafted,
    fingerprint,
)
from domain.resolutions import Decision, ResolutionReason
from domain.tally import Choice, EarlyClose, Rules, Tally
from domain.votes import Ballot

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(milliseconds=1)
AUTHOR, OTHER, ADMIN = Viewer(1, Role.MEMBER), Viewer(2, Role.MEMBER), Viewer(3, Role.ADMIN)
AUTHOR_ADMIN = Viewer(1, Role.ADMIN)
DRAFT = Draft("New", "Text", (), Rules())
PASSED = Decision(passed=True, reason=ResolutionReason.QUORUM_AND_MAJORITY)
FAILED = Decision(passed=False, reason=ResolutionReason.NO_QUORUM)

type Step = Callable[[Proposal, Viewer], Proposal]
STEPS: dict[str, Step] = {
    "open": lambda proposal, viewer: proposal.opened(viewer, at=T0),
    "start": lambda proposal, viewer: proposal.started(viewer, eligible=9, at=T0),
    "cancel": lambda proposal, viewer: proposal.cancelled(viewer, at=T0),
    "implement": lambda proposal, viewer: proposal.implemented(viewer, at=T0),
    "edit": lambda proposal, viewer: proposal.edited(viewer, DRAFT, (5,), at=T0),
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
    made = Proposal(7, 1, "Title", "Body", status, 1, (4,), T0 - timedelta(days=1), T0 - timedelta(days=1), seq=3)
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
    rules = Rules(voting_minutes=10)
    after = proposal().edited(AUTHOR, Draft("New", "Text", ("a",), rules), (5, 6), at=T0)
    expected = replace(
        proposal(), title="New", body="Text", rules=rules, topic_ids=(5, 6), seq=4, changed_at=T0
    )  # fmt: skip
    assert after == expected


def test_an_author_who_is_admin_may_cancel_during_the_vote() -> None:
    assert proposal(Status.VOTING).cancelled(AUTHOR_ADMIN, at=T0).status is Status.CANCELLED


def test_voting_runs_from_its_start_for_the_minutes_of_its_rules() -> None:
    started = proposal(Status.OPEN, rules=Rules(voting_minutes=5)).started(AUTHOR, eligible=12, at=T0)
    assert (started.starts_at, started.ends_at) == (T0, T0 + timedelta(minutes=5))
    assert started.tally == Tally(eligible=12)


def test_the_window_is_half_open() -> None:
    voting = proposal(Status.OPEN).started(AUTHOR, eligible=1, at=T0)
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


def test_a_ballot_counts_once_and_its_change_replaces_it() -> None:
    voting = proposal(Status.VOTING, tally=Tally(eligible=5))
    first = Ballot(7, 2, Choice.FOR, 3)
    once = voting.with_ballot(first, replaces=None, at=T0)
    twice = once.with_ballot(Ballot(7, 2, Choice.AGAINST, 3), replaces=first, at=T0)
    assert once.tally == Tally(5, in_favour=3, voters=1)
    assert twice.tally == Tally(5, against=3, voters=1)
    assert (once.seq, twice.seq) == (4, 5)


@pytest.mark.parametrize(("decision", "status"), [(PASSED, Status.PASSED), (FAILED, Status.FAILED)])
def test_a_decision_is_the_state(decision: Decision, status: Status) -> None:
    assert proposal(Status.VOTING).resolved(decision, at=T0) == proposal(status, seq=4, changed_at=T0)


def test_the_deciding_ballot_decides_at_once() -> None:
    voting = proposal(Status.VOTING, tally=Tally(10, in_favour=5, voters=5))
    assert voting.decision_early() is None
    assert voting.with_ballot(Ballot(7, 2, Choice.FOR, 1), replaces=None, at=T0).decision_early() == PASSED
    assert voting.decision_at_end() == FAILED


def test_decided_states_are_those_after_a_resolution() -> None:
    assert [status for status in Status if status.decided] == [Status.PASSED, Status.FAILED, Status.IMPLEMENTED]


# What an author may choose.

HOUSE = Rules()


def test_without_a_choice_the_house_rules_hold() -> None:
    for viewer in (AUTHOR, ADMIN):
        assert chosen_rules(HOUSE, RulesChoice(), viewer) == HOUSE


@pytest.mark.parametrize("minutes", [MINIMUM_VOTING_MINUTES, MAXIMUM_VOTING_MINUTES])
def test_an_author_chooses_minutes_within_bounds(minutes: int) -> None:
    assert chosen_rules(HOUSE, RulesChoice(voting_minutes=minutes), AUTHOR) == replace(HOUSE, voting_minutes=minutes)


@pytest.mark.parametrize("minutes", [MINIMUM_VOTING_MINUTES - 1, MAXIMUM_VOTING_MINUTES + 1, 0, -5])
def test_other_minutes_are_refused(minutes: int) -> None:
    with pytest.raises(BadInput, match=r"^votingMinutes must be between 5 and 43200.$") as refused:
        chosen_rules(HOUSE, RulesChoice(voting_minutes=minutes), ADMIN)
    assert refused.value.field == ("rules", "votingMinutes")


def test_early_close_may_only_come_later() -> None:
    never = replace(HOUSE, early_close=EarlyClose.NEVER)
    assert chosen_rules(HOUSE, RulesChoice(early_close=EarlyClose.NEVER), AUTHOR) == never
    for viewer in (AUTHOR, ADMIN):
        with pytest.raises(Forbidden, match=r"^earlyClose may only close later") as refused:
            chosen_rules(never, RulesChoice(early_close=EarlyClose.ON_QUORUM), viewer)
        assert refused.value.field == ("rules", "earlyClose")


@given(
    st.integers(0, 100),
    st.integers(50, 100),
    st.none() | st.integers(-10, 120),
    st.none() | st.integers(-10, 120),
    st.sampled_from([AUTHOR, ADMIN]),
)
def test_nobody_lowers_a_bar_and_only_an_admin_raises_one(
    quorum: int, majority: int, wanted_quorum: int | None, wanted_majority: int | None, viewer: Viewer
) -> None:
    house = Rules(quorum_percent=quorum, majority_percent=majority)
    choice = RulesChoice(quorum_percent=wanted_quorum, majority_percent=wanted_majority)
    asked = [(quorum, wanted_quorum, 0), (majority, wanted_majority, 50)]
    changed = [(house, wanted, least) for house, wanted, least in asked if wanted is not None and wanted != house]
    try:
        rules = chosen_rules(house, choice, viewer)
    except BadInput:
        assert any(not least <= wanted <= 100 for _, wanted, least in changed)
    except Forbidden:
        assert any(wanted < house or viewer is AUTHOR for house, wanted, _ in changed)
    else:
        assert rules.quorum_percent == (quorum if wanted_quorum is None else wanted_quorum) >= quorum
        assert rules.majority_percent == (majority if wanted_majority is None else wanted_majority) >= majority
        assert not changed or viewer is ADMIN


@pytest.mark.parametrize(
    ("choice", "viewer", "field", "message"),
    [
        (RulesChoice(quorum_percent=59), ADMIN, "quorumPercent", "quorumPercent may not be lower than the DAO's 60."),
        (
            RulesChoice(majority_percent=65),
            ADMIN,
            "majorityPercent",
            "majorityPercent may not be lower than the DAO's 66.",
        ),
        (
            RulesChoice(quorum_percent=61),
            AUTHOR,
            "quorumPercent",
            "Only an ADMIN may raise quorumPercent above the DAO's 60.",
        ),
        (RulesChoice(majority_percent=49), ADMIN, "majorityPercent", "majorityPercent must be between 50 and 100."),
        (RulesChoice(quorum_percent=101), ADMIN, "quorumPercent", "quorumPercent must be between 0 and 100."),
    ],
)
def test_a_refused_bar_names_its_field_and_remedy(
    choice: RulesChoice, viewer: Viewer, field: str, message: str
) -> None:
    with pytest.raises((BadInput, Forbidden)) as refused:
        chosen_rules(HOUSE, choice, viewer)
    assert (refused.value.message, refused.value.field) == (message, ("rules", field))


# Text.


def test_a_draft_is_trimmed_and_its_topics_are_folded() -> None:
    assert drafted(" T ", "\nB\n", ["a  b", "c", " a b "], HOUSE) == Draft("T", "B", ("a b", "c"), HOUSE)


def test_the_bounds_of_a_draft_are_allowed() -> None:
    topics = [f"{number}" + "x" * (MAX_TOPIC - 1) for number in range(MAX_TOPICS)]
    made = drafted("t" * MAX_TITLE, "b" * MAX_BODY, topics, HOUSE)
    assert (len(made.title), len(made.body), made.topics) == (MAX_TITLE, MAX_BODY, tuple(topics))


@pytest.mark.parametrize(
    ("title", "body", "topics", "field", "message"),
    [
        ("", "b", [], "title", "Give title in 1 to 200 characters."),
        ("t" * (MAX_TITLE + 1), "b", [], "title", "Give title in 1 to 200 characters."),
        ("t", " \n", [], "body", "Give body in 1 to 50000 characters."),
        ("t", "b" * (MAX_BODY + 1), [], "body", "Give body in 1 to 50000 characters."),
        ("t", "b", list("abcdef"), "topics", "Give at most 5 topics of 1 to 80 characters."),
        ("t", "b", [" "], "topics", "Give at most 5 topics of 1 to 80 characters."),
        ("t", "b", ["x" * (MAX_TOPIC + 1)], "topics", "Give at most 5 topics of 1 to 80 characters."),
        ("t\0", "b", [], "title", "title holds a character that is none: NUL or half of a surrogate pair."),
        ("t", "\ud83d", [], "body", "body holds a character that is none: NUL or half of a surrogate pair."),
        ("t", "b", ["a\0"], "topics", "topics holds a character that is none: NUL or half of a surrogate pair."),
    ],
)
def test_a_draft_out_of_bounds_names_its_field(
    title: str, body: str, topics: list[str], field: str, message: str
) -> None:
    with pytest.raises(BadInput) as refused:
        drafted(title, body, topics, HOUSE)
    assert (refused.value.field, refused.value.message) == ((field,), message)


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("RAISE the rent!", "By 3 %, now."),
        ("Raise the rent", "by 3 now"),
        ("raise-the-rent", "by\u200b 3\nnow"),
        ("Ｒaise the rent", "by ３ now"),
        ("Raise", "the rent by 3 now"),
    ],
)
def test_commas_case_and_width_do_not_make_another_proposal(title: str, body: str) -> None:
    assert fingerprint(title, body) == "raisetherentby3now"


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_fingerprint_has_letters_and_digits_only(title: str, body: str) -> None:
    mark = fingerprint(title, body)
    assert mark.isalnum() or mark == ""
    assert fingerprint(mark, "") == mark
