"""What other stores should have of SQL's rows: ids and groups in slices, by key and never by offset."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select, tuple_
from sqlalchemy.orm import Mapped
from sqlmodel import col

from adapters.sql.chats import ChatMessageRow, ChatSessionRow
from adapters.sql.documents import DocumentRow
from adapters.sql.members import MemberRow
from adapters.sql.memories import MemoryRow
from adapters.sql.policies import PolicyRow
from adapters.sql.proposals import ProposalRow
from adapters.sql.reader import Reader
from adapters.sql.resolutions import ResolutionRow
from adapters.sql.topics import TopicRow
from adapters.sql.votes import VoteRow
from domain.chats import Sender
from domain.documents import IngestionStatus, Visibility
from domain.members import DAO_GROUP, member_group
from domain.proposals import Status
from domain.reconciliation import Kind

FAILED, DONE = IngestionStatus.FAILED.value, IngestionStatus.DONE.value
ORIGINAL = col(DocumentRow.duplicate_of).is_(None)
SPOKEN = exists().where(
    col(ChatMessageRow.session_id) == col(ChatSessionRow.id), col(ChatMessageRow.sender) == Sender.MEMBER.value
)
"""Looked up row by row, as the two below: a list of all would be made anew for every slice."""
PUBLISHED = col(ProposalRow.status) != Status.DRAFT.value
SEALED = exists().where(col(ProposalRow.id) == col(VoteRow.proposal_id), col(ProposalRow.hidden))
SHOWN = col(VoteRow.cast_at).is_not(None) & ~SEALED
READ = exists().where(col(DocumentRow.id) == col(MemoryRow.document_id), col(DocumentRow.status) == DONE)
REMEMBERED = or_(col(MemoryRow.document_id).is_(None), READ)

type Whose = Callable[[Sequence[Any]], str]
"""From a selected row, its id first, to its group."""
ALL: tuple[ColumnElement[bool], ...] = ()


class SqlRecords:
    """Port `Records`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def rows(self, kind: Kind, after: int, *, limit: int) -> list[int]:
        id, settled = SETTLED[kind]
        statement = select(id).where(id > after, *settled).order_by(id).limit(limit)
        return await self._reader(lambda session: list(session.scalars(statement)))

    async def of_member(self, kind: Kind, member_id: int, after: int, *, limit: int) -> list[int]:
        id, settled = SETTLED[kind]
        mine = select(id).where(id > after, OF_MEMBER[kind] == member_id, *settled).order_by(id).limit(limit)
        return await self._reader(lambda session: list(session.scalars(mine)))

    async def groups(self, kind: Kind, ids: Collection[int]) -> dict[int, str]:
        statement, group = OWNED[kind]
        wanted = statement.where(SETTLED[kind][0].in_(ids))
        found = await self._reader(lambda session: session.execute(wanted).all())
        return {row[0]: group(row) for row in found}

    async def blobs(self, after: int, *, limit: int) -> list[tuple[int, str, int]]:
        row = DocumentRow
        needed = select(col(row.id), col(row.member_id), col(row.sha256), col(row.bytes))
        needed = needed.where(col(row.id) > after, col(row.status) != FAILED).order_by(col(row.id)).limit(limit)
        found = await self._reader(lambda session: session.execute(needed).all())
        return [(id, f"{member_id}/{sha256}", size) for id, member_id, sha256, size in found]

    async def used_blobs(self, keys: Collection[str]) -> set[str]:
        pairs = [(int(owner), name) for owner, _, name in (key.partition("/") for key in keys) if owner.isdecimal()]
        place = tuple_(col(DocumentRow.member_id), col(DocumentRow.sha256))
        statement = select(DocumentRow).where(place.in_(pairs))
        found = await self._reader(lambda session: list(session.scalars(statement))) if pairs else []
        return {document.blob_key for row in found if (document := row.to_domain()).needs_bytes}


SETTLED: dict[Kind, tuple[Mapped[int], tuple[ColumnElement[bool], ...]]] = {
    Kind.MEMBER: (col(MemberRow.id), ALL),
    Kind.DOCUMENT: (col(DocumentRow.id), (ORIGINAL, col(DocumentRow.status) == DONE)),
    Kind.MEMORY: (col(MemoryRow.id), (REMEMBERED,)),
    Kind.SESSION: (col(ChatSessionRow.id), (SPOKEN,)),
    Kind.PROPOSAL: (col(ProposalRow.id), (PUBLISHED,)),
    Kind.VOTE: (col(VoteRow.id), (SHOWN,)),
    Kind.RESOLUTION: (col(ResolutionRow.id), ALL),
    Kind.POLICY: (col(PolicyRow.id), ALL),
    Kind.TOPIC: (col(TopicRow.id), ALL),
}

OF_MEMBER: dict[Kind, Mapped[int]] = {
    Kind.DOCUMENT: col(DocumentRow.member_id),
    Kind.SESSION: col(ChatSessionRow.member_id),
    Kind.PROPOSAL: col(ProposalRow.author_id),
    Kind.VOTE: col(VoteRow.member_id),
}


def constant(group: str) -> Whose:
    return lambda row: group


def of_member(row: Sequence[Any]) -> str:
    return member_group(row[1])


OWNED: dict[Kind, tuple[Select[*tuple[Any, ...]], Whose]] = {
    Kind.MEMBER: (select(col(MemberRow.id), col(MemberRow.id)), of_member),
    Kind.DOCUMENT: (
        select(col(DocumentRow.id), col(DocumentRow.member_id), col(DocumentRow.visibility)).where(
            ORIGINAL, col(DocumentRow.status) != FAILED
        ),
        lambda row: DAO_GROUP if row[2] == Visibility.DAO.value else member_group(row[1]),
    ),
    Kind.MEMORY: (select(col(MemoryRow.id), col(MemoryRow.group)), lambda row: row[1]),
    Kind.SESSION: (select(col(ChatSessionRow.id), col(ChatSessionRow.member_id)), of_member),
    Kind.PROPOSAL: (select(col(ProposalRow.id)).where(PUBLISHED), constant(DAO_GROUP)),
    Kind.VOTE: (select(col(VoteRow.id)).where(SHOWN), constant(DAO_GROUP)),
    Kind.RESOLUTION: (select(col(ResolutionRow.id)), constant(DAO_GROUP)),
    Kind.POLICY: (select(col(PolicyRow.id)), constant(DAO_GROUP)),
    Kind.TOPIC: (select(col(TopicRow.id)), constant("")),
}
"""Of each kind what another store may have, and whose it is there."""
