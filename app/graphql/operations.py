"""Documents made ready once: parsed, held against the limits and the schema, and split into their operations."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from cachetools import LRUCache
from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    specified_rules,
    validate,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.validation import ASTValidationRule
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from app.graphql.cost import Plan, Variables
from app.graphql.limits import MAX_ERRORS, check_cost, check_shape, check_variables, explained, parsed

KEPT_CHARACTERS, MAX_KEPT = 500_000, 20_000
"""Of the texts that are remembered, in all and each; a document takes some 200 bytes a character."""
type Planned = Callable[[DocumentNode, GraphQLSchema], Plan]
HINT = re.compile(r" Did you mean [^?]*\?$")
"""What graphql-core suggests even where it is to hide suggestions: the name as it was sent, with a selection."""
RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)


class UnknownOperation(GraphQLError):
    """The document is valid, and does not say which of its operations to run."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a valid document. `collected` remembers what graphql-core gathers of its selections; None where
    @skip or @include make that depend on the variables."""

    schema: GraphQLSchema
    node: OperationDefinitionNode
    text: str
    fragment_definitions: dict[str, FragmentDefinitionNode]
    fragments: dict[str, FragmentDetails]
    collected: dict[Any, Any] | None

    @property
    def kind(self) -> OperationType:
        return self.node.operation


@dataclass(frozen=True, slots=True)
class Document:
    """What a text says: its operations by name, or why none can be run. `size` is in characters."""

    size: int
    operations: Mapping[str | None, Operation] = field(default_factory=dict)
    errors: tuple[GraphQLError, ...] = ()
    plan: Plan | None = None

    def priced(self, name: str | None, variables: Variables) -> int:
        """What the operation of this name costs, in points. Raises GraphQLError when that is too much, or the variables
        are too many."""
        check_variables(variables)
        return check_cost(self.plan, name, variables) if self.plan else 0

    def operation(self, name: str | None) -> Operation:
        """The one of this name, or the only one. Raises UnknownOperation."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            raise UnknownOperation("Send `operationName`: the document has several operations, or none.")
        if name not in self.operations:
            raise UnknownOperation(f"The document has no operation named {name!r}: check `operationName`.")
        return self.operations[name]


class Documents:
    """The documents of one schema. `planned` prices a document and raises GraphQLError for one that asks for too much;
    it runs before the rules, which take long over what it refuses. Without `hints` no error suggests a name of the
    schema."""

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        rules: tuple[type[ASTValidationRule], ...] = RULES,
        planned: Planned | None = check_shape,
        hints: bool = True,
    ) -> None:
        self._schema = schema
        self._rules = rules
        self._planned = planned
        self._hints = hints
        self._kept: LRUCache[str, Document] = LRUCache(KEPT_CHARACTERS, getsizeof=attrgetter("size"))

    def read(self, text: str) -> Document:
        """Remembered: most texts come again and again."""
        found = self._kept.get(text)
        if found is None:
            found = self._read(text)
            if found.size <= MAX_KEPT:
                self._kept[text] = found
        return found

    def _read(self, text: str) -> Document:
        try:
            document = parsed(text)
            plan = self._planned(document, self._schema) if self._planned else None
        except GraphQLError as error:
            return Document(len(text), errors=(error,))
        errors = validate(self._schema, document, self._rules, max_errors=MAX_ERRORS, hide_suggestions=not self._hints)
        if errors:
            return Document(len(text), errors=tuple(self._told(each) for each in errors))
        return Document(len(text), self._operations(document, text), plan=plan)

    def _told(self, error: GraphQLError) -> GraphQLError:
        error = explained(error)
        if not self._hints:
            error.message = HINT.sub("", error.message)
        return error

    def _operations(self, document: DocumentNode, text: str) -> dict[str | None, Operation]:
        definitions = document.definitions
        written = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
        details = {name: FragmentDetails(each) for name, each in written.items()}
        fixed = not conditional(document)
        return {
            each.name.value if each.name else None: Operation(
                self._schema, each, text, written, details, {} if fixed else None
            )
            for each in definitions
            if isinstance(each, OperationDefinitionNode)
        }


class Conditions(Visitor):
    """Whether a document says @skip or @include."""

    found = False

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.found = self.found or node.name.value in ("skip", "include")


def conditional(document: DocumentNode) -> bool:
    conditions = Conditions()
    visit(document, conditions)
    return conditions.found
