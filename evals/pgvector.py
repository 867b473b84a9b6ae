"""Retrieval at 10,000 memories in Postgres with pgvector: latency, recall and load rate.

`python -m evals.pgvector` starts a server of its own (the wheel's Postgres 16). Texts and groups are evals/retrieval's:
8,000 memories of the DAO, searched by index, and 500 of the viewer's, compared one by one. Embedding is not counted.
"""

import asyncio
import time
from collections.abc import Sequence
from functools import partial

from adapters.memory import search as memory_search
from adapters.memory.mem0 import Mem0Memories
from domain.memories import MemoryFilter
from evals.engines.pgvector import PgVector
from evals.engines.servers import private
from evals.retrieval import (
    GROUPS,
    LIMIT,
    MEMORY_WORDS,
    NOW,
    QUESTION_WORDS,
    SAMPLES,
    SIZE,
    Language,
    TopicEmbedder,
    memories,
    report,
)

SMALL = "member_2"
"""A member with 100 memories."""


async def main() -> None:
    language = Language(11)
    passages, questions = language.sentences(SIZE, MEMORY_WORDS), language.sentences(SAMPLES, QUESTION_WORDS)
    topics = TopicEmbedder()
    topics.prepare([*passages, *questions])
    with private(PgVector) as server:
        index = Mem0Memories(server.url, topics, vectors="pgvector")
        await index.ids(SMALL)  # its import is not counted
        started = time.perf_counter()
        await index.add_batch(memories(passages))
        print(f"memories loaded: {SIZE / (time.perf_counter() - started):,.0f} a second")
        for name, groups in (("the viewer's and the DAO's", GROUPS), ("a member's 100", (SMALL,))):
            await report(name, partial(found, index, groups), questions)
        fast = [await found(index, GROUPS, question) for question in questions]
        memory_search.EXACT_BELOW = 10**9
        exact = [await found(index, GROUPS, question) for question in questions]
        shares = [len(got & best) / len(best) for got, best in zip(fast, exact, strict=True)]
        print(f"recall@{LIMIT} against exact: {sum(shares) / len(shares):.3f}")
        await index.close()


async def found(index: Mem0Memories, groups: Sequence[str], question: str) -> set[int]:
    hits = await index.search(groups, question, limit=LIMIT, where=MemoryFilter(), at=NOW)
    return {hit.id for hit in hits}


if __name__ == "__main__":
    asyncio.run(main())
