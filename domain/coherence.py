"""What of a receipt does not hang together, so that there is nothing to count."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from domain.drafts import MAX_OPTIONS, MIN_OPTIONS
from domain.errors import BadInput
from domain.option_ballots import checked_ballot
from domain.receipts import CastBallot, Receipt
from domain.rules import VotingSystem
from domain.tally import CastBy


def incoherent(receipt: Receipt) -> list[str]:
    """A sentence each; empty when the receipt can be counted."""
    return [*_places(receipt), *_kind(receipt), *_ballots(receipt), *_window(receipt)]


def _places(receipt: Receipt) -> Iterator[str]:
    ids = [place.id for place in receipt.places]
    yield from _order(ids, "electorate")
    known = set(ids)
    for place in receipt.places:
        if place.to is not None and (place.to not in known or place.to == place.id):
            yield f"The weight of {place.id} goes to {place.to}, who is nobody else in the electorate."
        if place.weight != 1 and not receipt.rules.weighted:
            yield f"{place.id} weighs {place.weight}, but without weighted everybody weighs 1."


def _order(ids: list[str], what: str) -> Iterator[str]:
    for before, after in pairwise(ids):
        if before == after:
            yield f"{after} stands twice in {what}."
        elif before > after:
            yield f"{what} is not sorted by id: {after} stands after {before}."


def _ballots(receipt: Receipt) -> Iterator[str]:
    yield from _order([ballot.id for ballot in receipt.ballots], "ballots")
    known = {place.id for place in receipt.places}
    for ballot in receipt.ballots:
        if ballot.id not in known:
            yield f"The ballot of {ballot.id} is nobody's in the electorate."
        if ballot.cast_by is CastBy.DELEGATE:
            yield f"The ballot of {ballot.id} is not cast by MEMBER or TWIN."
        yield from _said(receipt, ballot)
        yield from _timely(receipt, ballot)


def _kind(receipt: Receipt) -> Iterator[str]:
    basic, options = receipt.subject.system is VotingSystem.BASIC, receipt.subject.options
    if not (options == 0 if basic else MIN_OPTIONS <= options <= MAX_OPTIONS):
        yield f"{receipt.subject.system} has no {options} options."
    if receipt.subject.action and not basic:
        yield f"{receipt.subject.system} carries no action."


def _said(receipt: Receipt, ballot: CastBallot) -> Iterator[str]:
    system = receipt.subject.system
    if system is VotingSystem.BASIC:
        if ballot.choice is None:
            yield f"The ballot of {ballot.id} is no choice of BASIC."
        return
    try:
        if checked_ballot(system, ballot.options, receipt.subject.options) != ballot.options:
            yield f"The ballot of {ballot.id} does not list its options in order."
    except BadInput as error:
        yield f"The ballot of {ballot.id} is not valid: {error}"


def _timely(receipt: Receipt, ballot: CastBallot) -> Iterator[str]:
    begins, ends = receipt.subject.starts_at, receipt.subject.ends_at
    if not begins <= ballot.cast_at < ends or ballot.cast_at > receipt.decided_at:
        yield f"The ballot of {ballot.id} was not cast while voting ran."
    grown = receipt.decided_at - ballot.cast_at >= timedelta(minutes=receipt.rules.override_minutes)
    may_be_young = ballot.cast_by is CastBy.TWIN and receipt.subject.system is VotingSystem.BASIC
    if ballot.young and not may_be_young:
        yield f"The ballot of {ballot.id} is young, which only a twin's in BASIC can be."
    if may_be_young and not ballot.young and not grown:
        yield f"The ballot of {ballot.id} is not marked young, but its member could not yet say otherwise."


def _window(receipt: Receipt) -> Iterator[str]:
    subject = receipt.subject
    if subject.ends_at - subject.starts_at != timedelta(minutes=receipt.rules.voting_minutes):
        yield "endsAt is not votingMinutes after startsAt."
    if receipt.decided_at < subject.starts_at:
        yield "decidedAt is before startsAt."
    if (receipt.seq == 0) != (receipt.previous is None):
        yield "The first receipt, seq 0, has no previous one, and every other has."
