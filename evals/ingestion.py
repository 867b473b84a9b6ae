"""How long a document takes from its upload to DONE, and each stage of it, as a subscriber sees them."""

import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from redis import Redis

from app.demo.client import Client
from evals.figures import Figure
from evals.prose import Prose
from evals.system import NotMeasured, System, running

CHANGED = "subscription ($id: ID!) { documentChanged(documentId: $id) { status chunkCount error { message } } }"
MEMORIES = "{ viewer { twin { memories(first: 1) { totalCount } } } }"
ENDS = ("DONE", "FAILED")


@dataclass(slots=True)
class Reading:
    """Seconds from the upload's first byte; `stages` are when each status was first seen."""

    received: float
    stages: dict[str, float] = field(default_factory=dict)
    chunks: int = 0

    def figures(self, name: str) -> list[Figure]:
        """A stage lasts until the next one begins."""
        began = list(self.stages.items())
        lasted = [(stage, until - at) for (stage, at), (_, until) in pairwise(began)]
        return [
            Figure(f"{name}: uploaded", self.received, "s"),
            *(Figure(f"{name}: {stage}", seconds, "s") for stage, seconds in lasted),
            Figure(f"{name}: DONE", self.stages["DONE"], "s"),
            Figure(f"{name}: chunks", self.chunks, ""),
        ]


async def ingestion(*, prose: int, note: int) -> list[Figure]:
    """A Markdown note first, then plain text, each read by itself."""
    with running() as system:
        async with system.client("reader") as reader:
            await reader.ask("{ viewer { id } }")
            written = Prose(1)
            return [
                *await measured(system, reader, f"{note / 1000:.0f} kB of Markdown.md", written.markdown(note)),
                *await measured(system, reader, f"{prose / 1000:.0f} kB of prose.txt", written.text(prose)),
            ]


async def measured(system: System, reader: Client, name: str, text: str) -> list[Figure]:
    memories, facts = await memories_of(reader), facts_of(system)
    reading = await read(reader, name, text.encode())
    name = name.rpartition(".")[0]
    return [
        *reading.figures(name),
        Figure(f"{name}: memories", await memories_of(reader) - memories, ""),
        Figure(f"{name}: facts", facts_of(system) - facts, ""),
    ]


async def read(reader: Client, filename: str, content: bytes) -> Reading:
    began = time.perf_counter()
    document = await reader.upload(filename, content)
    reading = Reading(time.perf_counter() - began)
    async with aclosing(reader.subscribe(CHANGED, id=document)) as changes:
        async for event in changes:
            change = event["documentChanged"]
            reading.stages.setdefault(change["status"], time.perf_counter() - began)
            reading.chunks = change["chunkCount"]
            if change["status"] == "FAILED":
                raise NotMeasured(f"{filename}: {change['error']['message']}")
            if change["status"] == "DONE":
                return reading
    raise NotMeasured(f"{filename}: the subscription ended before the document was read.")


async def memories_of(reader: Client) -> int:
    count: int = (await reader.ask(MEMORIES))["viewer"]["twin"]["memories"]["totalCount"]
    return count


def facts_of(system: System) -> int:
    """Edges of all graphs of the embedded FalkorDB that are facts: the API counts none."""
    count = "MATCH ()-[fact:RELATES_TO]->() RETURN count(fact)"
    with Redis(port=int((system.data / "redis.port").read_text())) as redis:
        ask: Callable[..., Any] = redis.execute_command
        answers = [ask("GRAPH.RO_QUERY", name, count) for name in ask("GRAPH.LIST")]
    return sum(int(rows[0][0]) for _, rows, _ in answers)
