"""Shared execution: a state that looks the same to every member is worked out once and framed for each subscriber."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from graphql import (
    FieldNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    visit,
)
from strawberry.types.field import StrawberryField

from app.graphql.engine import Engine
from app.graphql.operations import Operation
from app.graphql.responses import encoded
from domain.members import Role, Viewer
from schema.context import Context

log = logging.getLogger(__name__)

STATES = {"quorum", "proposalChanged", "daoChanged"}
"""Subscriptions that show the present state first, then newer ones."""
ALIKE = {
    "Dao.verifyKey",
    "Member.active",
    "Proposal.author",
    "Proposal.history",
    "Proposal.resolution",
    "Proposal.results",
    "Proposal.scope",
    "Proposal.sponsors",
    "Proposal.topics",
    "Resolution.results",
    "StatusChange.by",
}
"""Fields whose resolvers look at the operation's context, and yet say the same to every member."""
ANY_MEMBER = Viewer(0, Role.MEMBER)
"""Sees what every member sees, and has nothing of its own."""
TURN = 250
"""Subscribers served before others get a turn of the event loop."""

type Deliver = Callable[[bytes, int], None]
"""Hears of each state: its `data` as JSON text, and its number, which rises by more than one where the run itself
skipped states. Must not wait."""


class Run:
    """One execution and who listens to it."""

    def __init__(self) -> None:
        self.listeners: dict[Deliver, asyncio.Future[bool]] = {}
        self.latest: tuple[bytes, int] | None = None
        self.task: asyncio.Task[None] | None = None

    async def tell(self, body: bytes, number: int) -> None:
        self.latest = (body, number)
        for count, deliver in enumerate(tuple(self.listeners), 1):
            if deliver in self.listeners:
                deliver(body, number)
            if count % TURN == 0:
                await asyncio.sleep(0)

    def end(self, *, well: bool) -> None:
        for ended in self.listeners.values():
            if not ended.done():
                ended.set_result(well)


class Sharing:
    def __init__(self, engine: Engine, context_of: Callable[[Viewer], Context]) -> None:
        self._engine = engine
        self._context_of = context_of
        self._runs: dict[tuple[str, str, bytes], Run] = {}
        self._alike: WeakKeyDictionary[OperationDefinitionNode, bool] = WeakKeyDictionary()

    def shares(self, operation: Operation) -> bool:
        """Whether all that is selected looks the same to every member."""
        known = self._alike.get(operation.node)
        if known is None:
            known = self._alike[operation.node] = is_alike(operation)
        return known

    async def follow(self, operation: Operation, variables: dict[str, Any], deliver: Deliver) -> bool:
        """Until the states end. False when they can't be shared, such as a draft's, which not every member sees: the
        caller then runs the operation as itself."""
        name = operation.node.name.value if operation.node.name else ""
        key = (operation.text, name, orjson.dumps(variables, option=orjson.OPT_SORT_KEYS))
        run = self._runs.get(key)
        if run is None:
            run = self._runs[key] = Run()
            run.task = asyncio.create_task(self._execute(key, run, operation, variables))
        ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        run.listeners[deliver] = ended
        try:
            if run.latest:
                deliver(*run.latest)
            return await ended
        finally:
            del run.listeners[deliver]
            if not run.listeners:
                await self._stop(key, run)

    async def _execute(
        self, key: tuple[str, str, bytes], run: Run, operation: Operation, variables: dict[str, Any]
    ) -> None:
        well = False
        try:
            well = await self._told(run, operation, variables)
        except Exception:
            log.exception("A shared run failed; each of its listeners runs alone")
        finally:
            if self._runs.get(key) is run:
                del self._runs[key]
            run.end(well=well)

    async def _told(self, run: Run, operation: Operation, variables: dict[str, Any]) -> bool:
        """False at the first answer with an error: each listener is to hear its own."""
        context, number = self._context_of(ANY_MEMBER), 0
        async with aclosing(self._engine.stream(operation, variables, context)) as answers:
            async for answer in answers:
                if not answer.began or "errors" in answer.payload:
                    return False
                number += 1 + (context.skipped or 0)
                await run.tell(encoded(answer.payload["data"]), number)
        return True

    async def _stop(self, key: tuple[str, str, bytes], run: Run) -> None:
        if self._runs.get(key) is run:
            del self._runs[key]
        if run.task and not run.task.done():
            run.task.cancel()
            with suppress(asyncio.CancelledError):
                await run.task


def is_alike(operation: Operation) -> bool:
    if operation.kind is not OperationType.SUBSCRIPTION:
        return False
    look = Look(operation.schema)
    for definition in (operation.node, *operation.fragment_definitions.values()):
        visit(definition, TypeInfoVisitor(look.types, look))
    return look.alike


class Look(Visitor):
    """Whether every field is one of STATES, or says the same to all."""

    def __init__(self, schema: GraphQLSchema) -> None:
        super().__init__()
        self.types = TypeInfo(schema)
        self.alike = True

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent = self.types.get_parent_type()
        if parent is not None and not self._is_alike(parent.name, node.name.value):
            self.alike = False

    def _is_alike(self, parent: str, name: str) -> bool:
        if parent == "Subscription":
            return name in STATES
        defined = self.types.get_field_def()
        found = defined.extensions.get("strawberry-definition") if defined else None
        reads_context = isinstance(found, StrawberryField) and bool(
            found.base_resolver and found.base_resolver.info_parameter
        )
        return not reads_context or f"{parent}.{name}" in ALIKE
