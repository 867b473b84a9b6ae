"""Accuracy of the built-in answerer on worlds of our own: `python -m evals.answers [--half dev] [--verbose]`.

Each line of golden/answers.jsonl is a world: a member, documents, facts, chat lines, and questions of several classes.
Retrieval is plain: all passages ranked by the embedder, the best 5 memories and 5 facts and the last 6 turns go in.
"""

import argparse
import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import sumprod
from pathlib import Path
from time import perf_counter
from typing import Any

from adapters.embedding.minilm import MiniLmEmbedder
from adapters.llm.builtin import BuiltInModel
from domain.chats import Citation, Sender, SourceKind
from domain.embeddings import Embedder, Vector
from domain.models import Cited, Evidence, Prompt, Turn

GOLDEN = Path(__file__).parent / "golden" / "answers.jsonl"
ASKED_AT = datetime(2026, 5, 20, 12, tzinfo=UTC)
MEMORIES, FACTS, TURNS = 5, 5, 6
PASSAGE = 600
"""Characters of a passage: about 150 word pieces."""

type Case = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    case: Case
    answer: str
    faults: tuple[str, ...]
    seconds: float


@dataclass(slots=True)
class World:
    name: str
    half: str
    title: str
    passages: list[Evidence]
    cases: list[Case]
    vectors: list[Vector] = field(default_factory=list)


def worlds() -> list[World]:
    return [_world(json.loads(line)) for line in GOLDEN.read_text("utf-8").splitlines()]


def _world(row: dict[str, Any]) -> World:
    passages = [each for number, document in enumerate(row["documents"]) for each in _passages(number, document)]
    return World(row["name"], row["half"], row["world"], passages, row["cases"])


def _passages(number: int, document: dict[str, Any]) -> list[Evidence]:
    """The document's paragraphs, packed; a heading goes with what follows it."""
    kind = SourceKind.FACT if document["source"] == "the record" else SourceKind.MEMORY
    at = datetime.fromisoformat(document["at"]).replace(tzinfo=UTC)
    packed: list[str] = [""]
    for block in document["text"].split("\n\n"):
        if packed[-1] and len(packed[-1]) + len(block) > PASSAGE:
            packed.append("")
        packed[-1] = f"{packed[-1]}\n\n{block}".strip()
    return [
        Evidence(Citation(kind, f"{number}.{part}", text, 0.0), text, document["source"], at, document["own"])
        for part, text in enumerate(packed)
    ]


async def recall(world: World, question: str, embedder: Embedder) -> list[Evidence]:
    """The nearest memories and facts."""
    if not world.vectors:
        world.vectors = await embedder.embed([each.text for each in world.passages])
    asked = (await embedder.embed([question]))[0]
    ranked = sorted(zip(world.passages, world.vectors, strict=True), key=lambda pair: -sumprod(asked, pair[1]))
    memories = [each for each, _ in ranked if each.citation.kind is SourceKind.MEMORY]
    facts = [each for each, _ in ranked if each.citation.kind is SourceKind.FACT]
    return memories[:MEMORIES] + facts[:FACTS]


async def asked(world: World, case: Case, model: BuiltInModel, embedder: Embedder) -> Outcome:
    turns = tuple(Turn(Sender(turn["sender"]), turn["text"]) for turn in case.get("turns", []))
    evidence = await recall(world, " ".join([*(t.text for t in turns[-2:]), case["question"]]), embedder)
    evidence += [_said(number, turn) for number, turn in enumerate(turns) if turn.sender is Sender.MEMBER]
    prompt = Prompt(world.name, case["question"], tuple(evidence), turns, ASKED_AT)
    began = perf_counter()
    pieces, cited = [], Cited(())
    async for piece in model.stream(prompt):
        if isinstance(piece, Cited):
            cited = piece
        else:
            pieces.append(piece)
    text = "".join(pieces)
    sources = {e.citation.source_id: e.source for e in evidence}
    faults = faults_of(case, text, [sources[each.source_id] for each in cited.citations])
    return Outcome(case, text, tuple(faults), perf_counter() - began)


def _said(number: int, turn: Turn) -> Evidence:
    return Evidence(
        Citation(SourceKind.MESSAGE, f"turn{number}", turn.text, 1.0), turn.text, "chat", ASKED_AT, own=True
    )


def faults_of(case: Case, answer: str, sources: Sequence[str]) -> list[str]:
    """What is wrong with an answer; nothing when it is right."""
    lower = answer.casefold()
    faults = [
        f"lacks {each!r}" for each in case.get("must", []) if not any(w in lower for w in each.casefold().split("|"))
    ]
    faults += [f"has {each!r}" for each in case.get("must_not", []) if each.casefold() in lower]
    faults += [f"cites no {each}" for each in case.get("cite", []) if each not in sources]
    if case["class"] == "unknown" and ("I don't know" not in answer or sources):
        faults.append("should not know")
    if not re.search(r"\b(?:I|[Mm]y|me|mine)\b", answer):
        faults.append("not in the first person")
    return faults


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


async def outcomes_of(half: str | None = None) -> list[tuple[World, Outcome]]:
    """Every question of a half, or of both, asked and judged."""
    embedder = MiniLmEmbedder()
    model = BuiltInModel(embedder)
    chosen = [world for world in worlds() if half in (None, world.half)]
    return [(world, await asked(world, case, model, embedder)) for world in chosen for case in world.cases]


async def run(half: str | None, *, verbose: bool) -> None:
    outcomes = await outcomes_of(half)
    for world, outcome in outcomes:
        if verbose and outcome.faults:
            print(f"{world.title}: {outcome.case['question']}\n  -> {outcome.answer}\n  {'; '.join(outcome.faults)}")
    print(table(outcomes))
    times = sorted(outcome.seconds for _, outcome in outcomes)
    print(f"ms an answer: median {times[len(times) // 2] * 1000:.0f}, P95 {times[len(times) * 95 // 100] * 1000:.0f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("dev", "held-out"))
    parser.add_argument("--verbose", action="store_true", help="print every wrong answer")
    given = parser.parse_args()
    asyncio.run(run(given.half, verbose=given.verbose))
