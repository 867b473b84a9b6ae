"""Votes as members may read them: those of a hidden proposal are sealed until its close, but for one's own."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Select, or_, select, tuple_
from sqlmodel import col

from adapters.sql.pages import Order, Parents, page_of, pages_of, rows_of
from adapters.sql.proposals import ProposalRow
from adapters.sql.reader import Reader
from adapters.sql.votes import CAST, VOTES, BallotRow, VoteRow, ballot_of, cast_in
from domain.chains import chain_of, via
from domain.elections import Election
from domain.members import Viewer
from domain.pages import Page, Slice
from domain.proposals import Proposal
from domain.receipts import drawn
from domain.rules import VotingSystem
from domain.tally import CastBy
from domain.votes import Vote, VoteFilter, edges_of, election_of, slots_of

FIRST_CAST = [Order(col(VoteRow.cast_at)), Order(col(VoteRow.id))]
type Places = dict[tuple[int, int], VoteRow]
"""Rows by proposal and member."""


class SqlVoteReads:
    """Port `VoteReads`. Votes exist from VOTING on, when every member sees the proposal."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def by_ids(self, viewer: Viewer, ids: list[int]) -> dict[int, Vote]:
        rows = await rows_of(self._reader, readable_by(viewer).where(col(VoteRow.id).in_(ids)))
        return {row.id: row.to_domain() for row in rows}

    async def own(self, viewer: Viewer, proposal_ids: list[int]) -> dict[int, Vote]:
        places = await self._chains(viewer.member_id, proposal_ids)
        sealed = await self._sealed(proposal_ids)
        found: dict[int, Vote] = {}
        for proposal_id in proposal_ids:
            row = places.get((proposal_id, viewer.member_id))
            if row is not None and (vote := own_of(row, places)):
                derived = vote.ballot.cast_by is CastBy.DELEGATE
                found[proposal_id] = without_choice(vote) if derived and proposal_id in sealed else vote
        return found

    async def page(self, viewer: Viewer, wanted: Slice, where: VoteFilter) -> Page[Vote]:
        return await page_of(
            self._reader, readable_by(viewer).where(*conditions(where)), FIRST_CAST, wanted, VoteRow.to_domain
        )

    async def pages(self, viewer: Viewer, wanted: Slice, proposal_ids: list[int]) -> dict[int, Page[Vote]]:
        proposals = Parents(col(VoteRow.proposal_id), proposal_ids)
        return await pages_of(self._reader, readable_by(viewer), proposals, FIRST_CAST, wanted, VoteRow.to_domain)

    async def power(self, viewer: Viewer, proposal_ids: list[int]) -> dict[int, int]:
        mine = select(VoteRow).where(
            col(VoteRow.member_id) == viewer.member_id, col(VoteRow.proposal_id).in_(proposal_ids)
        )
        rows = await rows_of(self._reader, mine)
        return {row.proposal_id: row.power for row in rows}

    async def chains(self, viewer: Viewer, proposal_ids: list[int]) -> dict[int, list[int]]:
        places = await self._chains(viewer.member_id, proposal_ids)
        return {
            proposal_id: chain_in(places, proposal_id, viewer.member_id)
            for proposal_id in proposal_ids
            if (proposal_id, viewer.member_id) in places
        }

    async def carried(self, viewer: Viewer, proposal_ids: list[int]) -> dict[int, bool]:
        mine = select(VoteRow).where(
            col(VoteRow.member_id) == viewer.member_id,
            col(VoteRow.proposal_id).in_(proposal_ids),
            col(VoteRow.delegation_id).is_not(None),
        )
        return {row.proposal_id: row.delegate_id is not None for row in await rows_of(self._reader, mine)}

    async def of_proposals(self, proposal_ids: list[int]) -> dict[int, list[Vote]]:
        cast = select(VoteRow).where(col(VoteRow.proposal_id).in_(proposal_ids), col(VoteRow.cast_at).is_not(None))
        found: dict[int, list[Vote]] = {}
        for row in await rows_of(self._reader, cast):
            found.setdefault(row.proposal_id, []).append(row.to_domain())
        return found

    async def elections(self, proposals: Sequence[Proposal]) -> dict[int, Election]:
        ids = [proposal.id for proposal in proposals]
        places: dict[int, list[VoteRow]] = {id: [] for id in ids}
        for row in await rows_of(self._reader, select(VoteRow).where(col(VoteRow.proposal_id).in_(ids))):
            places[row.proposal_id].append(row)
        votes: dict[int, list[Vote]] = {id: [] for id in ids}
        cast = CAST.where(VOTES.c.proposal_id.in_(ids))
        for said in await self._reader(lambda session: session.execute(cast).all()):
            votes[said.proposal_id].append(cast_in(said))
        return {proposal.id: election_in(proposal, places[proposal.id], votes[proposal.id]) for proposal in proposals}

    async def cast_by_ids(self, ids: list[int]) -> dict[int, Vote]:
        cast = select(VoteRow).where(col(VoteRow.id).in_(ids), col(VoteRow.cast_at).is_not(None))
        return {row.id: row.to_domain() for row in await rows_of(self._reader, cast)}

    async def revisions(self, vote_ids: list[int]) -> dict[int, list[Vote]]:
        votes = {
            row.id: row for row in await rows_of(self._reader, select(VoteRow).where(col(VoteRow.id).in_(vote_ids)))
        }
        ballots = select(BallotRow).where(col(BallotRow.vote_id).in_(vote_ids))
        found: dict[int, list[Vote]] = {}
        for ballot in await rows_of(self._reader, ballots.order_by(col(BallotRow.vote_id), col(BallotRow.revision))):
            found.setdefault(ballot.vote_id, []).append(revision_of(votes[ballot.vote_id], ballot))
        return found

    async def _sealed(self, proposal_ids: list[int]) -> set[int]:
        hidden = select(ProposalRow).where(col(ProposalRow.id).in_(proposal_ids), col(ProposalRow.hidden))
        return {row.id for row in await rows_of(self._reader, hidden)}

    async def _chains(self, member_id: int, proposal_ids: Iterable[int]) -> Places:
        """The member's places and, where it has cast no ballot, everyone whom its weight can reach: a read a step."""
        places: Places = {}
        wanted = {(proposal_id, member_id) for proposal_id in proposal_ids}
        while wanted:
            key = tuple_(col(VoteRow.proposal_id), col(VoteRow.member_id))
            rows = await rows_of(self._reader, select(VoteRow).where(key.in_(sorted(wanted))))
            places |= {(row.proposal_id, row.member_id): row for row in rows}
            wanted = {
                (row.proposal_id, row.delegate_id) for row in rows if row.delegate_id is not None and row.own is None
            } - places.keys()
        return places


def readable_by(viewer: Viewer) -> Select[VoteRow]:
    """Votes with a ballot that is not sealed, and the viewer's own."""
    mine = col(VoteRow.member_id) == viewer.member_id
    of_proposal = select(VoteRow).join(ProposalRow, col(ProposalRow.id) == col(VoteRow.proposal_id))
    return of_proposal.where(col(VoteRow.cast_at).is_not(None), or_(mine, col(ProposalRow.hidden).is_(False)))


def conditions(where: VoteFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.member_id is not None:
        found.append(col(VoteRow.member_id) == where.member_id)
    if where.proposal_id is not None:
        found.append(col(VoteRow.proposal_id) == where.proposal_id)
    if where.cast_by is not None:
        found.append(col(VoteRow.cast_by) == where.cast_by.value)
    if where.cast_after is not None:
        found.append(col(VoteRow.cast_at) > where.cast_after)
    return found


def own_of(row: VoteRow, places: Places) -> Vote | None:
    """The ballot that stands for a member: in a scope a delegate's comes before the member's twin's."""
    final = row.own is not None or row.cast_by == CastBy.DELEGATE.value  # written at the close
    standing = None if final else derived_of(row, places)
    return standing or (row.to_domain() if row.cast_at else None)


def derived_of(row: VoteRow, places: Places) -> Vote | None:
    """What a delegate says for this member while voting runs."""
    nodes = [
        place.to_node(slots_of(VotingSystem.BASIC)) for place in places.values() if place.proposal_id == row.proposal_id
    ]
    edges = edges_of(nodes)
    members = {node.member_id for node in nodes if node.own is not None}
    stands = chain_of(
        edges, row.member_id, members=members, twins={node.member_id for node in nodes if node.twin is not None}
    )
    if stands is None or stands.voter == row.member_id:
        return None
    said = places[(row.proposal_id, stands.voter)]
    if said.cast_at is None:
        return None
    ballot = replace(ballot_of(row, said), cast_by=CastBy.DELEGATE, reason=None, confidence=None)
    return Vote(row.id, 0, ballot, said.cast_at, said.transaction_id, via(edges, row.member_id, stands))


def election_in(proposal: Proposal, places: Sequence[VoteRow], votes: Sequence[Vote]) -> Election:
    nodes = [place.to_node(slots_of(proposal.system)) for place in places]
    lot = b"" if proposal.running else drawn(proposal, votes)
    return election_of(proposal, nodes, votes, lot)


def chain_in(places: Places, proposal_id: int, member_id: int) -> list[int]:
    """The member and whom its weight can reach, up to the first own ballot."""
    found: dict[int, None] = {}
    row = places.get((proposal_id, member_id))
    while row is not None and row.member_id not in found:
        found[row.member_id] = None
        if row.own is not None or row.delegate_id is None:
            break
        row = places.get((proposal_id, row.delegate_id))
    return list(found)


def without_choice(vote: Vote) -> Vote:
    """That a delegate voted, not how."""
    return replace(vote, ballot=replace(vote.ballot, choice=None, options=None))


def revision_of(vote: VoteRow, ballot: BallotRow) -> Vote:
    """The vote as it stood with that ballot."""
    return Vote(vote.id, ballot.revision, ballot_of(vote, ballot), ballot.cast_at, ballot.transaction_id)
