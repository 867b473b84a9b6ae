"""The engines of one process, chosen by the URLs' schemes. Nothing else chooses one."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import cached_property, partial
from urllib.parse import urlsplit

from adapters.alerts.log import LogAlerts
from adapters.auth.auth0 import Auth0Tokens
from adapters.auth.ed25519 import Ed25519Signer
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
from app.addresses import NEO4J
from app.engines import Engines
from app.settings import Settings
from domain.embeddings import Embedder
from domain.entities import Entities
from domain.members import Tokens
from domain.models import Model


def wall_clock() -> datetime:
    return datetime.now(UTC)


class Adapters:
    """An engine is made at its first use; whoever made them closes them. `clock` is the database's unless a test or the
    demo seed brings its own."""

    def __init__(self, settings: Settings, *, clock: Clock = database_clock) -> None:
        self.settings = settings
        self._clock = clock
        self._lifetime = AsyncExitStack()

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
    def figures(self) -> SqlFigures:
        return SqlFigures(self.database.reader, self._clock)

    @cached_property
    def engines(self) -> Engines:
        return Engines(self.settings, self.meters)

    @cached_property
    def database(self) -> Database:
        settings = self.settings
        return Database(settings.database, announce=self.bus.announce, clock=self._clock, pooling=settings.pooling)

    @property
    def outbox(self) -> SqlOutbox:
        return self.database.outbox

    @cached_property
    def bus(self) -> RedisBus:
        return RedisBus(self.settings.redis)

    @cached_property
    def queue(self) -> ArqQueue:
        return ArqQueue(self.settings.redis)

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
        url = self.settings.memory
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
        """The database's, as far as this process knows it."""
        return self.database.now()


def graph_engine(url: str) -> Engine:
    return Neo4jEngine(url) if urlsplit(url).scheme in NEO4J else FalkorEngine(url)
