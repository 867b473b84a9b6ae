"""A receipt counted again: any election is valid, and what its ballots do not give is found, whoever signed it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.auth.ed25519 import Ed25519Signer
from domain.decisions import Decision, ResolutionReason
from domain.option_ballots import OptionBallot, checked_ballot
from domain.receipts import CastBallot, Receipt, lot_of
from domain.rules import EarlyClose, Rules, VotingSystem
from domain.tally import CastBy, Choice
from domain.verifications import verify
from tests.unit.receipting import (
    AGAINST,
    ENDS,
    FOR,
    RULES,
    SMALL,
    T0,
    VERIFIER,
    Member,
    edited,
    id_of,
    receipt_of,
    signed,
    signer_in,
    verified,
)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Ed25519Signer:
    return signer_in(tmp_path_factory.mktemp("dao"))


# what contradicts itself


ONE, OTHER = SMALL.ballots


def with_ballot(ballot: CastBallot) -> Receipt:
    return replace(SMALL, ballots=(ONE, ballot))


@pytest.mark.parametrize(
    ("receipt", "said"),
    [
        (replace(SMALL, ballots=(OTHER, ONE)), f"ballots is not sorted by id: {ONE.id} stands after {OTHER.id}."),
        (replace(SMALL, ballots=(ONE, ONE, OTHER)), f"{ONE.id} stands twice in ballots."),
        (
            replace(SMALL, places=SMALL.places[::-1]),
            f"electorate is not sorted by id: {id_of(2)} stands after {id_of(3)}.",
        ),
        (replace(SMALL, ballots=(ONE,)), "outcome.tally.against is 2, but the ballots give 0."),
        (with_ballot(replace(OTHER, id=id_of(9))), f"The ballot of {id_of(9)} is nobody's in the electorate."),
        (with_ballot(replace(OTHER, choice=FOR)), "outcome.tally.inFavour is 8, but the ballots give 10."),
        (
            with_ballot(replace(OTHER, cast_by=CastBy.DELEGATE)),
            f"The ballot of {OTHER.id} is not cast by MEMBER or TWIN.",
        ),
        (with_ballot(replace(OTHER, cast_by=CastBy.MEMBER)), "outcome.tally.byTwins is 2, but the ballots give 0."),
        (with_ballot(replace(OTHER, cast_at=ENDS)), f"The ballot of {OTHER.id} was not cast while voting ran."),
        (with_ballot(replace(OTHER, young=True)), "outcome.tally.youngAgainst is 0, but the ballots give 2."),
        (
            with_ballot(replace(OTHER, cast_at=ENDS - timedelta(seconds=30))),
            f"The ballot of {OTHER.id} is not marked young, but its member could not yet say otherwise.",
        ),
        (
            with_ballot(replace(OTHER, choice=None, options=OptionBallot(single=1))),
            f"The ballot of {OTHER.id} is no choice of BASIC.",
        ),
        (
            replace(SMALL, places=(replace(SMALL.places[0], to=id_of(9)), *SMALL.places[1:])),
            f"The weight of {id_of(0)} goes to {id_of(9)}, who is nobody else in the electorate.",
        ),
        (
            replace(SMALL, rules=replace(RULES, weighted=False)),
            f"{id_of(0)} weighs 5, but without weighted everybody weighs 1.",
        ),
        (replace(SMALL, rules=replace(RULES, voting_minutes=10)), "endsAt is not votingMinutes after startsAt."),
        (replace(SMALL, decided_at=T0 - timedelta(1)), "decidedAt is before startsAt."),
        (replace(SMALL, previous="0" * 64), "The first receipt, seq 0, has no previous one, and every other has."),
        (replace(SMALL, seq=1), "The first receipt, seq 0, has no previous one, and every other has."),
        (
            replace(SMALL, decided_at=ENDS - timedelta(minutes=1)),
            "The proposal was decided before its end, but its rules and ballots did not allow that.",
        ),
        (
            replace(SMALL, decision=Decision(passed=False, reason=ResolutionReason.NO_QUORUM)),
            "The outcome is failed with NO_QUORUM, but the ballots give passed with QUORUM_AND_MAJORITY.",
        ),
        (
            replace(SMALL, rules=replace(RULES, quorum_percent=95)),
            "The outcome is passed with QUORUM_AND_MAJORITY, but the ballots give failed with NO_QUORUM.",
        ),
        (replace(SMALL, subject=replace(SMALL.subject, options=2)), "BASIC has no 2 options."),
    ],
)
def test_a_contradiction_is_found_even_under_a_good_signature(
    signer: Ed25519Signer, receipt: Receipt, said: str
) -> None:
    assert said in verified(receipt, signer).mismatches


def test_only_a_proposal_with_an_action_may_fail_for_it(signer: Ed25519Signer) -> None:
    downgraded = replace(SMALL, decision=Decision(passed=False, reason=ResolutionReason.ACTION_NOT_APPLICABLE))
    assert verified(downgraded, signer).mismatches == (
        "The outcome is failed with ACTION_NOT_APPLICABLE, but the ballots give passed with QUORUM_AND_MAJORITY.",
    )
    assert verified(replace(downgraded, subject=replace(SMALL.subject, action=True)), signer).valid


# early closes


def early(rules: Rules, *members: Member) -> Receipt:
    return replace(receipt_of(members, rules=rules), decided_at=T0 + timedelta(minutes=90))


OWN = CastBy.MEMBER


def test_an_early_close_on_quorum_is_counted_as_it_was_decided(signer: Ed25519Signer) -> None:
    members = (Member(7, by=OWN, said=FOR), Member(3, by=OWN, said=AGAINST))
    rules = replace(RULES, early_close=EarlyClose.ON_QUORUM)
    assert verified(early(rules, *members), signer).valid
    assert not verified(early(replace(rules, minimum_voting_minutes=91), *members), signer).valid


def test_a_twin_s_young_ballot_closes_nothing(signer: Ed25519Signer) -> None:
    rules = replace(RULES, early_close=EarlyClose.ON_QUORUM, override_minutes=60)
    receipt = early(rules, Member(5, by=OWN, said=FOR), Member(5, by=CastBy.TWIN, said=FOR))
    young = replace(receipt.ballots[1], young=True)
    marked = replace(receipt, ballots=(receipt.ballots[0], young), tally=replace(receipt.tally, young_in_favour=5))
    assert verified(marked, signer).mismatches == (
        "The proposal was decided before its end, but its rules and ballots did not allow that.",
    )
    grown = replace(receipt, decided_at=T0 + timedelta(minutes=120))
    assert verified(grown, signer).valid


def test_what_was_certain_could_be_decided_early(signer: Ed25519Signer) -> None:
    rules = replace(RULES, early_close=EarlyClose.WHEN_DECIDED)
    certain = early(rules, Member(7, by=OWN, said=AGAINST), Member(3))
    failed = Decision(passed=False, reason=ResolutionReason.MAJORITY_IMPOSSIBLE)
    assert verified(replace(certain, decision=failed), signer).valid
    open_still = early(rules, Member(5, by=OWN, said=FOR), Member(4), Member(3, to=0))
    assert not verified(open_still, signer).valid


def test_an_option_that_led_by_more_than_was_open_could_be_chosen_early(signer: Ed25519Signer) -> None:
    rules, system = replace(RULES, early_close=EarlyClose.WHEN_DECIDED), VotingSystem.SINGLE_CHOICE
    members = [Member(7, by=OWN, said=OptionBallot(single=2)), Member(3)]
    receipt = receipt_of(members, system=system, options=3, rules=rules)
    assert receipt.decision == Decision(passed=True, reason=ResolutionReason.OPTION_CHOSEN, chosen_option=2)
    assert verified(replace(receipt, decided_at=T0 + timedelta(minutes=90)), signer).valid


# any election

OPTIONS = 4


@st.composite
def ballots(draw: st.DrawFn, system: VotingSystem) -> Choice | OptionBallot:
    if system is VotingSystem.BASIC:
        return draw(st.sampled_from(tuple(Choice)))
    numbers = st.lists(st.integers(1, OPTIONS), unique=True)
    match system:
        case VotingSystem.SINGLE_CHOICE:
            given_ = OptionBallot(single=draw(st.integers(1, OPTIONS)))
        case VotingSystem.APPROVAL:
            given_ = OptionBallot(approved=tuple(draw(numbers)))
        case VotingSystem.RANKED_SCHULZE | VotingSystem.RANKED_INSTANT_RUNOFF:
            given_ = OptionBallot(ranking=tuple(draw(numbers)))
        case VotingSystem.WEIGHTED | VotingSystem.QUADRATIC:
            shares = draw(st.lists(st.integers(1, 5), min_size=OPTIONS, max_size=OPTIONS))
            given_ = OptionBallot(shares=tuple(enumerate(shares, 1)))
    return checked_ballot(system, given_, OPTIONS)


@st.composite
def elections(draw: st.DrawFn) -> Receipt:
    system, size = draw(st.sampled_from(VotingSystem)), draw(st.integers(1, 8))
    members = []
    for at in range(size):
        to = draw(st.sampled_from([None, *(other for other in range(size) if other != at)]))
        by: CastBy | None = draw(st.sampled_from([None, CastBy.MEMBER, CastBy.TWIN]))
        member = Member(
            weight=draw(st.integers(1, 9)),
            to=to,
            twin_first=to is None or draw(st.booleans()),
            accepts_twin=draw(st.booleans()),
            by=by,
            said=draw(ballots(system)) if by else None,
            after=draw(st.integers(0, 4000)),
        )
        members.append(member)
    return receipt_of(members, system=system, options=0 if system is VotingSystem.BASIC else OPTIONS)


@settings(max_examples=1000, deadline=None)
@given(elections())
def test_any_election_is_valid_and_written_as_it_is_read(signer: Ed25519Signer, receipt: Receipt) -> None:
    assert verified(receipt, signer).mismatches == ()


@settings(max_examples=500, deadline=None)
@given(elections(), st.data())
def test_any_changed_ballot_or_weight_is_found(signer: Ed25519Signer, receipt: Receipt, data: st.DataObject) -> None:
    content = signed(receipt, signer)

    of_ballot = data.draw(st.booleans())

    def change(file: Any) -> None:  # noqa: ANN401  # JSON
        if receipt.ballots and of_ballot:
            ballot = data.draw(st.sampled_from(file["receipt"]["ballots"]))
            name = "choice" if "choice" in ballot else "ballot"
            said = ballots(receipt.subject.system).map(as_data)
            ballot[name] = data.draw(said.filter(lambda other: other != ballot[name]))
        else:
            place = data.draw(st.sampled_from(file["receipt"]["electorate"]))
            place["weight"] = data.draw(st.integers(1, 99).filter(lambda weight: bool(weight != place["weight"])))

    result = verify(edited(content, change), VERIFIER)
    assert result.stored is not None
    assert result.computed != result.stored
    assert not result.valid


def as_data(said: Choice | OptionBallot) -> object:
    return said.value if isinstance(said, Choice) else said.to_data()


@settings(max_examples=300, deadline=None)
@given(elections(), st.integers(1, 99))
def test_a_changed_weight_is_found_even_when_all_is_signed_anew(
    signer: Ed25519Signer, receipt: Receipt, more: int
) -> None:
    first, *others = receipt.places
    heavier = replace(receipt, places=(replace(first, weight=first.weight + more), *others))
    assert any("outcome.tally.eligible" in said for said in verified(heavier, signer).mismatches)


def test_a_lot_does_not_depend_on_the_order_of_ballots_but_on_each() -> None:
    one, other = SMALL.ballots
    assert lot_of([one, other]) == lot_of([other, one])
    assert lot_of([one]) != lot_of([one, other]) != lot_of([one, replace(other, choice=FOR)])
    assert lot_of([one, other]) == lot_of([one, replace(other, young=True)])
