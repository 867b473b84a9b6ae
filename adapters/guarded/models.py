"""A language model behind a guard. It keeps its own deadlines: a stream waits for its reader too."""

from collections.abc import AsyncGenerator, AsyncIterator

from adapters.guarded.guard import Guard
from domain.errors import ModelFailed
from domain.models import Answering, Cited, Model, Prompt


class GuardedModel:
    """Port `Model`."""

    def __init__(self, model: Model, guard: Guard, *, slow_after: float) -> None:
        self.name = model.name
        self._slow_after = slow_after
        self._model = model
        self._guard = guard

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Cited | Answering]:
        """Raises ModelFailed."""
        with self._guard.watching(ModelFailed, slow_after=self._slow_after):
            stream: AsyncIterator[str | Cited | Answering] = self._model.stream(prompt)
            try:
                async for part in stream:
                    yield part
            finally:
                if isinstance(stream, AsyncGenerator):
                    await stream.aclose()
