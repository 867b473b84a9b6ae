"""A twin's reply as a LangGraph graph: recall (three searches at once), look again for what leans on more, answer."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypedDict, cast

from domain.chats import ChatMessage, Citation, Sender, SourceKind
from domain.errors import RetrievalFailed
from domain.hops import description_of, hop_queries
from domain.models import Answering, Cited, Evidence, Model, Prompt, Turn
from domain.periods import Window, period_in
from domain.questions import in_context
from domain.recall import FACT_DAYS, FACTS, HOP, MEMORIES, TURNS, Question, Recall
from domain.replies import ReplyContext, ReplyToken

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

TRACING = ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2")
"""Set to "false" before langgraph is imported: it would send every question to a tracing service if asked to."""

type ReplyPart = ReplyContext | ReplyToken | Cited | Answering


class TwinState(TypedDict, total=False):
    """What the nodes hand on."""

    question: Question
    memories: list[Evidence]
    facts: list[Evidence]
    turns: list[ChatMessage]
    degraded: bool
    forgetful: bool
    """Memories could not be searched: the same reply does not try again."""


class TwinAgent:
    """Answers one question; it changes nothing."""

    def __init__(self, recall: Recall, model: Model) -> None:
        self._recall = recall
        self._model = model

    def warm(self) -> None:
        """Import and compile the graph now, so that the first question does not wait for it."""
        _ = self._graph

    async def reply(self, question: Question) -> AsyncGenerator[ReplyPart]:
        """What was recalled, once somebody answers; who does, tokens as they are made, last what the answer rests on.

        A search that fails leaves the reply degraded, as does another model than the chosen one. Raises ModelFailed.
        Close it (aclosing) to stop the model.
        """
        async with aclosing(_generator(self._graph.astream({"question": question}, stream_mode="custom"))) as parts:
            async for part in parts:
                yield cast(ReplyPart, part)

    @cached_property
    def _graph(self) -> "CompiledStateGraph[TwinState, None, TwinState, TwinState]":
        for tracing in TRACING:
            os.environ[tracing] = "false"
        from langgraph.graph import END, START, StateGraph  # 4 s: only who answers pays for it

        graph = StateGraph(TwinState)
        nodes = (self._recalled, self._looked_again, self._led_on, self._answered)
        for node in nodes:
            graph.add_node(node.__name__, node)
        for before, after in pairwise([START, *(node.__name__ for node in nodes), END]):
            graph.add_edge(before, after)
        return graph.compile()

    async def _recalled(self, state: TwinState) -> TwinState:
        """Memories, facts and turns, fetched at the same time."""
        asked = state["question"]
        window = period_in(asked.text, asked.asked_at) or Window(asked.asked_at - timedelta(days=FACT_DAYS), None)
        memories, facts, turns = await asyncio.gather(
            _or_none(self._recall.memories(asked.viewer, asked.text, limit=MEMORIES)),
            _or_none(self._recall.facts(asked.viewer, asked.text, window=window, limit=FACTS)),
            self._recall.turns(asked.session_id, before_turn=asked.turn, limit=TURNS),
        )
        return {
            "memories": memories or [],
            "facts": facts or [],
            "turns": turns,
            "degraded": None in (memories, facts),
            "forgetful": memories is None,
        }

    async def _looked_again(self, state: TwinState) -> TwinState:
        """A follow-up such as "and its bed?" finds its memories only together with what was said before."""
        asked, turns = state["question"], _turns(state["turns"])
        query = in_context(asked.text, turns, name=asked.name, now=asked.asked_at)
        if query == asked.text or state["forgetful"]:
            return {}
        again = await _or_none(self._recall.memories(asked.viewer, query, limit=MEMORIES))
        if again is None:
            return {"degraded": True, "forgetful": True}
        return {"memories": interleaved(again, state["memories"])[:MEMORIES]}

    async def _led_on(self, state: TwinState) -> TwinState:
        """For "the printer that broke": what describes it, then what is said of the thing found; at most HOP more."""
        asked = state["question"]
        if state["forgetful"]:
            return {}
        recalled = [*state["memories"], *state["facts"]]
        described = description_of(asked.text, recalled, name=asked.name, now=asked.asked_at)
        more, first = await self._searched(asked, [described] if described else [])
        queries = hop_queries(asked.text, [*recalled, *more], name=asked.name, now=asked.asked_at)
        led, second = await self._searched(asked, queries)
        held = {each.citation.source_id for each in state["memories"]}
        fresh = [each for each in interleaved(led, more) if each.citation.source_id not in held]
        return {
            "memories": [*state["memories"], *fresh[:HOP]],
            "degraded": state["degraded"] or not (first and second),
        }

    async def _searched(self, asked: Question, queries: Sequence[str]) -> tuple[list[Evidence], bool]:
        """Of all queries by turns, and whether none failed."""
        searches = [_or_none(self._recall.memories(asked.viewer, query, limit=MEMORIES)) for query in queries]
        found: list[Evidence] = []
        results = await asyncio.gather(*searches)
        for memories in results:
            found = interleaved(found, memories or [])
        return found, None not in results

    async def _answered(self, state: TwinState) -> TwinState:
        from langgraph.config import get_stream_writer

        write: Callable[[Any], None] = get_stream_writer()
        prompt = prompt_of(state)
        citations = tuple(each.citation for each in prompt.evidence)
        began, cited = False, Cited(())
        async with aclosing(_generator(self._model.stream(prompt))) as parts:
            async for part in parts:
                if not began:
                    began, fell = True, isinstance(part, Answering) and part.degraded
                    write(ReplyContext(citations, state["degraded"] or fell))
                match part:
                    case Cited():
                        cited = part
                    case Answering():
                        write(part)
                    case str():
                        write(ReplyToken(part))
        write(cited)
        return {}


async def _or_none[T](search: Awaitable[T]) -> T | None:
    """None when the store could not be searched."""
    try:
        return await search
    except RetrievalFailed:
        return None


async def _generator[T](parts: AsyncIterator[T]) -> AsyncGenerator[T]:
    """The same parts, from something that can be closed; closing it closes a generator inside."""
    try:
        async for part in parts:
            yield part
    finally:
        close = getattr(parts, "aclose", None)
        if close is not None:
            await close()


def prompt_of(state: TwinState) -> Prompt:
    """All that the model may rest on; a twin's own turns are no evidence, so that it never learns from itself."""
    asked, turns = state["question"], state["turns"]
    said = [_said(each) for each in turns if each.sender is Sender.MEMBER]
    facts = [each for each in state["facts"] if not _repeated(each, state["memories"])]
    evidence = (*state["memories"], *facts, *said)
    return Prompt(asked.name, asked.text, evidence, tuple(_turns(turns)), asked.asked_at)


def _repeated(fact: Evidence, memories: Sequence[Evidence]) -> bool:
    """A sentence of a recalled passage, which is cited in the fact's place: it has the file and the member's voice."""
    return any(fact.text in " ".join(memory.text.split()) for memory in memories)


def _turns(messages: Sequence[ChatMessage]) -> list[Turn]:
    return [Turn(each.sender, each.content) for each in messages]


def _said(message: ChatMessage) -> Evidence:
    citation = Citation(SourceKind.MESSAGE, str(message.id), message.content, 1.0)
    return Evidence(citation, message.content, "chat", message.created_at, own=True)


def interleaved(first: Sequence[Evidence], second: Sequence[Evidence]) -> list[Evidence]:
    """By turns from both lists, each source once."""
    found: dict[str, Evidence] = {}
    for rank in range(max(len(first), len(second))):
        for each in (*first[rank : rank + 1], *second[rank : rank + 1]):
            found.setdefault(each.citation.source_id, each)
    return list(found.values())
