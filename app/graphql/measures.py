"""How deep, wide and costly selections are with their fragments written out; each fragment is measured once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    is_introspection_type,
    value_from_ast_untyped,
)

from app.graphql.cost import FREE, Cost, Plan, Priced, Steps
from app.graphql.fragments import fragments_of
from app.graphql.lists import LISTED, Answered, fields_of

ABOUT_THE_SCHEMA = ("__schema", "__type")
ONE = Cost(1)
COMMAND = Cost(10)
"""Of a mutation, beside what is read of its outcome."""
THOUSAND = 1_000
"""What a field of introspection counts, so that means over the schema stay whole numbers."""
UNWRAPPED = THOUSAND // 2
"""How often `ofType` has anything: most types are not wrapped, few are wrapped twice."""


@dataclass(slots=True)
class Measure:
    """Of a selection. `once` is the cost of what an object of it answers with, `each` that of one element of its lists
    which have no size of their own: the field above may give it. What introspection asks is kept apart."""

    depth: int = 0
    wide: int = 0
    aliases: int = 0
    directives: int = 0
    once: Cost = FREE
    each: Cost = FREE
    introspection_depth: int = 0
    introspection: int = 0

    def add(self, other: "Measure") -> None:
        self.depth = max(self.depth, other.depth)
        self.wide += other.wide
        self.once += other.once
        self.each += other.each
        self._add_beside(other)

    def add_below(self, other: "Measure", once: Cost, each: Cost) -> None:
        """A field over another selection."""
        self.depth = max(self.depth, other.depth + 1)
        self.once += once
        self.each += each
        self._add_beside(other)

    def add_introspection(self, other: "Measure") -> None:
        """A field that asks about the schema."""
        self.depth = max(self.depth, 1)
        self.once += ONE
        self._add_beside(other)
        self.introspection_depth = max(self.introspection_depth, other.depth + 1)
        self.introspection += other.once.fixed

    def _add_beside(self, other: "Measure") -> None:
        self.aliases += other.aliases
        self.directives += other.directives
        self.introspection_depth = max(self.introspection_depth, other.introspection_depth)
        self.introspection += other.introspection


LEAF = Measure()
"""Of what selects nothing."""


class Measures:
    """The measures of a document's operations. Recurses no deeper than one definition is nested, which the parser
    limits."""

    def __init__(self, document: DocumentNode, schema: GraphQLSchema, steps: Steps) -> None:
        self._schema = schema
        self._steps = steps
        self._fields = fields_of(schema)
        self._weights = introspection_weights(schema)
        self._fragments: dict[str, Measure] = {}
        for name, fragment in fragments_of(document).items():
            found = self._of(fragment.selection_set, self._composite(fragment.type_condition.name.value))
            found.once, found.each = steps.shared(found.once), steps.shared(found.each)
            found.directives += len(fragment.directives or ())
            self._fragments[name] = found

    def of(self, operation: OperationDefinitionNode) -> Measure:
        found = self._of(operation.selection_set, self._schema.get_root_type(operation.operation))
        found.once += found.each * LISTED
        found.directives += len(operation.directives or ())
        return found

    def _of(self, selections: SelectionSetNode, parent: GraphQLNamedType | None) -> Measure:
        total = Measure()
        for node in selections.selections:
            self._add(total, node, parent)
            total.directives += len(node.directives) if node.directives else 0
        return total

    def _add(self, total: Measure, node: SelectionNode, parent: GraphQLNamedType | None) -> None:
        match node:
            case FieldNode():
                total.wide += 1
                total.aliases += node.alias is not None
                self._add_field(total, node, parent)
            case InlineFragmentNode():
                named = node.type_condition
                total.add(self._of(node.selection_set, self._composite(named.name.value) if named else parent))
            case FragmentSpreadNode():
                total.add(self._fragments.get(node.name.value, LEAF))

    def _add_field(self, total: Measure, node: FieldNode, parent: GraphQLNamedType | None) -> None:
        name = node.name.value
        field = self._fields.of(parent, name)
        below = self._of(node.selection_set, field.type) if node.selection_set else LEAF
        if name in ABOUT_THE_SCHEMA:
            total.add_introspection(below)
        elif parent is not None and is_introspection_type(parent):
            many = self._weights.get(name, THOUSAND)
            total.add_below(below, Cost(THOUSAND + many * below.once.fixed // THOUSAND), FREE)
        else:
            once, each = self._cost(field, node, below)
            itself = COMMAND if parent is self._schema.mutation_type else ONE
            total.add_below(below, once + itself if once is not FREE else itself, each)

    def _cost(self, field: Answered, node: FieldNode, below: Measure) -> tuple[Cost, Cost]:
        """Of what is below a field: once, and for each of its elements when the field above says how many there are."""
        if below is LEAF:
            return FREE, FREE
        if not field.listed:
            return below.once + self._steps.times(field.size(node), below.each), FREE
        element = below.once + below.each * LISTED
        return (self._steps.times(field.size(node), element), FREE) if field.sizes else (FREE, element)

    def _composite(self, name: str) -> GraphQLNamedType | None:
        return self._schema.get_type(name)


def planned(document: DocumentNode, schema: GraphQLSchema) -> tuple[Plan, list[Measure]]:
    """The costs of the document's operations, and the operations' measures in the document's order."""
    steps, nodes = Steps(), [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    measures = Measures(document, schema, steps)
    found = [measures.of(node) for node in nodes]
    priced = {
        node.name.value if node.name else None: Priced(measure.once, defaults_of(node))
        for node, measure in zip(nodes, found, strict=True)
    }
    return Plan(priced, steps), found


def defaults_of(operation: OperationDefinitionNode) -> dict[str, object]:
    """What its variables are when a request leaves them out."""
    return {
        each.variable.name.value: value_from_ast_untyped(each.default_value)
        for each in operation.variable_definitions or ()
        if each.default_value
    }


@lru_cache(8)
def introspection_weights(schema: GraphQLSchema) -> Mapping[str, int]:
    """How many elements introspection's lists have, in thousandths: the mean over all types."""
    types = list(schema.type_map.values())
    fields = [field for each in types for field in getattr(each, "fields", {}).values()]
    arguments = sum(len(getattr(field, "args", ())) for field in fields)
    values = sum(len(getattr(each, "values", ())) for each in types)
    return {
        "types": THOUSAND * len(types),
        "directives": THOUSAND * len(schema.directives),
        "fields": THOUSAND * len(fields) // len(types),
        "inputFields": THOUSAND * len(fields) // len(types),
        "enumValues": THOUSAND * values // len(types),
        "args": THOUSAND * arguments // len(fields),
        "ofType": UNWRAPPED,
    }
