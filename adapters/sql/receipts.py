"""Receipts: what is kept of them, and their content as the record holds it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.departures import departures_in
from adapters.sql.naming import Row, table_of
from adapters.sql.pages import rows_of
from adapters.sql.proposals import ProposalRow
from adapters.sql.reader import Reader
from adapters.sql.resolutions import ResolutionRow
from adapters.sql.types import time_field
from adapters.sql.votes import BallotRow, VoteRow
from domain.decisions import Decision
from domain.option_ballots import OptionBallot
from domain.receipts import CastBallot, Place, Receipt, Sealed, Subject, opaque_id
from domain.resolutions import Resolution
from domain.tally import CastBy, Choice
from domain.votes import YOUNG


class ReceiptRow(Row, table=True):
    __tablename__ = "receipt"

    resolution_id: int = Field(primary_key=True, foreign_key="resolution.id")
    seq: int = Field(unique=True)
    hash: str
    previous: str | None = None
    signature: str
    sealed_at: datetime = time_field()
    transaction_id: str

    def to_domain(self) -> Sealed:
        return Sealed(self.resolution_id, self.seq, self.hash, self.previous, self.signature)


VOTES, BALLOTS = table_of(VoteRow), table_of(BallotRow)
NEWEST = select(ReceiptRow).order_by(col(ReceiptRow.seq).desc()).limit(1)


class SqlReceipts:
    """Port `Receipts`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._session = session
        self._transaction_id = transaction_id

    def last(self) -> Sealed | None:
        row = self._session.scalars(NEWEST.execution_options(populate_existing=True)).first()
        return row.to_domain() if row else None

    def add(self, sealed: Sealed, *, at: datetime) -> None:
        row = ReceiptRow(
            resolution_id=sealed.resolution_id,
            seq=sealed.seq,
            hash=sealed.hash,
            previous=sealed.previous,
            signature=sealed.signature,
            sealed_at=at,
            transaction_id=self._transaction_id,
        )
        self._session.add(row)
        self._session.flush()


class SqlReceiptReads:
    """Port `ReceiptReads`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def last(self) -> Sealed | None:
        return next((row.to_domain() for row in await rows_of(self._reader, NEWEST)), None)

    async def by_resolutions(self, resolution_ids: list[int]) -> dict[int, Sealed]:
        wanted = select(ReceiptRow).where(col(ReceiptRow.resolution_id).in_(resolution_ids))
        return {row.resolution_id: row.to_domain() for row in await rows_of(self._reader, wanted)}

    async def by_seq(self, seq: int) -> Sealed | None:
        rows = await rows_of(self._reader, select(ReceiptRow).where(col(ReceiptRow.seq) == seq))
        return next((row.to_domain() for row in rows), None)

    async def resolution_at(self, seq: int) -> int | None:
        wanted = select(ResolutionRow).where(col(ResolutionRow.seq) == seq)
        return next((row.id for row in await rows_of(self._reader, wanted)), None)

    async def receipt(self, resolution_id: int, *, previous: str | None) -> Receipt | None:
        return await self._reader(lambda session: receipt_in(session, resolution_id, previous=previous))

    async def departures(self, resolution_id: int) -> list[str]:
        return await self._reader(lambda session: departures_in(session, resolution_id))


def receipt_in(session: Session, resolution_id: int, *, previous: str | None) -> Receipt | None:
    """Nothing that it reads changes once a proposal is resolved."""
    found = session.get(ResolutionRow, resolution_id)
    if found is None:
        return None
    row, resolution = session.get_one(ProposalRow, found.proposal_id), found.to_domain()
    places = session.execute(PLACES.where(VOTES.c.proposal_id == row.id)).all()
    ids = _ids(row, places)
    ballots = [_ballot(place, ids) for place in places if place.cast_by is not None]
    return Receipt(
        seq=resolution.seq,
        previous=previous,
        subject=_subject(row, resolution),
        rules=resolution.rules,
        places=tuple(sorted((_place(place, ids) for place in places), key=lambda place: place.id)),
        ballots=tuple(sorted(ballots, key=lambda ballot: ballot.id)),
        decided_at=resolution.decided_at,
        decision=Decision(resolution.passed, resolution.reason, resolution.chosen_option),
        tally=resolution.tally,
    )


PLACES = select(
    VOTES.c.member_id,
    VOTES.c.weight,
    VOTES.c.delegate_id,
    VOTES.c.twin_first,
    VOTES.c.accepts_twin,
    VOTES.c.twin,
    BALLOTS.c.revision,
    BALLOTS.c.choice,
    BALLOTS.c.options,
    BALLOTS.c.cast_by,
    BALLOTS.c.cast_at,
).join_from(VOTES, BALLOTS, and_(BALLOTS.c.vote_id == VOTES.c.id, BALLOTS.c.revision == VOTES.c.revision), isouter=True)
"""Each member of the electorate with the last ballot that was cast there: what a delegate said for it is left out."""


def cast_in(session: Session, proposal_id: int) -> Sequence[CastBallot]:
    """The last ballots that were cast on a proposal, by opaque id: what a lot is drawn from, then and later."""
    cast = PLACES.where(VOTES.c.proposal_id == proposal_id, VOTES.c.revision > 0)
    places = session.execute(cast).all()
    ids = _ids(session.get_one(ProposalRow, proposal_id), places)
    return sorted((_ballot(place, ids) for place in places), key=lambda ballot: ballot.id)


def _ids(row: ProposalRow, places: Sequence[Any]) -> dict[int, str]:
    """Opaque ids by member."""
    if row.salt is None:
        raise ValueError(f"Proposal {row.id} has no salt, which it gets when voting starts.")
    return {place.member_id: opaque_id(row.salt, place.member_id) for place in places}


def _subject(row: ProposalRow, resolution: Resolution) -> Subject:
    proposal = row.to_domain()
    if proposal.starts_at is None or proposal.ends_at is None:
        raise ValueError(f"Proposal {row.id} is resolved without a window.")
    return Subject(
        number=proposal.number,
        content_hash=proposal.draft.content_hash(resolution.rules),
        system=proposal.system,
        action=proposal.draft.action is not None,
        options=len(proposal.draft.options),
        starts_at=proposal.starts_at,
        ends_at=proposal.ends_at,
    )


def _place(row: Any, ids: dict[int, str]) -> Place:  # noqa: ANN401  # a row of PLACES
    to = None if row.delegate_id is None else ids[row.delegate_id]
    return Place(ids[row.member_id], row.weight, to, row.twin_first, row.accepts_twin)


def _ballot(row: Any, ids: dict[int, str]) -> CastBallot:  # noqa: ANN401  # a row of PLACES
    by = CastBy(row.cast_by)
    return CastBallot(
        id=ids[row.member_id],
        revision=row.revision,
        cast_by=by,
        cast_at=row.cast_at,
        choice=Choice(row.choice) if row.choice else None,
        options=OptionBallot.from_data(row.options) if row.options else None,
        young=by is CastBy.TWIN and row.twin is not None and row.twin >= YOUNG,
    )
