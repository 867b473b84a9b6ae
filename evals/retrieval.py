"""Retrieval over many memories and facts: latency, recall and load rates, stock Graphiti's search beside ours.

`python -m evals.retrieval [--graph URL] [--facts 50000] [--memories 10000] [--quick]` starts a server of its own in a
temporary folder; `--graph bolt://user:password@host` puts the facts into that Neo4j, in groups of this run that it
removes at the end. Texts are synthetic, their vectors drawn
around 300 topics; "embedding included" adds the real model's work on each question, nothing else.
"""

import argparse
import asyncio
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path

import numpy as np
import redis

from adapters.embedded.falkordb import free_port, server_command
from adapters.embedding.minilm import MiniLmEmbedder
from adapters.graph import falkordb_search as graph_search
from adapters.graph import neo4j_search
from adapters.graph.engines import Statement
from adapters.graph.graphiti import GraphitiGraph
from adapters.memory import search as memory_search
from adapters.memory.mem0 import Mem0Memories
from app.adapters import graph_engine
from domain.facts import Fact, GraphBatch, GraphEdge, GraphEntity
from domain.memories import Memory, MemoryDomain, MemoryFilter, MemoryKind, NewMemory
from domain.periods import Window
from evals.stock_graphiti import StockSearch

SIZE, TOPICS, DIMENSIONS, SAMPLES, LIMIT, LOADED_AT_ONCE = 10_000, 300, 384, 200, 5, 500
STOCK_SAMPLES, RECALL_SAMPLES = 5, 50
NOW = datetime(2025, 6, 1, tzinfo=UTC)
QUARTER = Window(NOW - timedelta(days=90), NOW)
GROUPS = ("member_1", "dao")
FEW = "member_2"
"""Who has a hundredth of what the others have."""
RUN = f"bench{time.time_ns():x}"
FACT_GROUPS = tuple(f"{group}_{RUN}" for group in GROUPS)
"""Of this run: a Neo4j may hold more than ours."""
FEW_FACTS = f"{FEW}_{RUN}"
MEMORY_WORDS, FACT_WORDS, QUESTION_WORDS = 50, 10, 6
"""Telling words of a passage, a fact and a question; the stop words between them are not searched for anyway."""

type Search = Callable[[str], Awaitable[object]]


class TopicEmbedder:
    """Unit vectors that are computed beforehand: a topic's centre and noise, by the topic's number in the text."""

    name, dimensions, max_pieces = "topics", DIMENSIONS, 200

    def __init__(self) -> None:
        self._draw = np.random.default_rng(7)
        self._centres = self._draw.normal(size=(TOPICS, DIMENSIONS))
        self._vectors: dict[str, list[float]] = {}

    def pieces(self, text: str) -> int:
        return len(text.split())

    def prepare(self, texts: Sequence[str]) -> None:
        topics = [int(text.rsplit("topic", 1)[1]) for text in texts]
        drawn = self._centres[topics] + 0.7 * self._draw.normal(size=(len(texts), DIMENSIONS))
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        self._vectors.update(zip(texts, drawn.tolist(), strict=True))

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._vectors[text] for text in texts]


class BothEmbedder(TopicEmbedder):
    """The same vectors, after the real model has read the text."""

    def __init__(self, topics: TopicEmbedder) -> None:
        super().__init__()
        self._vectors = topics._vectors
        self._model = MiniLmEmbedder(cached=0)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        await self._model.embed(texts)
        return await super().embed(texts)


class Language:
    """Sentences of 5,000 invented words, as frequent as a language's without its 50 commonest, stop words."""

    def __init__(self, seed: int) -> None:
        self._draw = np.random.default_rng(seed)
        frequency = 1 / np.arange(51, 5_051)
        self._shares = frequency / frequency.sum()
        self._words = [self._word(number) for number in range(5_000)]

    def sentences(self, count: int, words: int) -> list[str]:
        rows = self._draw.choice(5_000, (count, words), p=self._shares)
        topics = self._draw.integers(TOPICS, size=count)
        return [
            f"{' '.join(self._words[word] for word in row)} topic{topic}"
            for row, topic in zip(rows, topics, strict=True)
        ]

    @staticmethod
    def _word(number: int) -> str:
        return "".join("bdfgklmnprstvz"[number // 14**place % 14] + "aeiou"[(number + place) % 5] for place in range(4))


def memories(texts: Sequence[str]) -> list[Memory]:
    """Of 13 ten are the viewer's and two the DAO's, the rest of fifteen others."""
    return [Memory(id, _content(id, text), NOW - timedelta(days=id % 360), "bench") for id, text in enumerate(texts)]


def _content(id: int, text: str) -> NewMemory:
    place = id % 13
    group = "member_1" if place < 10 else "dao" if place < 12 else f"member_{2 + id % 15}"
    return NewMemory(1, group, MemoryDomain.DOC, MemoryKind.FACT, "bench.md", text, 0.5)


def facts(texts: Sequence[str]) -> list[Fact]:
    """Over a year, half of them closed after three weeks; 90 % the DAO's, 1 % of a member with few."""
    members = [GraphEntity(f"member:{number}", f"Member {number}", ("User",)) for number in range(50)]
    things = [GraphEntity(f"proposal:{number}", f"Proposal {number}", ("Proposal",)) for number in range(200)]
    return [_fact(number, text, members[number % 49], things[number % 199]) for number, text in enumerate(texts)]


def _fact(number: int, text: str, subject: GraphEntity, thing: GraphEntity) -> Fact:
    begins = NOW - timedelta(days=number % 360 + 1)
    ends = begins + timedelta(days=21) if number % 2 else None
    group = FEW_FACTS if number % 100 == 10 else FACT_GROUPS[number % 10 != 0]
    return Fact(f"fact-{number}", group, "SAID", text, subject, thing, begins, ends, begins, "bench")


@contextmanager
def serving() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        with (Path(folder) / "log").open("wb") as log:
            server = subprocess.Popen(server_command(Path(folder), port), stdout=log, stderr=log)
        try:
            _wait(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait(10)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            with redis.Redis(port=port) as client:
                client.ping()
                return
        except redis.ConnectionError:
            time.sleep(0.05)
    raise SystemExit("The embedded Redis did not answer within 10 s.")


async def load(index: Mem0Memories, graph: GraphitiGraph, passages: list[Memory], told: list[Fact]) -> None:
    """Both have been asked before, so that their imports are not counted."""
    started = time.perf_counter()
    await index.add_batch(passages)
    print(f"memories loaded: {len(passages) / (time.perf_counter() - started):,.0f} a second")
    started = time.perf_counter()
    for group in (*FACT_GROUPS, FEW_FACTS):
        mine = [fact for fact in told if fact.group == group]
        for part in batched(mine, LOADED_AT_ONCE):
            edges = {(fact.subject.key, fact.object.key): said(fact) for fact in part}
            await graph.record([GraphBatch(group, edges=tuple(edges.values()), facts=part)])
    print(f"facts loaded:    {len(told) / (time.perf_counter() - started):,.0f} a second, native edges too")


def said(fact: Fact) -> GraphEdge:
    return GraphEdge(fact.subject.key, fact.object.key, fact.relation, {"ts": fact.created_at.isoformat()})


async def timed(search: Search, questions: Sequence[str], *, at_once: int) -> list[float]:
    """Milliseconds of each question, `at_once` of them under way at any time."""
    waiting = iter(questions)
    taken: list[float] = []

    async def ask() -> None:
        for question in waiting:
            started = time.perf_counter()
            await search(question)
            taken.append((time.perf_counter() - started) * 1e3)

    await asyncio.gather(*(ask() for _ in range(at_once)))
    return taken


async def report(name: str, search: Search, questions: Sequence[str]) -> None:
    for question in questions[:10]:
        await search(question)
    for at_once in (1, 8):
        p50, p95, p99 = np.percentile(await timed(search, questions, at_once=at_once), (50, 95, 99))
        print(f"{name:34} {at_once} at once   P50 {p50:6.1f}   P95 {p95:6.1f}   P99 {p99:6.1f} ms")


def searches(index: Mem0Memories, graph: GraphitiGraph) -> dict[str, Search]:
    def recalled(question: str) -> Awaitable[object]:
        return index.search(GROUPS, question, limit=LIMIT, where=MemoryFilter(), at=NOW)

    def told(question: str) -> Awaitable[object]:
        return graph.search(FACT_GROUPS, question, window=QUARTER, at=NOW, limit=LIMIT)

    def both(question: str) -> Awaitable[object]:
        return asyncio.gather(recalled(question), told(question))

    return {"MemoryIndex.search": recalled, "Graph.search (90 days)": told, "both in parallel": both}


async def recall(index: Mem0Memories, graph: GraphitiGraph, questions: Sequence[str]) -> None:
    """The share of the best five of an exact search that the indexes find too."""
    fast = await _answers(index, graph, questions)
    for module in (memory_search, graph_search, neo4j_search):
        module.EXACT_BELOW = 10**9  # type: ignore[attr-defined]  # each has it
    exact = await _answers(index, graph, questions)
    for name in fast:
        shares = [len(got & best) / len(best) for got, best in zip(fast[name], exact[name], strict=True) if best]
        print(f"recall@{LIMIT} against exact, {name}: {sum(shares) / len(shares):.3f}")


async def _answers(
    index: Mem0Memories, graph: GraphitiGraph, questions: Sequence[str]
) -> dict[str, list[set[int | str]]]:
    """The viewer's, and one's who has few."""
    answers: dict[str, list[set[int | str]]] = {}
    for whose, groups, fact_groups in (("", GROUPS, FACT_GROUPS), (" of few", (FEW,), (FEW_FACTS,))):
        found = answers.setdefault(f"memories{whose}", []), answers.setdefault(f"facts{whose}", [])
        for question in questions:
            hits = await index.search(groups, question, limit=LIMIT, where=MemoryFilter(), at=NOW)
            told = await graph.search(fact_groups, question, window=QUARTER, at=NOW, limit=LIMIT)
            found[0].append({hit.id for hit in hits})
            found[1].append({fact.id for fact, _ in told})
    return answers


async def main(options: argparse.Namespace) -> None:
    language = Language(11)
    passages, sayings = (
        language.sentences(*size) for size in ((options.memories * 13 // 10, MEMORY_WORDS), (options.facts, FACT_WORDS))
    )
    questions = language.sentences(20 if options.quick else SAMPLES, QUESTION_WORDS)
    topics = TopicEmbedder()
    topics.prepare([*passages, *sayings, *questions])
    with serving() as url:
        address = options.graph or url.replace("redis", "falkordb", 1)
        index, graph = Mem0Memories(url, topics), GraphitiGraph(graph_engine(address), topics)
        await _answers(index, graph, questions[:1])
        try:
            await load(index, graph, memories(passages), facts(sayings))
            await measure(address, url, topics, questions)
        finally:
            for group in (*FACT_GROUPS, FEW_FACTS) if options.graph else ():
                await cleared(graph, group)
            await index.close()
            await graph.close()


async def measure(address: str, url: str, topics: TopicEmbedder, questions: Sequence[str]) -> None:
    """With clients of its own, which know the sizes of what was loaded."""
    index, graph = Mem0Memories(url, topics), GraphitiGraph(graph_engine(address), topics)
    for name, search in searches(index, graph).items():
        await report(name, search, questions)
    slow = BothEmbedder(topics)
    index_too, graph_too = Mem0Memories(url, slow), GraphitiGraph(graph_engine(address), slow)
    await report("both, embedding included", searches(index_too, graph_too)["both in parallel"], questions)
    stock = StockSearch(graph, topics, FACT_GROUPS, QUARTER)
    await stock.open(address)
    for at_once in (1, 8):
        taken = await timed(stock.search, questions[: STOCK_SAMPLES * at_once], at_once=at_once)
        p50, p95 = np.percentile(taken, (50, 95))
        print(f"{'stock Graphiti':34} {at_once} at once   P50 {p50:6.1f}   P95 {p95:6.1f} ms   ({len(taken)} samples)")
    await recall(index, graph, questions[:RECALL_SAMPLES])
    for engine in (index, graph, index_too, graph_too, stock):
        await engine.close()


async def cleared(graph: GraphitiGraph, group: str) -> None:
    """In pieces, each a transaction that ends in time."""
    some = "MATCH ()-[e]->() WHERE e.group_id = $group WITH e LIMIT 5000 DELETE e"
    left = "MATCH ()-[e]->() WHERE e.group_id IN $groups RETURN count(e) AS edges"
    while (rows := await graph.engine.read([group], left)) and rows[0]["edges"]:
        await graph.engine.write([Statement(group, some, {"group": group})])
    await graph.engine.write(
        [Statement(group, "MATCH (n:Entity) WHERE n.group_id = $group DELETE n", {"group": group})]
    )


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graph", default="", help="bolt://user:password@host; empty: a FalkorDB of its own")
    parser.add_argument("--facts", type=int, default=50_000)
    parser.add_argument("--memories", type=int, default=SIZE, help="of the viewer; others have 3 for each 10")
    parser.add_argument("--quick", action="store_true", help="to see that it works; its figures mean nothing")
    given = parser.parse_args()
    if given.quick:
        given.facts, given.memories = 1_000, 500
    return given


if __name__ == "__main__":
    asyncio.run(main(options()))
