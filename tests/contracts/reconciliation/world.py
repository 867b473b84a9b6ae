"""A small DAO with rows of every kind, shown in every store, and the stores as somebody else sees and damages them."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import redis
from starlette.datastructures import UploadFile

from adapters.memory.falkordb_client import FalkorClient
from adapters.sql import migrations
from app.container import Container
from app.settings import Settings
from domain.actions import EnactPolicy
from domain.documents import Visibility
from domain.drafts import Edit
from domain.fences import under
from domain.members import Claims, Role, Viewer
from domain.reconciliation import Counts, Store
from domain.rules import RulesChoice
from domain.tally import Choice
from domain.transactions import Work
from services.chats import said
from services.votes import Said

NOTES = """# Beehive ledger

Quillon Marbrook of Tessaly Works repairs the copper beehive every April.

# Budget

Vesper Dunmore lent Tessaly Works 900 euros for the honey press.
"""
RULES = "# House rules\n\nThe kiln room of Bramble Court closes at 21:30. Osric Pell keeps the keys of Harrow Guild."
KEPT = b"kept:"
"""Before the names of graphs that are copies, for the tests to begin with."""
SPOKEN = "I prefer walnut shelves over steel. My cousin Zdenka repairs violins in Brno."


@dataclass(frozen=True)
class House:
    """A running container on stores of its own."""

    container: Container
    redis_url: str

    async def look(self, store: Store) -> Counts:
        return await self.container.services.reconciliation.look(store)

    async def run(self, store: Store) -> Counts:
        counts = await self.container.services.reconciliation.run(store)
        assert counts is not None
        return counts

    async def damage(self, graph: str, cypher: str) -> None:
        """As somebody else would; something has to change."""
        answer = await self.damaged(graph, cypher)
        assert any(b"cached" not in line and b"execution" not in line for line in answer[-1]), cypher

    async def damaged(self, graph: str, cypher: str) -> list[Any]:
        """The same after other damages, which may have left nothing to change."""
        async with redis.asyncio.Redis.from_url(self.redis_url) as client:
            answer: list[Any] = await client.execute_command("GRAPH.QUERY", graph, cypher)
        return answer

    async def wipe(self, *graphs: str) -> None:
        async with redis.asyncio.Redis.from_url(self.redis_url) as client:
            assert await client.delete(*graphs) == len(graphs)

    async def held(self) -> dict[str, Any]:
        """All that the three stores hold, to be compared; without what a writing anew changes by itself."""
        async with redis.asyncio.Redis.from_url(self.redis_url) as client:
            names: list[bytes] = await client.execute_command("GRAPH.LIST")
        graphs = sorted(name.decode() for name in names if not name.startswith(KEPT))
        found: dict[str, Any] = {graph: await contents(self.redis_url, graph) for graph in graphs}
        blobs = self.container.settings.blob_folder
        files = [path for path in sorted(blobs.rglob("*")) if path.is_file()]
        return {**found, "blobs": {str(path.relative_to(blobs)): path.read_bytes() for path in files}}

    async def held_in(self, graph: str) -> list[str]:
        return await contents(self.redis_url, graph)

    def blob(self, name: str) -> Path:
        """The file of the document of this name: `notes` or `rules`."""
        text = {"notes": NOTES, "rules": RULES}[name].encode()
        [path] = [
            path
            for path in self.container.settings.blob_folder.rglob("*")
            if path.is_file() and path.read_bytes() == text
        ]
        return path

    async def facts(self, query: str) -> list[str]:
        """What ana finds."""
        graph = self.container.graph
        hits = await graph.search(["member_1", "dao"], query, window=None, at=self.container.now(), limit=5)
        return [fact.text for fact, _ in hits]

    async def recalled(self, query: str) -> int:
        """The memory that ana's twin finds first."""
        memories = self.container.services.memories
        [best, *_] = await memories.search(Viewer(1, Role.MEMBER), query)
        return best[0].id

    async def lost(self) -> None:
        """Jobs and events are gone before anything of them was shown."""
        outbox = self.container.outbox
        for job in await outbox.claim(limit=50, lease_seconds=60):
            await outbox.done(job)
        await outbox.projected(await outbox.claim_events(limit=500, lease_seconds=60))

    async def projected(self) -> None:
        """Jobs and events to their end, as the worker does them."""
        outbox, services = self.container.outbox, self.container.services
        while jobs := await outbox.claim(limit=50, lease_seconds=60):
            for job in jobs:
                if job.name == "ingest":
                    with under(job):
                        await services.ingestion.run(*job.args["args"])
                await outbox.done(job)
        while events := await outbox.claim_events(limit=500, lease_seconds=60):
            await services.projections.project(events)
            await outbox.projected(events)


async def contents(url: str, graph: str) -> list[str]:
    """Each node and edge as a line, whatever the order in which its fields were written."""
    return await asyncio.to_thread(_contents, url, graph)


def _contents(url: str, graph: str) -> list[str]:
    client = FalkorClient(url, graph)
    nodes = client.read("MATCH (n) RETURN labels(n) AS what, properties(n) AS fields")
    edges = client.read("MATCH (a)-[e]->(b) RETURN [a.uuid, type(e), b.uuid] AS what, properties(e) AS fields")
    client.close()
    lines = [
        (row["what"], sorted((name, value) for name, value in row["fields"].items() if name not in renewed))
        for rows, renewed in ((nodes, {"created_at", "transaction_id"}), (edges, {"digest", "transaction_id"}))
        for row in rows
    ]
    return sorted(map(repr, lines))


def settings_on(redis_url: str, folder: Path, *, graph_url: str = "") -> Settings:
    """`graph_url`: of another graph than the FalkorDB's."""
    address = redis_url.replace("redis://", "falkordb://").removesuffix("/0")
    graph = graph_url or address
    return Settings(_env_file=None, data_dir=folder, redis_url=redis_url, graph_url=graph, memory_url=address)  # type: ignore[call-arg]  # as in tests/api


@asynccontextmanager
async def opened(redis_url: str, folder: Path, *, graph_url: str = "") -> AsyncIterator[House]:
    async with Container(settings_on(redis_url, folder, graph_url=graph_url)) as container:
        yield House(container, redis_url)


async def founded(redis_url: str, folder: Path, *, graph_url: str = "") -> None:
    """The DAO in SQL and, shown, in the other stores."""
    await migrations.upgrade(settings_on(redis_url, folder).database)
    async with opened(redis_url, folder, graph_url=graph_url) as house:
        services = house.container.services
        ana, ben = [await joined(house, handle) for handle in ("ana", "ben")]
        await uploaded(house, ana, "notes.md", NOTES, Visibility.PRIVATE)
        await uploaded(house, ben, "rules.md", RULES, Visibility.DAO)
        session = int((await services.chats.start(ana, ana.member_id, "Shelves"))["session"] or 0)
        await house.container.database.transact(lambda work: _say(work, ana, session))
        enacted = EnactPolicy("Quiet nights", "Nobody runs the mill after ten.")
        passed = await tabled(house, ana, Edit("Quiet nights", "So that all sleep.", ["noise"], action=enacted))
        running = await tabled(house, ben, Edit("Buy a loom", "For the weavers.", ["weaving"]))
        await services.votes.cast(ana, running, Said(Choice.FOR, reason="I weave."))
        await services.votes.cast(ana, running, Said(Choice.ABSTAIN))
        for viewer in (ana, ben):
            await services.votes.cast(viewer, passed, Said(Choice.FOR))
        await house.projected()


def _say(work: Work, viewer: Viewer, session: int) -> None:
    said(work, viewer, work.chats.session(viewer, session), SPOKEN)


async def joined(house: House, handle: str) -> Viewer:
    claims = Claims(f"local|{handle}", handle, Role.MEMBER, house.container.now())
    return await house.container.services.members.login(claims)


async def uploaded(house: House, viewer: Viewer, name: str, text: str, visibility: Visibility) -> int:
    file = UploadFile(io.BytesIO(text.encode()), filename=name)
    return int((await house.container.services.documents.accept(viewer, file, name, visibility))["document"] or 0)


async def tabled(house: House, author: Viewer, edit: Edit) -> int:
    """Created, opened and put to the vote."""
    proposals = house.container.services.proposals
    choice = RulesChoice(quorum_percent=60, voting_minutes=60)
    id = int((await proposals.create(author, replace(edit, choice=choice)))["proposal"] or 0)
    await proposals.open(author, id)
    await proposals.start(author, id)
    return id
