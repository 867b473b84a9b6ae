"""Accuracy of the built-in answerer on worlds of our own: `python -m evals.answers [--pipeline] [--half dev]`.

Every question goes through the twin's graph, its second looks included. Plain: passages ranked by the embedder alone.
With --pipeline the product's chunks, memory index and graph find them, on a FalkorDB of its own.
"""

import argparse
import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from adapters.embedding.minilm import MiniLmEmbedder
from adapters.llm.builtin import BuiltInModel
from agents.twin import TwinAgent
from domain.members import Role, Viewer
from domain.models import Cited
from domain.recall import Question
from domain.replies import ReplyToken
from evals.worlds import ASKED_AT, GOLDEN, Case, Outcome, World, faults_of, turns_of, worlds
from evals.worlds_recall import PlainRecall

if TYPE_CHECKING:
    from evals.worlds_indexed import IndexedRecall

type WorldRecall = PlainRecall | IndexedRecall


async def asked(world: World, case: Case, agent: TwinAgent, recall: WorldRecall) -> Outcome:
    recall.said = turns_of(case)
    question = Question(Viewer(1, Role.MEMBER), world.name, 1, len(recall.said), case["question"], ASKED_AT)
    began = perf_counter()
    pieces, cited = [], Cited(())
    async with aclosing(agent.reply(question)) as parts:
        async for part in parts:
            if isinstance(part, Cited):
                cited = part
            elif isinstance(part, ReplyToken):
                pieces.append(part.text)
    text = "".join(pieces)
    sources = [recall.source(each.source_id) for each in cited.citations]
    return Outcome(case, text, tuple(faults_of(case, text, sources)), perf_counter() - began)


async def outcomes_of(chosen: Sequence[World], *, pipeline: bool = False) -> list[tuple[World, Outcome]]:
    """Every question of these worlds, asked and judged."""
    embedder = MiniLmEmbedder(cached=50_000)
    model = BuiltInModel(embedder)
    found: list[tuple[World, Outcome]] = []
    async with recalls(chosen, embedder, pipeline=pipeline) as given:
        async for world, recall in given:
            agent = TwinAgent(recall, model)
            found += [(world, await asked(world, case, agent, recall)) for case in world.cases]
    return found


@asynccontextmanager
async def recalls(
    chosen: Sequence[World], embedder: MiniLmEmbedder, *, pipeline: bool
) -> AsyncIterator[AsyncIterator[tuple[World, WorldRecall]]]:
    if not pipeline:
        yield ((world, await PlainRecall.of(world, embedder)) for world in chosen)
        return
    from evals.worlds_indexed import IndexedRecall, engines  # its engines take seconds to import

    numbers = count(1)
    async with engines(embedder) as running:
        yield ((world, await IndexedRecall.of(world, running, member=next(numbers))) for world in chosen)


def table(outcomes: Sequence[tuple[World, Outcome]]) -> str:
    """Right of all, per class and half."""
    counts: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for world, outcome in outcomes:
        for klass in (outcome.case["class"], "all"):
            counts[klass, world.half].append(not outcome.faults)
    lines = [f"{'class':<12}{'dev':>16}{'held-out':>16}"]
    for klass in sorted({klass for klass, _ in counts}, key=lambda k: (k == "all", k)):
        cells = (_share(counts.get((klass, half), [])) for half in ("dev", "held-out"))
        lines.append(f"{klass:<12}" + "".join(f"{cell:>16}" for cell in cells))
    return "\n".join(lines)


def _share(right: Sequence[bool]) -> str:
    return f"{sum(right)}/{len(right)} {sum(right) / len(right):.0%}" if right else "-"


async def run(chosen: Sequence[World], *, pipeline: bool, verbose: bool) -> None:
    outcomes = await outcomes_of(chosen, pipeline=pipeline)
    for world, outcome in outcomes:
        if verbose and outcome.faults:
            print(f"{world.title}: {outcome.case['question']}\n  -> {outcome.answer}\n  {'; '.join(outcome.faults)}")
    print(table(outcomes))
    times = sorted(outcome.seconds for _, outcome in outcomes)
    print(f"ms an answer: median {times[len(times) // 2] * 1000:.0f}, P95 {times[len(times) * 95 // 100] * 1000:.0f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("dev", "held-out"))
    parser.add_argument("--pipeline", action="store_true", help="chunks, memory index and graph of the product")
    parser.add_argument("--verbose", action="store_true", help="print every wrong answer")
    parser.add_argument("--worlds", type=Path, default=GOLDEN, help="another file of worlds")
    given = parser.parse_args()
    selected = [world for world in worlds(given.worlds) if given.half in (None, world.half)]
    asyncio.run(run(selected, pipeline=given.pipeline, verbose=given.verbose))
