"""Whether every store holds what SQL says, once, and nothing else: read from the stores themselves."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from adapters.memory.falkordb_client import FalkorClient
from adapters.memory.search import Row
from adapters.sql.chats import ChatMessageRow, ChatSessionRow
from adapters.sql.documents import DocumentRow
from adapters.sql.members import MemberRow
from adapters.sql.memories import MemoryRow
from adapters.sql.outbox_rows import OutboxRow
from adapters.sql.proposals import ProposalRow
from adapters.sql.receipts import ReceiptRow
from adapters.sql.resolutions import ResolutionRow
from adapters.sql.votes import BallotRow, VoteRow
from domain.documents import IngestionStatus
from domain.members import DAO_GROUP, member_group
from domain.projections import fact_id
from domain.proposals import Status
from evals.crashes.system import System

MEMORIES = "memories"
NODES = "MATCH (n:Entity) RETURN n.key AS key, labels(n) AS labels, n.status AS status, n.open AS open"
FACTS = """MATCH ()-[e:RELATES_TO]->() RETURN e.uuid AS uuid, e.name AS name, e.fact AS fact, e.source AS source,
    e.valid_at AS valid_at"""
VECTORS = "MATCH (m:MemoryVector) RETURN m.memory_id AS id, m.user_id AS group, m.data AS data"
DECIDED = (Status.PASSED.value, Status.FAILED.value)


@dataclass(frozen=True, slots=True)
class Truth:
    """The rows of SQL."""

    members: list[MemberRow]
    documents: list[DocumentRow]
    memories: list[MemoryRow]
    sessions: list[ChatSessionRow]
    messages: list[ChatMessageRow]
    proposals: list[ProposalRow]
    votes: list[VoteRow]
    ballots: list[BallotRow]
    resolutions: list[ResolutionRow]
    receipts: list[ReceiptRow]
    outbox: list[OutboxRow]


def truth(session: Session) -> Truth:
    def every[R: SQLModel](row: type[R]) -> list[R]:
        return list(session.scalars(select(row)))

    return Truth(
        every(MemberRow),
        every(DocumentRow),
        every(MemoryRow),
        every(ChatSessionRow),
        every(ChatMessageRow),
        every(ProposalRow),
        every(VoteRow),
        every(BallotRow),
        every(ResolutionRow),
        every(ReceiptRow),
        every(OutboxRow),
    )


async def stores(system: System) -> list[str]:
    """What is doubled, orphaned or missing anywhere."""
    rows = await system.reader(truth)
    graphs = await asyncio.to_thread(read_graphs, system.graph_url)
    vectors = graphs.pop(MEMORIES, ([], []))[0]
    wrong = [*records(rows), *blobs(rows, system), *memories(rows, vectors), *nodes(rows, graphs)]
    return (
        wrong
        + [each for group, (_, facts) in graphs.items() for each in doubled_facts(group, facts)]
        + [*facts_of(rows, graphs)]
    )


def read_graphs(url: str) -> dict[str, tuple[list[Row], list[Row]]]:
    """Nodes and facts by group; under MEMORIES the vectors."""
    first = FalkorClient(url, MEMORIES)
    found = {MEMORIES: (first.read(VECTORS), list[Row]())}
    for name in first.execute_command("GRAPH.LIST"):  # type: ignore[no-untyped-call]  # ships few types
        if name == DAO_GROUP or name.startswith(member_group(0)[:-1]):
            client = FalkorClient(url, name)
            found[name] = client.read(NODES), client.read(FACTS)
            client.close()
    first.close()
    return found


def records(rows: Truth) -> Iterator[str]:
    """What SQL alone tells."""
    yield from (f"job {row.name} {row.id} {row.args} was given up: {row.error}" for row in rows.outbox if row.dead_at)
    yield from doubled("resolution of proposal", (row.proposal_id for row in rows.resolutions))
    yield from missing(
        "resolution of proposal",
        {row.id for row in rows.proposals if row.status in DECIDED},
        {row.proposal_id for row in rows.resolutions},
    )
    seqs = [row.seq for row in sorted(rows.resolutions, key=lambda row: row.seq)]
    if seqs != list(range(len(seqs))):
        yield f"resolutions have the numbers {seqs}"
    chain = sorted(rows.receipts, key=lambda row: row.seq)
    if [row.seq for row in chain] != seqs:
        yield f"{len(seqs)} resolutions, receipts {[row.seq for row in chain]}"
    if [row.previous for row in chain] != [None, *(row.hash for row in chain)][: len(chain)]:
        yield "the chain of receipts is broken"
    for row in rows.messages:
        if not row.complete or (row.sender == "TWIN" and not row.events):
            yield f"message {row.id} of {row.sender}: complete {row.complete}, events {row.events}"


def blobs(rows: Truth, system: System) -> Iterator[str]:
    """Bytes whose upload was never answered nor asked for again may lie there until reconciliation comes."""
    needed = {f"{row.member_id}/{row.sha256}" for row in rows.documents if row.status != IngestionStatus.FAILED.value}
    there = {f"{path.parent.name}/{path.name}" for path in (system.data / "blobs").glob("[0-9]*/*")}
    yield from missing("blob", needed, {key for key in there if key in needed or key[-64:] not in system.abandoned})


def memories(rows: Truth, vectors: list[Row]) -> Iterator[str]:
    yield from doubled("memory in the index", (row["id"] for row in vectors))
    yield from doubled("memory in the index, by content,", ((row["group"], row["data"]) for row in vectors))
    yield from doubled("memory row, by content,", ((row.group, row.text) for row in rows.memories))
    yield from missing(
        "memory in the index",
        {(row.group, row.id) for row in rows.memories},
        {(row["group"], row["id"]) for row in vectors},
    )


def nodes(rows: Truth, graphs: dict[str, tuple[list[Row], list[Row]]]) -> Iterator[str]:
    """Of the kinds that have a row, and in the state that it has."""
    there = {(group, row["key"]): row for group, (found, _) in graphs.items() for row in found}
    for group, (found, _) in graphs.items():
        yield from doubled(f"node of {group}", (row["key"] for row in found))
        yield from (f"node {row['key']} of {group} is a placeholder" for row in found if row["labels"] == ["Entity"])
    needed = set(expected(rows))
    kinds = ("document:", "memory:", "proposal:", "resolution:", "member:", "twin:")
    yield from missing("node", needed, {each for each in there if each[1].startswith(kinds)})
    cast = {(DAO_GROUP, f"vote:{row.vote_id}") for row in rows.ballots}
    yield from (f"node {key} is missing" for key in cast - there.keys())
    known = {f"vote:{row.id}": row.proposal_id for row in rows.votes}
    status = {row.id: row.status for row in rows.proposals}
    for (_, key), row in there.items():
        if key.startswith("vote:") and (key not in known or row["open"] != (status[known[key]] == Status.VOTING.value)):
            yield f"node {key} shows open {row['open']}, its proposal is {status.get(known.get(key, 0))}"
        if key.startswith("proposal:") and row["status"] != status.get(int(key.partition(":")[2])):
            yield f"node {key} shows {row['status']}, its row {status.get(int(key.partition(':')[2]))}"


def expected(rows: Truth) -> Iterator[tuple[str, str]]:
    for member in rows.members:
        for group in (DAO_GROUP, member_group(member.id)):
            yield from ((group, f"{kind}:{member.id}") for kind in ("member", "twin"))
    for document in rows.documents:
        if document.status == IngestionStatus.DONE.value and document.duplicate_of is None:
            yield document.to_domain().group, f"document:{document.id}"
    yield from ((memory.group, f"memory:{memory.id}") for memory in rows.memories)
    yield from ((DAO_GROUP, f"proposal:{row.id}") for row in rows.proposals if row.status != Status.DRAFT.value)
    yield from ((DAO_GROUP, f"resolution:{row.id}") for row in rows.resolutions)


def doubled_facts(group: str, facts: list[Row]) -> Iterator[str]:
    yield from doubled(f"fact of {group}", (row["uuid"] for row in facts))
    content = (tuple(row[name] for name in ("name", "fact", "source", "valid_at")) for row in facts)
    yield from doubled(f"fact of {group}, by content,", content)


def facts_of(rows: Truth, graphs: dict[str, tuple[list[Row], list[Row]]]) -> Iterator[str]:
    """Every fact has its source's row, and every ballot, chat and decision its fact."""
    sources = {f"memory:{row.id}" for row in rows.memories} | {f"session:{row.id}" for row in rows.sessions}
    sources |= {f"proposal:{row.id}" for row in rows.proposals} | {f"member:{row.id}" for row in rows.members}
    sources |= {f"vote:{row.id}" for row in rows.votes} | {f"resolution:{row.id}" for row in rows.resolutions}
    sources |= {f"document:{row.id}" for row in rows.documents if row.status == IngestionStatus.DONE.value}
    ids = set()
    for group, (_, facts) in graphs.items():
        ids |= {row["uuid"] for row in facts}
        orphans = (row for row in facts if row["source"] not in sources)
        yield from (f"fact “{row['fact']}” of {group} has no source {row['source']}" for row in orphans)
    talked = {row.session_id for row in rows.messages}
    needed = {f"vote:{row.vote_id}:{row.revision}" for row in rows.ballots}
    needed |= {f"session:{id}" for id in talked} | {f"resolution:{row.id}" for row in rows.resolutions}
    yield from (f"the fact of {each} is missing" for each in sorted(needed) if fact_id(each) not in ids)


def missing(what: str, needed: Iterable[object], there: Iterable[object]) -> Iterator[str]:
    """And what is there without being needed."""
    needed, there = set(needed), set(there)
    yield from (f"{what} {each} is missing" for each in sorted(needed - there, key=str))
    yield from (f"{what} {each} is an orphan" for each in sorted(there - needed, key=str))


def doubled(what: str, values: Iterable[object]) -> Iterator[str]:
    yield from (f"{what} {value} is there {count} times" for value, count in Counter(values).items() if count > 1)
