"""The composition root: URL scheme -> adapter, adapters -> services. Nothing else chooses an engine."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Self
from urllib.parse import urlsplit

from adapters.alerts.log import LogAlerts
from adapters.auth.auth0 import Auth0Tokens
from adapters.auth.ed25519 import Ed25519Signer, Ed25519Verifier
from adapters.auth.jwks import Jwks
from adapters.auth.local import LocalTokens
from adapters.blobs.disk import DiskBlobs
from adapters.bus.redis import RedisBus
from adapters.graph.engines import Engine
from adapters.graph.falkordb import FalkorEngine
from adapters.graph.graphiti import GraphitiGraph
from adapters.graph.graphiti_import import imported as graphiti_imported
from adapters.graph.neo4j import Neo4jEngine
from adapters.memory.mem0 import Mem0Memories
from adapters.memory.mem0_cloud import Mem0CloudMemories
from adapters.memory.mem0_import import imported
from adapters.meters.prometheus import PrometheusMeters
from adapters.meters.redis import RedisWorkers
from adapters.persisted.redis import RedisPersisted
from adapters.queue.arq import ArqQueue
from adapters.rates.redis import RedisRates
from adapters.replies.redis import RedisReplies
from adapters.sql.clock import Clock, database_clock
from adapters.sql.database import Database
from adapters.sql.figures import SqlFigures
from adapters.sql.outbox import SqlOutbox
from adapters.sql.public import SqlPublicReads
from adapters.text.files import FileTexts
from adapters.text.tokens import Cl100kTokens
from agents.twin import TwinAgent
from app.engines import Engines
from app.receipts import check_key
from app.settings import NEO4J, BadSettings, Settings
from app.vectors import check_vectors
from app.watching import Watch
from domain.chunking import Chunk, chunks_of
from domain.embeddings import Embedder
from domain.entities import Entities
from domain.members import DAO_GROUP, Tokens
from domain.memories import MemoryFilter
from domain.models import Model
from domain.public import PublicReads
from domain.reconciliation import Store
from domain.rules import DEPLOYED, Rules
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
from services.replies import Replies
from services.resolutions import Resolutions
from services.stalls import Stalls
from services.topics import Topics
from services.votes import Votes

DAO_NAME = "Frontier DAO"


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Container:
    """Engines and services of one process: `async with Container(settings) as container:`.

    An engine is made at its first use. `clock` is the database's unless a test or the demo seed brings its own.
    """

    def __init__(self, settings: Settings, *, clock: Clock = database_clock) -> None:
        self.settings = settings
        self._clock = clock
        self._lifetime = AsyncExitStack()

    async def __aenter__(self) -> Self:
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
            rules = DEPLOYED if self.settings.profile == "deployment" else Rules()
            await self.database.transact(lambda work: work.daos.ensure(DAO_NAME, rules))
            await check_key(self.settings.receipt_key, self.database.receipts)
            await check_vectors(self.settings, self.embedder)
            self._lifetime = started.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._lifetime.aclose()

    async def sweep(self) -> None:
        """Once a minute: close what was missed, and tidy up."""
        await self.services.stalls.sweep()
        await self.services.receipts.seal()
        await self.database.tidy()

    async def warm(self) -> None:
        """Load what the first question would wait for: embedder, both indexes, and the agent's graph."""
        now = wall_clock()
        await self.graph.search([DAO_GROUP], "warm", window=None, at=now, limit=1)
        await self.index.search([DAO_GROUP], "warm", limit=1, where=MemoryFilter(), at=now)
        await asyncio.to_thread(self.twin.warm)

    # watching

    @cached_property
    def meters(self) -> PrometheusMeters:
        return PrometheusMeters()

    @cached_property
    def alerts(self) -> LogAlerts:
        return LogAlerts(self.meters)

    @cached_property
    def workers(self) -> RedisWorkers:
        return RedisWorkers(self.settings.redis)

    @cached_property
    def watch(self) -> Watch:
        return Watch(self)

    @cached_property
    def figures(self) -> SqlFigures:
        return SqlFigures(self.database.reader, self._clock)

    @cached_property
    def engines(self) -> Engines:
        return Engines(self.settings, self.meters)

    # engines

    @cached_property
    def database(self) -> Database:
        settings = self.settings
        return Database(settings.database, announce=self.bus.announce, clock=self._clock, pooling=settings.pooling)

    @property
    def outbox(self) -> SqlOutbox:
        return self.database.outbox

    @cached_property
    def bus(self) -> RedisBus:
        return RedisBus(chosen("REDIS_URL", self.settings.redis, "redis", "rediss"))

    @cached_property
    def queue(self) -> ArqQueue:
        return ArqQueue(chosen("REDIS_URL", self.settings.redis, "redis", "rediss"))

    @cached_property
    def replies(self) -> RedisReplies:
        return RedisReplies(self.settings.redis, self.database.chats.ended_events)

    @cached_property
    def rates(self) -> RedisRates:
        rates = RedisRates(self.settings.redis)
        self._lifetime.push_async_callback(rates.aclose)
        return rates

    @cached_property
    def persisted(self) -> RedisPersisted:
        """Made before the start, closed at the end."""
        return RedisPersisted(self.settings.redis)

    @cached_property
    def graph(self) -> GraphitiGraph:
        graph = GraphitiGraph(graph_engine(self.settings.graph), self.embedder)
        load = partial(graphiti_imported, graph.engine.driver_module)
        return self.engines.graph(graph, partial(self._load, load))

    @cached_property
    def index(self) -> Mem0Memories | Mem0CloudMemories:
        url = chosen("MEMORY_URL", self.settings.memory, "falkordb", "mem0", "postgresql")
        scheme = urlsplit(url).scheme
        if scheme == "mem0":
            cloud = Mem0CloudMemories(*self.settings.mem0_account, self.embedder)
            return self.engines.memories(cloud, partial(self._load, partial(imported, "mem0_cloud_client")))
        vectors = "pgvector" if scheme == "postgresql" else "falkordb"
        index = Mem0Memories(url, self.embedder, vectors=vectors)
        return self.engines.memories(index, partial(self._load, partial(imported, "mem0_parts")))

    async def _load(self, imported: Callable[[], object]) -> None:
        await asyncio.to_thread(imported)
        await self.embedder.embed(["ready"])

    @cached_property
    def embedder(self) -> Embedder:
        return self.engines.embedder()

    @cached_property
    def entities(self) -> Entities:
        return self.engines.entities()

    @cached_property
    def blobs(self) -> DiskBlobs:
        return DiskBlobs(self.settings.blob_folder, reserve=self.settings.free_mib << 20)

    @cached_property
    def signer(self) -> Ed25519Signer:
        return Ed25519Signer(self.settings.receipt_key)

    @cached_property
    def tokens(self) -> Tokens:
        settings = self.settings
        if settings.auth == "local":
            return LocalTokens(settings.token_key)
        keys = Jwks(settings.auth0_keys)
        self._lifetime.push_async_callback(keys.aclose)
        return Auth0Tokens(keys, settings.auth0_issuer, settings.auth0_audience, namespace=settings.auth0_namespace)

    @cached_property
    def model(self) -> Model:
        return self.engines.model(self.embedder)

    def now(self) -> datetime:
        return wall_clock()

    # reads and services

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
            daos=Daos(transact, reads.daos, bus, now=wall_clock),
            dead_letters=DeadLetters(transact),
            delegations=Delegations(transact),
            proposals=self._proposals,
            votes=Votes(transact, meters=self.meters, alerts=self.alerts),
            stalls=self._stalls,
            receipts=Receipts(transact, reads.receipts, self.signer, Ed25519Verifier()),
            resolutions=Resolutions(transact, reads.resolutions, bus),
            projections=Projections(reads, self.graph, self.index),
            reconciliation=self._reconciliation,
        )

    @cached_property
    def lineage(self) -> Lineage:
        database = self.database
        return Lineage(database.lineage, database.documents, graph=self.graph, index=self.index, blobs=self.blobs)

    @cached_property
    def _reconciliation(self) -> Reconciliation:
        database, reads = self.database, self.reads
        records, outbox, graph = database.records, self.outbox, self.graph
        stores: Mapping[Store, Compared] = {
            Store.BLOBS: ReconciledBlobs(records, self.blobs, now=wall_clock),
            Store.MEMORIES: ReconciledMemories(records, reads.memories, self.index, outbox),
            Store.GRAPH: ReconciledGraph(records, Expectations(reads), graph, outbox),
        }
        return Reconciliation(database.transact, reads.reconciliations, stores, alerts=self.alerts, meters=self.meters)

    @cached_property
    def _proposals(self) -> Proposals:
        return Proposals(self.database.transact, self.reads.proposals, self.bus, alerts=self.alerts)

    @cached_property
    def _stalls(self) -> Stalls:
        """The machine's clock matters where the database's time is its."""

        def jumped() -> timedelta | None:
            return database_clock.jumped if self.database.is_sqlite else None

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


def graph_engine(url: str) -> Engine:
    chosen("GRAPH_URL", url, "falkordb", *NEO4J)
    return Neo4jEngine(url) if urlsplit(url).scheme in NEO4J else FalkorEngine(url)


def chosen(name: str, url: str, *schemes: str) -> str:
    """The URL, if an adapter speaks its scheme. Raises BadSettings."""
    if urlsplit(url).scheme not in schemes:
        raise BadSettings(
            f"{name}: give a URL of {' or '.join(schemes)}; not {urlsplit(url).scheme or 'an empty one'}."
        )
    return url
