"""A schema at work: operations run, their errors told, answers as the wire has them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from graphql import GraphQLError, GraphQLSchema, OperationType
from graphql.execution import ExecutionResult, create_source_event_stream, execute_subscription_event
from graphql.execution.values import VariableValues, get_variable_values

from app.graphql.execution import Executor
from app.graphql.leaves import leaves_of
from app.graphql.operations import Documents, Operation
from domain.meters import Meters, Unmetered
from resolvers.errors import coded, tell
from schema.context import Context

MAX_COERCION_ERRORS = 20
type Deliver = Callable[[dict[str, Any]], bool]
"""Takes an event's answer on the spot; False: not now."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`payload` is the response as JSON has it; without `data` when the operation never began."""

    payload: dict[str, Any]

    @property
    def began(self) -> bool:
        return "data" in self.payload


class Engine:
    """Runs the operations of one schema. `seconds` is how long a query or mutation may take."""

    def __init__(
        self, schema: GraphQLSchema, documents: Documents, *, seconds: float, meters: Meters | None = None
    ) -> None:
        self._seconds = seconds
        self._documents = documents
        self._schema = schema
        self._leaves = leaves_of(schema)
        self._meters = meters or Unmetered()

    def prepared(self, text: str, name: str | None, variables: Mapping[str, Any]) -> Operation | Answer:
        """The operation, or why it can't be run. Raises UnknownOperation."""
        document = self._documents.read(text)
        if document.errors:
            return self._counted("unknown", refused(list(document.errors)))
        operation = document.operation(name)
        try:
            document.priced(name, variables)
        except GraphQLError as error:
            return self._counted(operation.kind.value, refused([error]))
        return operation

    async def run(self, operation: Operation, variables: Mapping[str, Any] | None, context: object) -> Answer:
        """A query or mutation."""
        return self._counted(operation.kind.value, await self._run(operation, variables, context))

    async def _run(self, operation: Operation, variables: Mapping[str, Any] | None, context: object) -> Answer:
        found = self._variables(operation, variables)
        if isinstance(found, Answer):
            return found
        result = Executor.of(operation, self._leaves, found, context).execute_operation()
        if isinstance(result, ExecutionResult):
            return answered(result, context)
        try:
            async with asyncio.timeout(self._seconds):
                return answered(await result, context)
        except TimeoutError:
            message = f"The operation took longer than {self._seconds:g} s: ask for less at once."
            return Answer({"errors": [{"message": message, "extensions": coded("TIMEOUT", retryable=True)}]})

    async def stream(
        self,
        operation: Operation,
        variables: Mapping[str, Any] | None,
        context: object,
        deliver: Deliver | None = None,
    ) -> AsyncGenerator[Answer]:
        """A subscription's events; or one answer that never began; a query or mutation as its only event. `deliver` may
        be given events in between, which then are not yielded."""
        if operation.kind is not OperationType.SUBSCRIPTION:
            yield await self.run(operation, variables, context)
            return
        found = self._variables(operation, variables)
        if isinstance(found, Answer):
            yield self._counted("subscription", found)
            return
        executor = Executor.of(operation, self._leaves, found, context)
        if deliver is not None and isinstance(context, Context):
            context.push = partial(pushed, executor, deliver)
        source = create_source_event_stream(executor)
        if not isinstance(source, ExecutionResult | AsyncIterable):
            source = await source
        if isinstance(source, ExecutionResult):
            yield self._counted("subscription", refused(source.errors or []))
            return
        self._meters.count("operations", kind="subscription", outcome="ok")
        async with aclosing(cast("AsyncGenerator[object]", source)) as events:
            try:
                async for event in events:
                    plain = executor.plain_event(event)
                    yield Answer(said(plain, context)) if plain else answered(await performed(executor, event), context)
            except Exception as error:  # noqa: BLE001  # told as the last of them, and logged
                failed = GraphQLError(str(error), original_error=error)
                yield Answer({"errors": formatted([failed]), "data": None})

    def _counted(self, kind: str, answer: Answer) -> Answer:
        self._meters.count("operations", kind=kind, outcome=outcome_of(answer))
        return answer

    def _variables(self, operation: Operation, given: Mapping[str, Any] | None) -> VariableValues | Answer:
        found = get_variable_values(
            self._schema,
            operation.node.variable_definitions or (),
            dict(given or {}),
            max_errors=MAX_COERCION_ERRORS,
            hide_suggestions=True,
        )
        return refused(found) if isinstance(found, list) else found


def pushed(executor: Executor, deliver: Deliver, event: object) -> bool:
    plain = executor.plain_event(event)
    return plain is not None and deliver({"data": plain})


def outcome_of(answer: Answer) -> str:
    """As metrics call it."""
    if answer.began:
        return "errors" if "errors" in answer.payload else "ok"
    codes = [error.get("extensions", {}).get("code") for error in answer.payload["errors"]]
    return "timeout" if "TIMEOUT" in codes else "invalid"


async def performed(executor: Executor, event: object) -> ExecutionResult:
    found = execute_subscription_event(executor.build_per_event_executor(event))
    return found if isinstance(found, ExecutionResult) else await found


def answered(result: ExecutionResult, context: object) -> Answer:
    payload = said(result.data, context)
    return Answer({"errors": formatted(result.errors), **payload} if result.errors else payload)


def said(data: dict[str, Any] | None, context: object) -> dict[str, Any]:
    skipped = getattr(context, "skipped", None)
    return {"data": data, "extensions": {"skipped": skipped}} if skipped else {"data": data}


def refused(errors: list[GraphQLError]) -> Answer:
    """Of an operation that never began."""
    return Answer({"errors": formatted(errors)})


def formatted(errors: list[GraphQLError]) -> list[dict[str, Any]]:
    for error in errors:
        tell(error)
    return [cast("dict[str, Any]", error.formatted) for error in errors]
