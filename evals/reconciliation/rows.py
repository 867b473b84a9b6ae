"""A record of any size in SQL: a small DAO, made by the product's own commands, and shifted copies of all its rows."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    String,
    Table,
    case,
    cast,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.sql.memories import MemoryRow
from adapters.sql.naming import table_of
from adapters.sql.outbox_rows import OutboxRow
from adapters.sql.reader import Reader
from adapters.sql.tables import METADATA
from adapters.sql.writer import Writer
from domain.actions import EnactPolicy
from domain.documents import IngestionStatus, Upload, Visibility
from domain.drafts import Edit
from domain.entities import Mention
from domain.members import DAO_GROUP, Viewer, member_group
from domain.memories import ByteRange, MemoryDomain, MemoryKind, NewMemory
from domain.rules import Rules, RulesChoice
from domain.tally import Choice
from domain.transactions import Work
from evals.hall import Hall
from services.chats import said
from services.votes import Said

MEMBERS, DOCUMENTS, PASSAGES, CHATS = 10, 20, 20, 2
"""Of the small DAO; documents and chats a member, passages a document."""
COPIED = (
    *("member", "document", "document_topic", "entity_mention", "chat_session", "chat_message", "memory"),
    *("proposal", "proposal_topic", "vote", "ballot", "resolution", "policy", "policy_subject"),
)
"""In the order of their foreign keys. What they point to beside these, as topics are, all copies share."""
PASSAGE = "The kiln beside the north gate was fired in spring, and whoever keeps its log wrote down each cone. " * 2
STATED = "Quillon Marbrook repairs the kiln of Tessaly Works."
TURN = "I prefer walnut shelves over steel. My cousin Zdenka repairs violins in Brno."
MEMORY = table_of(MemoryRow)
MEMBERS_GROUP = member_group(0).removesuffix("0")
MOST = 1_000
"""Proposals and resolutions of the small DAO, rounded up: their numbers are unique."""
FILE = b"What was uploaded."
FILE_NAME = hashlib.sha256(FILE).hexdigest()


async def small(hall: Hall) -> None:
    """Ten members with everything that a row can be: 4,400 of them that other stores should have."""
    await hall.found(Rules())
    seated = await hall.seat([1] * MEMBERS)
    for viewer in seated:
        await hall.transact(partial(written, viewer=viewer))
        name = f"Quiet nights {viewer.member_id}"
        action = EnactPolicy(name, "Nobody runs the mill after ten.")
        edit = Edit(name, "So that all sleep.", ["noise"], RulesChoice(quorum_percent=60), action=action)
        proposal_id = int((await hall.proposals.create(viewer, edit))["proposal"] or 0)
        await hall.proposals.open(viewer, proposal_id)
        await hall.proposals.start(viewer, proposal_id)
        for voter in seated[: 6 if viewer.member_id % 2 else 3]:  # six of ten decide
            await hall.votes.cast(voter, proposal_id, Said(Choice.FOR, reason="I sleep."))
    await hall.writer(_shown)


def written(work: Work, viewer: Viewer) -> None:
    topics = work.topics.ensure(["kilns", "shelves"])
    for number in range(DOCUMENTS):
        seen = Visibility.DAO if number % 5 == 0 else Visibility.PRIVATE
        upload = Upload(f"{number}.md", "text/markdown", len(FILE), FILE_NAME, seen)
        document = work.documents.add(viewer.member_id, upload, duplicate_of=None, at=work.now())
        work.memories.add_batch([passage(viewer, document.id, n, seen) for n in range(PASSAGES)], at=work.now())
        mentions = [each for n in range(PASSAGES) for each in mentioned(n * len(PASSAGE + STATED))]
        work.documents.save_mentions(document.id, mentions)
        work.documents.save(replace(document, status=IngestionStatus.DONE, progress=1.0, topic_ids=topics))
    for _ in range(CHATS):
        session = work.chats.start(viewer.member_id, "Shelves", at=work.now())
        said(work, viewer, session, TURN)
        said(work, viewer, session, TURN)


def passage(viewer: Viewer, document_id: int, number: int, seen: Visibility) -> NewMemory:
    start = number * len(PASSAGE + STATED)
    return NewMemory(
        member_id=viewer.member_id,
        group=DAO_GROUP if seen is Visibility.DAO else viewer.group,
        domain=MemoryDomain.DOC,
        kind=MemoryKind.FACT,
        source="kiln.md",
        text=PASSAGE + STATED,
        importance=0.5,
        position=number,
        document_id=document_id,
        byte_range=ByteRange(start, start + len(PASSAGE + STATED)),
    )


def mentioned(start: int) -> list[Mention]:
    """In the passage that begins there, the two of its statement."""
    found = []
    for name, kind in (("Quillon Marbrook", "PERSON"), ("Tessaly Works", "ORG")):
        at = start + len(PASSAGE) + STATED.index(name)
        found.append(Mention(name, kind, at, at + len(name), "bench"))
    return found


def _shown(session: Session) -> None:
    session.execute(update(OutboxRow).values(done_at=func.coalesce(col(OutboxRow.done_at), col(OutboxRow.created_at))))


async def multiplied(reader: Reader, writer: Writer, copies: int) -> None:
    """The small DAO's rows that many times in all, each copy's ids behind the last one's."""
    spans = await reader(_spans)
    for number in range(1, copies):
        await writer(partial(_copied, spans=spans, number=number))
    await writer(lambda session: session.execute(text("ANALYZE")))


def _spans(session: Session) -> dict[str, int]:
    tables = (METADATA.tables[name] for name in COPIED)
    return {table.name: session.scalar(select(func.max(table.c.id))) or 0 for table in tables if "id" in table.c}


def _copied(session: Session, spans: Mapping[str, int], number: int) -> None:
    for name in COPIED:
        table = METADATA.tables[name]
        values = {column.name: _moved(column, spans, number) for column in table.columns}
        mine = select(*values.values()).where(_first(table, spans))
        session.execute(insert(table).from_select(list(values), mine))


def _first(table: Table, spans: Mapping[str, int]) -> ColumnElement[bool]:
    """The small DAO's own rows: by id, or by the first key that counts rows of a copied table."""
    for column in table.columns:
        whose = _whose(column)
        if whose in spans and not column.nullable:
            return column <= spans[whose]
    raise LookupError(table.name)


def _whose(column: Column[Any]) -> str:
    """The table whose rows a column counts; empty for none."""
    if column.name == "id":
        return column.table.name
    return next((key.column.table.name for key in column.foreign_keys), "")


def _moved(column: Column[Any], spans: Mapping[str, int], number: int) -> ColumnElement[Any]:
    """What the column holds in that copy."""
    if whose := _whose(column):
        return column + number * spans.get(whose, 0)
    if column is MEMORY.c.group:
        member = cast(MEMORY.c.member_id + number * spans["member"], String)
        return case((column == DAO_GROUP, column), else_=literal(MEMBERS_GROUP) + member).label("group")
    if column.unique:
        return column + number * MOST if isinstance(column.type, Integer) else column + literal(f"-{number}")
    return column


def filed(folder: Path, members: int) -> None:
    """Every member's one file: all its documents are copies of the same bytes."""
    for member_id in range(1, members + 1):
        (folder / str(member_id)).mkdir(parents=True)
        (folder / str(member_id) / FILE_NAME).write_bytes(FILE)
