"""Running an operation: graphql-core's executor, with a short way for plain attributes."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from graphql import (
    GraphQLError,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    OperationType,
    Undefined,
    is_abstract_type,
)
from graphql.execution import ExecutionResult, default_field_resolver, default_type_resolver
from graphql.execution import Executor as CoreExecutor
from graphql.execution.collect_fields import CollectedFields, FieldDetails, collect_fields
from graphql.execution.values import VariableValues
from graphql.pyutils import Path, gather_with_cancel
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from app.graphql.leaves import Leaf
from app.graphql.operations import Operation

type Details = list[FieldDetails]
type Row = list[tuple[str, Leaf]]
type Leaves = Mapping[str, Mapping[str, Leaf]]


class Executor(CoreExecutor[None]):
    """One run of `operation`. What does not depend on variables is collected once an operation, not once a run."""

    leaves: Leaves
    _told: dict[type, tuple[str, Row] | None]
    operation_extensions = None
    build_resolve_info = StrawberryGraphQLCoreExecutionContext.build_resolve_info  # what its resolvers expect

    @classmethod
    def of(cls, operation: Operation, leaves: Leaves, variables: VariableValues, context: object) -> "Executor":
        made = cls(
            operation.schema,
            operation.fragment_definitions,
            operation.fragments,
            None,
            context,
            operation.node,
            variables,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            is_awaitable=cast("Any", optimized_is_awaitable),
            hide_suggestions=True,
        )
        made.leaves = leaves
        made._told = {}
        if operation.collected is not None:
            made._relevant_sub_fields = operation.collected
        return made

    def execute_operation(self, serially: bool | None = None) -> Any:  # noqa: ANN401  # a result, or a promise of it
        """As graphql-core does, without what is for incremental delivery and abort signals."""
        kind = self.operation.operation
        root = cast("GraphQLObjectType", self.schema.get_root_type(kind))
        if serially is None:
            serially = kind is OperationType.MUTATION
        try:
            found = self.execute_root_grouped_field_set(root, self.root_value, self._root_fields(root), serially, None)
        except GraphQLError as error:
            return self._failed(error)
        return self._promised(found) if optimized_is_awaitable(found) else self.build_response(cast("Any", found))

    def _root_fields(self, root: GraphQLObjectType) -> dict[str, Details]:
        known = self._relevant_sub_fields.get((root, 0))
        if known is None:
            collected: CollectedFields = collect_fields(
                self.schema, self.fragments, self.variable_values, root, self.operation, self.hide_suggestions
            )
            known = self._relevant_sub_fields[root, 0] = ([], collected)
        return known[1].grouped_field_set

    async def _promised(self, found: Any) -> ExecutionResult:  # noqa: ANN401  # a promise of the fields
        try:
            data = await found
        except GraphQLError as error:
            return self._failed(error)
        return cast("ExecutionResult", self.build_response(data))

    def _failed(self, error: GraphQLError) -> ExecutionResult:
        self.collected_errors.add(error, None)
        return cast("ExecutionResult", self.build_response(None))

    def plain_event(self, event: object) -> dict[str, Any] | None:
        """The data of a subscription's event that is told by plain attributes alone; None: it takes the long way."""
        if type(event) not in self._told:
            self._told[type(event)] = self._told_by(type(event))
        told = self._told[type(event)]
        if told is None:
            return None
        name, row = told
        try:
            return {name: {each: leaf(event) for each, leaf in row}}
        except Exception:  # noqa: BLE001  # a value that its type refuses: the long way tells which
            return None

    def _told_by(self, event: type) -> tuple[str, Row] | None:
        """The root field's name and the leaves of such events."""
        root = cast("GraphQLObjectType", self.schema.subscription_type)
        (name, details), *others = self._root_fields(root).items()
        found = root.fields[details[0].node.name.value].type
        wanted = found.of_type if isinstance(found, GraphQLNonNull) else found
        kind = self.schema.get_type(getattr(getattr(event, "__strawberry_definition__", None), "name", ""))
        if others or not isinstance(kind, GraphQLObjectType):
            return None
        if kind is not wanted and not (is_abstract_type(wanted) and self.schema.is_sub_type(wanted, kind)):
            return None
        row = self._row(kind, details)
        return (name, row) if row else None

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,  # noqa: ANN401  # any noun
        path: Path | None,
        grouped_field_set: dict[str, Details],
        position_context: Any,  # noqa: ANN401  # graphql-core's
    ) -> Any:  # noqa: ANN401  # the fields by name, or a promise of them
        """As graphql-core does, except that a plain attribute is written at once."""
        leaves, results = self.leaves[parent_type.name], dict[str, Any]()
        waiting: list[str] = []
        for name, details in grouped_field_set.items():
            leaf = leaves.get(details[0].node.name.value)
            if leaf is not None:
                try:
                    results[name] = leaf(source_value)
                    continue
                except Exception:  # noqa: BLE001, S110  # resolved the long way, which tells what is wrong
                    pass
            try:
                found = self.execute_field(
                    parent_type, source_value, details, Path(path, name, parent_type.name), position_context
                )
            except Exception:
                if waiting:
                    self.settle_in_background([results[each] for each in waiting])
                raise
            if found is not Undefined:
                results[name] = found
            if optimized_is_awaitable(found):
                waiting.append(name)
        return self._awaited(results, waiting) if waiting else results

    async def _awaited(self, results: dict[str, Any], waiting: list[str]) -> dict[str, Any]:
        if len(waiting) == 1:
            results[waiting[0]] = await results[waiting[0]]
        else:
            found = await gather_with_cancel(*(results[name] for name in waiting))
            results.update(zip(waiting, found, strict=True))
        return results

    def complete_iterable_value(  # graphql-core's
        self,
        item_type: GraphQLOutputType,
        field_details_list: Details,
        info: Any,  # noqa: ANN401  # graphql-core's
        path: Path,
        items: Iterable[Any],
        position_context: Any,  # noqa: ANN401  # graphql-core's
    ) -> Any:  # noqa: ANN401  # the items, or a promise of them
        """Rows of plain attributes are written at once; whatever is odd in one of them is left to graphql-core."""
        named = item_type.of_type if isinstance(item_type, GraphQLNonNull) else item_type
        if isinstance(items, list) and isinstance(named, GraphQLObjectType):
            row = self._row(named, field_details_list)
            if row:
                try:
                    return [{name: leaf(item) for name, leaf in row} for item in items]
                except Exception:  # noqa: BLE001, S110  # null among the rows, or a value that its type refuses
                    pass
        return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)

    def _row(self, kind: GraphQLObjectType, details: Details) -> Row | None:
        """None where a field needs more than an attribute."""
        leaves = self.leaves[kind.name]
        fields = self.collect_subfields(kind, details).grouped_field_set
        row = [(name, leaves.get(each[0].node.name.value)) for name, each in fields.items()]
        return cast("Row", row) if all(leaf for _, leaf in row) else None
