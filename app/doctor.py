"""`frontier doctor`: every engine, whether it answers, and what to do if not."""

import asyncio
import os
import platform
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from adapters.embedded.falkordb import missing_libraries, server_facts
from app.addresses import NEO4J
from app.settings import BadSettings, Settings
from domain.errors import BadInput, SyncFailed

SECONDS = 30.0
"""A probe that takes longer has failed; loading a language model takes a few."""
TIDY = 1 << 30
"""Bytes of free disk below which the doctor says so."""
UP = "start `frontier up`"


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found of one engine. `remedy` is empty when it is well."""

    engine: str
    chosen: str
    found: str
    remedy: str = ""

    @property
    def well(self) -> bool:
        return not self.remedy


async def diagnose(settings: Settings) -> list[Probe]:
    """Ask one engine after the other: what loads for seconds must not make another look dead."""
    examined = (system, database, redis, graph, memory, embeddings, entities, model, tokens, receipts, blobs, server)
    return [await _bounded(examine, settings) for examine in examined]


def table(probes: list[Probe]) -> str:
    """One line an engine, its remedy below it."""
    wide, wider = max(len(p.engine) for p in probes), max(len(p.chosen) for p in probes)
    lines = []
    for probe in probes:
        mark = "ok" if probe.well else "--"
        lines.append(f"{mark}  {probe.engine:<{wide}}  {probe.chosen:<{wider}}  {probe.found}")
        if probe.remedy:
            lines.append(f"    {'':<{wide}}  -> {probe.remedy}")
    return "\n".join(lines)


async def _bounded(examine: Callable[[Settings], Awaitable[Probe]], settings: Settings) -> Probe:
    name = examine.__name__
    try:
        async with asyncio.timeout(SECONDS):
            return await examine(settings)
    except TimeoutError:
        return Probe(name, "", f"no answer within {SECONDS:.0f} s", "see whether it hangs, then start it again")
    except BadSettings as error:
        return Probe(name, "embedded", "not running", str(error))


async def system(_settings: Settings) -> Probe:
    chosen = f"Python {platform.python_version()}"
    return Probe("system", chosen, " ".join(platform.libc_ver()) or platform.platform(), missing_libraries())


async def database(settings: Settings) -> Probe:
    from adapters.sql.probe import database_facts

    chosen = shown(settings.database)
    try:
        version, newest = await database_facts(settings.database)
    except (OSError, ValueError) as error:
        return Probe("database", chosen, str(error), f"run `frontier migrate` or {UP}; look at DATABASE_URL")
    return Probe(
        "database", chosen, version, "" if newest else "run `frontier migrate`: it is not at its newest version"
    )


async def redis(settings: Settings) -> Probe:
    return await _server("redis", settings.redis, settings.redis_url, module="")


async def graph(settings: Settings) -> Probe:
    if urlsplit(settings.graph).scheme in NEO4J:
        return await _neo4j(settings.graph)
    return await _server("graph", settings.graph, settings.graph_url, module="graph")


async def _neo4j(url: str) -> Probe:
    from adapters.graph.neo4j_connection import server_version

    try:
        return Probe("graph", shown(url), await server_version(url))
    except OSError as error:
        return Probe("graph", shown(url), str(error), "start that server or correct GRAPH_URL")


async def memory(settings: Settings) -> Probe:
    if urlsplit(settings.memory).scheme == "mem0":
        key, host = settings.mem0_account
        token = {"Authorization": f"Token {key}"}
        return await _asked("memory", "Mem0 Cloud", f"{host}/v1/ping/", token, "MEM0_API_KEY and MEMORY_URL")
    if urlsplit(settings.memory).scheme == "postgresql":
        return await _pgvector(settings.memory)
    return await _server("memory", settings.memory, settings.memory_url, module="graph")


async def _pgvector(url: str) -> Probe:
    from adapters.memory.pgvector_probe import pgvector_facts

    try:
        version, installed, available = await asyncio.to_thread(pgvector_facts, url)
    except ValueError as error:
        return Probe("memory", shown(url), str(error), "start that server or correct MEMORY_URL")
    if not (installed or available):
        return Probe("memory", shown(url), f"Postgres {version} without pgvector", "install pgvector on that server")
    missing = "" if installed else ", made by the first write: as a superuser, CREATE EXTENSION vector"
    return Probe("memory", shown(url), f"Postgres {version}, pgvector {installed or available}{missing}")


async def _server(engine: str, url: str, given: str, *, module: str) -> Probe:
    """A Redis, and the module of it that the engine needs."""
    setting = f"{engine.upper()}_URL"
    remedy = f"start that server or correct {setting}" if given else UP
    try:
        version, modules = await server_facts(url)
    except (OSError, ValueError) as error:
        return Probe(engine, shown(url), str(error), remedy)
    if module and module not in modules:
        return Probe(engine, shown(url), f"Redis {version} without FalkorDB", f"load the module or clear {setting}")
    return Probe(engine, shown(url), f"FalkorDB {dotted(modules[module])}" if module else f"Redis {version}")


async def embeddings(settings: Settings) -> Probe:
    def load() -> str:
        from app.container import Container

        embedder = Container(settings).embedder
        vector = asyncio.run(embedder.embed(["Is anybody there?"]))[0]
        return f"{embedder.name}, {len(vector)} dimensions"

    return await _loaded("embeddings", settings.embeddings, load)


async def entities(settings: Settings) -> Probe:
    if settings.ner == "gemini" and settings.gemini_api_key is not None:
        url = f"{settings.gemini_base_url.rstrip('/')}/v1beta/models/{settings.gemini_model}"
        key = {"x-goog-api-key": settings.gemini_api_key.get_secret_value()}
        return await _asked(
            "entities", settings.gemini_model, url, key, "GEMINI_API_KEY, GEMINI_MODEL and GEMINI_BASE_URL"
        )

    def load() -> str:
        from adapters.ner.spacy import SpacyEntities

        extractor = SpacyEntities()
        mentions = asyncio.run(extractor.extract(["Ana moved to Lisbon in May."]))[0]
        return f"{extractor.name}, {len(mentions)} entities in a test sentence"

    return await _loaded("entities", settings.ner, load)


async def _loaded(engine: str, chosen: str, load: Callable[[], str]) -> Probe:
    """An engine in this process, in a thread of its own because loading takes seconds."""
    try:
        return Probe(engine, chosen, await asyncio.to_thread(load))
    except (OSError, ImportError, RuntimeError) as error:
        return Probe(engine, chosen, str(error).splitlines()[0], "run `make up`: it installs what is missing")


async def model(settings: Settings) -> Probe:
    """The built-in answerer needs nothing; a server is asked for its list of models, which costs nothing."""
    if settings.openai_api_key is None:
        return Probe("model", "built-in", "needs no key")
    bearer = {"Authorization": f"Bearer {settings.openai_api_key.get_secret_value()}"}
    url = f"{settings.openai_base_url.rstrip('/')}/models"
    return await _asked("model", settings.openai_model, url, bearer, "OPENAI_API_KEY and OPENAI_BASE_URL")


async def _asked(engine: str, chosen: str, url: str, key: dict[str, str], settings: str) -> Probe:
    """A paid service, asked for what costs nothing."""
    import httpx

    try:
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.get(url, headers=key)
    except httpx.HTTPError as error:
        return Probe(engine, chosen, f"{url}: {error}", f"look at {settings} and the network")
    remedy = "" if answer.is_success else f"look at {settings}"
    return Probe(engine, chosen, f"{url}: HTTP {answer.status_code}", remedy)


async def tokens(settings: Settings) -> Probe:
    """The local key must be its owner's alone; an issuer must publish keys for us."""
    if settings.auth == "auth0":
        return await _issuer(settings)
    key = settings.token_key
    if not key.exists():
        return Probe("tokens", settings.auth, "no key yet; the first token makes it")
    open_to_others = key.stat().st_mode & 0o077
    return Probe("tokens", settings.auth, f"key in {key}", f"chmod 600 {key}" if open_to_others else "")


async def _issuer(settings: Settings) -> Probe:
    from adapters.auth.jwks import Jwks

    keys = Jwks(settings.auth0_keys)
    try:
        ids = await keys.ids()
    except SyncFailed as error:
        return Probe("tokens", settings.auth, error.message, "look at AUTH0_DOMAIN and the network")
    remedy = "" if ids else "look at the tenant's signing keys: none is for RS256 with 2048 bits or more"
    return Probe("tokens", settings.auth, f"{len(ids)} keys at {keys.url}", remedy)


async def receipts(settings: Settings) -> Probe:
    """The DAO's key must be its owner's alone, and the one that signed the receipts."""
    from adapters.sql.database import Database
    from adapters.sql.probe import database_facts
    from app.receipts import check_key

    path = settings.receipt_key
    try:
        newest = (await database_facts(settings.database))[1]
    except (OSError, ValueError):
        newest = False
    if not newest:
        return Probe("receipts", path.name, "waits for the database", "see database")
    database = Database(settings.database)
    try:
        key = await check_key(path, database.receipts)
    except (BadSettings, BadInput) as error:
        found, _, remedy = str(error).rstrip(".").partition(": ")
        return Probe("receipts", path.name, found, remedy)
    finally:
        await database.close()
    if key is None:
        return Probe("receipts", path.name, "no key yet; the first start makes it")
    open_to_others = path.stat().st_mode & 0o077
    return Probe("receipts", path.name, f"key {key}", f"chmod 600 {path}" if open_to_others else "")


async def blobs(settings: Settings) -> Probe:
    folder = next(path for path in (settings.blob_folder, *settings.blob_folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(folder).free
    remedy = "" if os.access(folder, os.W_OK) else f"make {folder} writable"
    return Probe("blobs", settings.blobs, f"{free >> 30} GiB free", remedy or ("make room" if free < TIDY else ""))


async def server(settings: Settings) -> Probe:
    """What the API itself says of what it needs, the worker included."""
    import httpx

    url = settings.address
    try:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            answer = await client.get(f"{url}/health/ready")
    except httpx.HTTPError:
        return Probe("server", url, "not running", UP)
    down = [name for name, state in answer.json()["checks"].items() if state != "ok"]
    return Probe("server", url, "ready" if not down else f"waits for {', '.join(down)}", UP if down else "")


def shown(url: str) -> str:
    """A URL without its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")))


def dotted(version: str) -> str:
    """A module's version: 41603 is 4.16.3."""
    number = int(version)
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"
