"""Reading what is shown of a decided proposal, to hold it against its ballots."""

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.sql.proposals import ProposalRow
from adapters.sql.resolutions import ResolutionRow
from adapters.sql.votes import CAST, VOTES, VoteRow, cast_in
from domain.departures import Record, departures
from domain.votes import edges_of, slots_of


def departures_in(session: Session, resolution_id: int) -> list[str]:
    """In what the shown record departs from the ballots."""
    resolution = session.get_one(ResolutionRow, resolution_id)
    proposal = session.get_one(ProposalRow, resolution.proposal_id).to_domain()
    cast = [cast_in(row) for row in session.execute(CAST.where(VOTES.c.proposal_id == proposal.id))]
    places = list(session.scalars(select(VoteRow).where(col(VoteRow.proposal_id) == proposal.id)))
    slots = slots_of(proposal.system)
    record = Record(
        proposal,
        resolution.to_domain(),
        shown=[place.to_domain() for place in places if place.cast_at],
        cast={vote.ballot.member_id: vote for vote in cast},
        edges=edges_of(place.to_node(slots) for place in places),
    )
    return list(departures(record))
