"""A twin's reply: what is recalled, what is streamed, what happens when something fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from agents.twin import ReplyPart, TwinAgent
from domain.chats import ChatMessage, Citation, Sender, SourceKind
from domain.errors import ModelFailed, RetrievalFailed
from domain.members import Role, Viewer
from domain.models import Cited, Evidence, Prompt
from domain.periods import Window
from domain.recall import Question
from domain.replies import ReplyContext, ReplyToken

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
ANA = Viewer(1, Role.MEMBER)


def evidence(kind: SourceKind, id: str, text: str) -> Evidence:
    return Evidence(Citation(kind, id, text, 0.5), text, "notes.md", NOW, own=True)


MEMORY = evidence(SourceKind.MEMORY, "1", "I like the Voron.")
FACT = evidence(SourceKind.FACT, "f", "Ana voted FOR it.")


@dataclass
class ListedRecall:
    """Recall over plain lists; `waits` shows whether searches overlap."""

    memories_fail: bool = False
    facts_fail: bool = False
    searches_left: int = 99
    said: list[ChatMessage] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    gate: asyncio.Barrier | None = None

    async def memories(self, viewer: Viewer, query: str, *, limit: int) -> list[Evidence]:
        await self._met()
        self.queries.append(query)
        if self.memories_fail or len(self.queries) > self.searches_left:
            raise RetrievalFailed("The memory index is away.")
        return [MEMORY][:limit]

    async def facts(self, viewer: Viewer, query: str, *, window: Window, limit: int) -> list[Evidence]:
        await self._met()
        self.windows.append(window)
        if self.facts_fail:
            raise RetrievalFailed("The graph is away.")
        return [FACT][:limit]

    async def turns(self, session_id: int, *, before_turn: int, limit: int) -> list[ChatMessage]:
        await self._met()
        return [each for each in self.said if each.turn < before_turn][-limit:]

    async def _met(self) -> None:
        if self.gate is not None:
            await self.gate.wait()


@dataclass
class ScriptedModel:
    """Says its pieces; an exception among them is raised, None waits for ever."""

    pieces: list[str | Cited | Exception | None]
    name: str = "scripted"
    prompts: list[Prompt] = field(default_factory=list)
    closed: bool = False

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Cited]:
        self.prompts.append(prompt)
        try:
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                if piece is None:
                    await asyncio.Event().wait()
                else:
                    yield piece
        finally:
            self.closed = True


def asked(text: str = "Which printer do I like?", turn: int = 4) -> Question:
    return Question(ANA, "Ana Duarte", session_id=7, turn=turn, text=text, asked_at=NOW)


def turn(number: int, sender: Sender, text: str) -> ChatMessage:
    return ChatMessage(100 + number, 7, number, sender, text, NOW, complete=True, transaction_id="t")


async def parts_of(agent: TwinAgent, question: Question) -> list[ReplyPart]:
    async with aclosing(agent.reply(question)) as parts:
        return [part async for part in parts]


async def test_the_context_comes_first_the_tokens_then_and_the_citations_last() -> None:
    agent = TwinAgent(ListedRecall(), ScriptedModel(["I like ", "the Voron.", Cited((MEMORY.citation,))]))
    assert await parts_of(agent, asked()) == [
        ReplyContext((MEMORY.citation, FACT.citation), degraded=False),
        ReplyToken("I like "),
        ReplyToken("the Voron."),
        Cited((MEMORY.citation,)),
    ]


async def test_memories_facts_and_turns_are_fetched_at_the_same_time() -> None:
    recall = ListedRecall(gate=asyncio.Barrier(3))
    parts = await asyncio.wait_for(parts_of(TwinAgent(recall, ScriptedModel(["Hi."])), asked()), 20)
    assert parts[-1] == Cited(())


@pytest.mark.parametrize(("memories_fail", "facts_fail", "left"), [(True, False, FACT), (False, True, MEMORY)])
async def test_a_failed_search_leaves_the_reply_degraded(memories_fail: bool, facts_fail: bool, left: Evidence) -> None:
    recall = ListedRecall(memories_fail=memories_fail, facts_fail=facts_fail)
    parts = await parts_of(TwinAgent(recall, ScriptedModel(["Hi."])), asked())
    assert parts[0] == ReplyContext((left.citation,), degraded=True)


async def test_a_second_search_that_fails_leaves_the_reply_degraded_too() -> None:
    recall = ListedRecall(searches_left=1)
    parts = await parts_of(TwinAgent(recall, ScriptedModel(["Hi."])), asked("Who services the printer that broke?"))
    assert recall.queries == ["Who services the printer that broke?", "printer that broke"]
    assert parts[0] == ReplyContext((MEMORY.citation, FACT.citation), degraded=True)


async def test_the_members_turns_are_evidence_and_the_twins_are_not() -> None:
    recall = ListedRecall(said=[turn(0, Sender.MEMBER, "My band is Low."), turn(1, Sender.TWIN, "I take note.")])
    model = ScriptedModel(["Hi."])
    await parts_of(TwinAgent(recall, model), asked())
    assert [each.text for each in model.prompts[0].evidence] == [MEMORY.text, FACT.text, "My band is Low."]
    assert model.prompts[0].evidence[-1].citation == Citation(SourceKind.MESSAGE, "100", "My band is Low.", 1.0)
    assert [each.text for each in model.prompts[0].turns] == ["My band is Low.", "I take note."]


async def test_the_question_itself_is_no_evidence() -> None:
    recall = ListedRecall(said=[turn(4, Sender.MEMBER, "Which printer do I like?")])
    model = ScriptedModel(["Hi."])
    await parts_of(TwinAgent(recall, model), asked(turn=4))
    assert model.prompts[0].turns == ()


async def test_facts_are_of_the_last_90_days_or_of_the_period_named() -> None:
    recall = ListedRecall()
    agent = TwinAgent(recall, ScriptedModel(["Hi."]))
    await parts_of(agent, asked())
    await parts_of(agent, asked("What was decided in March 2025?"))
    march = Window(datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC))
    assert recall.windows == [Window(NOW - timedelta(days=90), None), march]


async def test_a_follow_up_is_searched_together_with_the_question_before() -> None:
    recall = ListedRecall(said=[turn(0, Sender.MEMBER, "Who services the Voron?"), turn(1, Sender.TWIN, "Ana.")])
    await parts_of(TwinAgent(recall, ScriptedModel(["Hi."])), asked("And how hot is its bed?"))
    assert recall.queries == ["And how hot is its bed?", "Who services the Voron? And how hot is its bed?"]


async def test_a_failing_model_is_told() -> None:
    model = ScriptedModel(["I ", ModelFailed("The model is away.")])
    with pytest.raises(ModelFailed, match="away"):
        await parts_of(TwinAgent(ListedRecall(), model), asked())
    assert model.closed


async def test_cancelling_the_reply_stops_the_model() -> None:
    model = ScriptedModel(["I ", None])
    seen: list[ReplyPart] = []

    async def listen() -> None:
        async with aclosing(TwinAgent(ListedRecall(), model).reply(asked())) as parts:
            async for part in parts:
                seen.append(part)

    task = asyncio.create_task(listen())
    while len(seen) < 2:  # noqa: ASYNC110  # what is waited for sets no event
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen[1] == ReplyToken("I ")
    assert model.closed
