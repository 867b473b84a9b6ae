"""The composition root: adapters -> services, and the life of both."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Self

from adapters.auth.ed25519 import Ed25519Verifier
from adapters.sql.clock import database_clock
from adapters.sql.public import SqlPublicReads
from adapters.text.files import FileTexts
from adapters.text.tokens import Cl100kTokens
from agents.twin import TwinAgent
from app.adapters import Adapters, wall_clock
from app.migrated import check_migrated
from app.receipts import check_key
from app.settings import BadSettings
from app.supervisor import CLOCK
from app.vectors import check_vectors
from app.watching import Watch
from domain.chunking import Chunk, chunks_of
from domain.members import DAO_GROUP
from domain.memories import MemoryFilter
from domain.public import PublicReads
from domain.reconciliation import Store
from domain.rules import DEPLOYED, Rules
from domain.transactions import Work
from services.chats import Chats
from services.daos import Daos
from services.dead_letters import DeadLetters
from services.delegations import Delegations
from services.documents import Documents
from services.expectations import Expectations
from services.facts import Facts
from services.house import Reads, Services
from services.ingestion import Indexes, Ingestion, Reading
from services.lineage import Lineage
from services.members import Members
from services.memories import Memories
from services.projections import Projections
from services.proposals import Proposals
from services.recall import TwinRecall
from services.receipts import Receipts
from services.reconciled_blobs import ReconciledBlobs
from services.reconciled_graph import ReconciledGraph
from services.reconciled_memories import ReconciledMemories
from services.reconciliation import Compared, Reconciliation
from services.renames import Renames
from services.replies import Replies
from services.resolutions import Resolutions
from services.stalls import Stalls, all_tried
from services.topics import Topics
from services.votes import Votes

DAO_NAME = "Frontier DAO"


def begun(work: Work, rules: Rules) -> None:
    """The DAO, if there is none yet. The database's time is asked so that `Container.now` knows it from the start."""
    work.now()
    work.daos.ensure(DAO_NAME, rules)


def make_folder(path: Path) -> None:
    """Raises BadSettings."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSettings(f"DATA_DIR: {path} cannot be made ({error.strerror}): name another folder.") from None


class Container(Adapters):
    """Engines and services of one process: `async with Container(settings) as container:`."""

    async def __aenter__(self) -> Self:
        if said := os.environ.get(CLOCK):
            database_clock.machine.go_on(said)
        make_folder(self.settings.data_dir)
        async with AsyncExitStack() as started:
            started.push_async_callback(self.database.close)
            await started.enter_async_context(self.bus)
            await started.enter_async_context(self.replies)
            started.push_async_callback(self.queue.aclose)
            started.push_async_callback(self.persisted.aclose)
            started.push_async_callback(self.graph.close)
            started.push_async_callback(self.index.close)
            started.push_async_callback(self.engines.aclose)
            started.push_async_callback(self.workers.aclose)
            await check_migrated(self.database)
            rules = DEPLOYED if self.settings.profile == "deployment" else Rules()
            await self.database.transact(lambda work: begun(work, rules))
            await check_key(self.settings.receipt_key, self.database.receipts)
            await check_vectors(self.settings, self.embedder)
            self._lifetime = started.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._lifetime.aclose()

    async def sweep(self) -> None:
        """Once a minute: close what was missed, and tidy up."""
        await all_tried(self.services.stalls.sweep, self.services.receipts.seal, self.database.tidy)

    async def warm(self) -> None:
        """Load what the first question would wait for: embedder, both indexes, and the agent's graph."""
        now = wall_clock()
        await self.graph.search([DAO_GROUP], "warm", window=None, at=now, limit=1)
        await self.index.search([DAO_GROUP], "warm", limit=1, where=MemoryFilter(), at=now)
        await asyncio.to_thread(self.twin.warm)

    @cached_property
    def watch(self) -> Watch:
        return Watch(self)

    @cached_property
    def reads(self) -> Reads:
        database = self.database
        return Reads(
            members=database.members,
            documents=database.documents,
            memories=database.memories,
            topics=database.topics,
            chats=database.chats,
            daos=database.daos,
            delegations=database.delegations,
            policies=database.policies,
            audits=database.audits,
            dead_letters=database.dead_letters,
            proposals=database.proposals,
            votes=database.votes,
            resolutions=database.resolutions,
            reconciliations=database.reconciliations,
            receipts=database.receipts,
        )

    @cached_property
    def public(self) -> PublicReads:
        return SqlPublicReads(self.database.reader)

    @cached_property
    def services(self) -> Services:
        transact, reads, bus = self.database.transact, self.reads, self.bus
        streams, model = self.replies, self.model.name
        return Services(
            members=Members(transact, reads.members, admission=self.settings.admission, now=wall_clock),
            documents=Documents(transact, reads.documents, self.blobs, bus),
            ingestion=self._ingestion,
            memories=self._memories,
            facts=self._facts,
            chats=Chats(transact, reads.chats, self.replies),
            replies=Replies(
                transact,
                reads.chats,
                reads.members,
                streams=streams,
                bus=bus,
                twin=self.twin,
                model=model,
                meters=self.meters,
            ),
            topics=Topics(transact),
            daos=Daos(transact, reads.daos, bus, now=self.now),
            dead_letters=DeadLetters(transact),
            delegations=Delegations(transact),
            proposals=self._proposals,
            votes=Votes(transact, meters=self.meters, alerts=self.alerts),
            stalls=self._stalls,
            receipts=Receipts(transact, reads.receipts, self.signer, Ed25519Verifier()),
            resolutions=Resolutions(transact, reads.resolutions, bus),
            projections=Projections(reads, self.graph, self.index, self._renames),
            reconciliation=self._reconciliation,
        )

    @cached_property
    def lineage(self) -> Lineage:
        database = self.database
        return Lineage(database.lineage, database.documents, graph=self.graph, index=self.index, blobs=self.blobs)

    @cached_property
    def _reconciliation(self) -> Reconciliation:
        database, reads = self.database, self.reads
        records = database.records
        stores: Mapping[Store, Compared] = {
            Store.BLOBS: ReconciledBlobs(records, self.blobs, now=wall_clock),
            Store.MEMORIES: ReconciledMemories(records, reads.memories, self.index, self.outbox),
            Store.GRAPH: self._compared_graph,
        }
        return Reconciliation(database.transact, reads.reconciliations, stores, alerts=self.alerts, meters=self.meters)

    @cached_property
    def _compared_graph(self) -> ReconciledGraph:
        return ReconciledGraph(self.database.records, Expectations(self.reads), self.graph, self.outbox)

    @cached_property
    def _renames(self) -> Renames:
        return Renames(self.database.records, self._compared_graph)

    @cached_property
    def _proposals(self) -> Proposals:
        return Proposals(self.database.transact, self.reads.proposals, self.bus, alerts=self.alerts)

    @cached_property
    def _stalls(self) -> Stalls:
        """The machine's clock matters where the database's time is its."""

        def jumped() -> timedelta | None:
            return database_clock.machine.jumped if self.database.is_sqlite else None

        return Stalls(self.database.transact, self._proposals, self.outbox, alerts=self.alerts, jumped=jumped)

    @cached_property
    def twin(self) -> TwinAgent:
        reads = self.reads
        recall = TwinRecall(self._memories, self._facts, chats=reads.chats, kept=reads.memories)
        return TwinAgent(recall, self.model)

    @cached_property
    def _memories(self) -> Memories:
        return Memories(self.database.transact, self.reads.memories, self.index, now=wall_clock)

    @cached_property
    def _facts(self) -> Facts:
        return Facts(self.graph, now=wall_clock)

    @cached_property
    def _ingestion(self) -> Ingestion:
        embedder = self.embedder

        def chunks(text: str) -> list[Chunk]:
            tokens = Cl100kTokens(self.settings.data_dir / "tiktoken")  # its ranks cost 0.2 s and 50 MB: jobs only
            return chunks_of(text, pieces=embedder.pieces, max_pieces=embedder.max_pieces, tokens=tokens.count)

        return Ingestion(
            self.database.transact,
            self.reads,
            self.blobs,
            reading=Reading(FileTexts(), self.entities, chunks),
            indexes=Indexes(self.index, self.graph),
        )
