"""What is shown of a decided proposal, held against the ballots that decided it.

A receipt is made of ballots and a resolution. Members read votes and proposals, which repeat some of that for speed: a
record in which only these were rewritten has a valid receipt, and would show another outcome.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from domain.chains import standing, via
from domain.delegations import Edge
from domain.proposals import Proposal, Status
from domain.resolutions import Resolution
from domain.tally import CastBy
from domain.votes import Vote

SHOWN_AS = {True: (Status.PASSED, Status.IMPLEMENTED), False: (Status.FAILED,)}


class Record(NamedTuple):
    """`shown`: the votes as they are read; `cast`: by member the last ballot that was cast; `edges`: as frozen."""

    proposal: Proposal
    resolution: Resolution
    shown: Sequence[Vote]
    cast: Mapping[int, Vote]
    edges: Mapping[int, Edge]


def departures(record: Record) -> Iterator[str]:
    """Empty while what is shown is what was decided; names no member. A giver's vote may not be written yet."""
    proposal, resolution = record.proposal, record.resolution
    if proposal.status not in SHOWN_AS[resolution.passed]:
        yield f"The proposal is shown as {proposal.status}, but its resolution {_told(resolution)}."
    if proposal.tally != resolution.tally:
        yield "The proposal is shown with another tally than its resolution has."
    allowed = _allowed(record)
    wrong = sum(_words(vote) not in allowed.get(vote.ballot.member_id, ()) for vote in record.shown)
    if wrong:
        yield f"{wrong} of the votes that are shown say something else than the ballots."


def _told(resolution: Resolution) -> str:
    return "passed" if resolution.passed else "failed"


def _allowed(record: Record) -> dict[int, list[object]]:
    """What each member's vote may say: its own ballot, and in its place what a delegate said for it."""
    cast, edges = record.cast, record.edges
    found: dict[int, list[object]] = {member: [_words(vote)] for member, vote in cast.items()}
    members = {member for member, vote in cast.items() if vote.ballot.cast_by is CastBy.MEMBER}
    for member, stands in standing(edges, members=members, twins=cast.keys() - members).items():
        if stands.voter != member:
            said = cast[stands.voter]
            ballot = replace(said.ballot, cast_by=CastBy.DELEGATE)
            derived = replace(said, ballot=ballot, via=via(edges, member, stands))
            found.setdefault(member, []).append(_words(derived))
    return found


def _words(vote: Vote) -> object:
    """What a reader is told of it."""
    ballot = vote.ballot
    return ballot.choice, ballot.options, ballot.cast_by, vote.cast_at, vote.via
