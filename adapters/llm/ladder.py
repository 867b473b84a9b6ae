"""Language models by rungs: the main one, a small one, the built-in answerer. The first that answers does."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

from domain.errors import ModelFailed
from domain.meters import Meters
from domain.models import Answering, Cited, Model, Prompt

log = logging.getLogger(__name__)


class ModelLadder:
    """Port `Model`, named after its first rung. An answer says who gives it; every fall is logged and counted."""

    def __init__(self, rungs: Sequence[Model], meters: Meters) -> None:
        self.name = rungs[0].name
        self._rungs = rungs
        self._meters = meters

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Cited | Answering]:
        """Who answers, then the answer. Raises ModelFailed when one breaks off after its first words: another would go
        on in other words. Raises what the last rung raises."""
        for rung, model in enumerate(self._rungs):
            began = False
            try:
                async with aclosing(parts_of(model, prompt)) as parts:
                    async for part in parts:
                        if not began:
                            began = True
                            yield Answering(model.name, degraded=rung > 0)
                        yield part
                return
            except ModelFailed as failure:
                if began or model is self._rungs[-1]:
                    raise
                log.warning("%s answers instead: %s", self._rungs[rung + 1].name, failure)
                self._meters.count("fallbacks", port="llm")


async def parts_of(model: Model, prompt: Prompt) -> AsyncGenerator[str | Cited | Answering]:
    """What streams, as something that can be closed; closing it closes a generator inside."""
    stream: AsyncIterator[str | Cited | Answering] = model.stream(prompt)
    try:
        async for part in stream:
            yield part
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
