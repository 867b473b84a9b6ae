"""Worlds of golden/answers.jsonl: a member, documents, facts, chat lines, and questions of several classes."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.chats import ChatMessage, Citation, Sender, SourceKind
from domain.models import Evidence

GOLDEN = Path(__file__).parent / "golden" / "answers.jsonl"
ASKED_AT = datetime(2026, 5, 20, 12, tzinfo=UTC)
FIRST_TURN = 1_000_000
"""Ids of turns start above those of memories."""

type Case = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    source: str
    text: str
    at: datetime
    own: bool
    kind: SourceKind

    def evidence(self, id: str, text: str, score: float = 0.0) -> Evidence:
        """One passage of it."""
        return Evidence(Citation(self.kind, id, text, score), text, self.source, self.at, self.own)


@dataclass(frozen=True, slots=True)
class World:
    name: str
    half: str
    title: str
    documents: list[Document]
    cases: list[Case]


@dataclass(frozen=True, slots=True)
class Outcome:
    case: Case
    answer: str
    faults: tuple[str, ...]
    seconds: float


def worlds(path: Path = GOLDEN) -> list[World]:
    return [_world(json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def _world(row: dict[str, Any]) -> World:
    return World(row["name"], row["half"], row["world"], [_document(each) for each in row["documents"]], row["cases"])


def _document(row: dict[str, Any]) -> Document:
    kind = SourceKind.FACT if row["source"] == "the record" else SourceKind.MEMORY
    return Document(row["source"], row["text"], datetime.fromisoformat(row["at"]).replace(tzinfo=UTC), row["own"], kind)


def turns_of(case: Case) -> list[ChatMessage]:
    """What was said before the question."""
    return [
        ChatMessage(
            id=FIRST_TURN + number,
            session_id=1,
            turn=number,
            sender=Sender(turn["sender"]),
            content=turn["text"],
            created_at=ASKED_AT,
            complete=True,
            transaction_id="eval",
        )
        for number, turn in enumerate(case.get("turns", []))
    ]


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
