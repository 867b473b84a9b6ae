"""How many elements a field of the schema answers with."""

from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)
from graphql.utilities.coerce_input_value import coerce_default_value

from app.graphql.cost import Size, asked
from domain.pages import DEFAULT_SIZE, MAX_SIZE

LISTED = 5
"""What a list without a size is taken to have: options, topics, citations."""
SIZES = {"first": DEFAULT_SIZE, "last": DEFAULT_SIZE, "limit": LISTED, "ids": LISTED}
"""Arguments that say how many, and what holds when they say nothing and the schema has no default."""
DIGITS = 9


@dataclass(frozen=True, slots=True)
class Answered:
    """A field: the type of what it answers with, whether that is a list, its arguments that say how many, and what
    holds when they say nothing."""

    type: GraphQLNamedType | None
    listed: bool
    sizes: tuple[str, ...] = ()
    usual: int = LISTED

    def size(self, node: FieldNode) -> Size:
        """How many this node asks for; for a field without such arguments, what a list is taken to have."""
        values = [each.value for each in node.arguments or () if each.name.value in self.sizes]
        literals = [literal(value) for value in values if not isinstance(value, NullValueNode | VariableNode)]
        return Size(
            tuple(value.name.value for value in values if isinstance(value, VariableNode)),
            max(literals, default=None),
            self.usual,
        )


UNKNOWN = Answered(None, listed=False)
"""Of a field that the schema does not have; its own rules refuse it."""


class Fields:
    """The fields of a schema, each looked up once."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._known: dict[tuple[str, str], Answered] = {}

    def of(self, parent: GraphQLNamedType | None, name: str) -> Answered:
        """UNKNOWN for one that is not there."""
        if not is_composite_type(parent):
            return UNKNOWN
        key = (parent.name, name)
        if key not in self._known:
            found = self.schema.get_field(parent, name)
            if found is None:
                return UNKNOWN
            self._known[key] = answered(found)
        return self._known[key]


@lru_cache(8)
def fields_of(schema: GraphQLSchema) -> Fields:
    return Fields(schema)


def answered(field: GraphQLField) -> Answered:
    bare = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    sizes = tuple(name for name in SIZES if name in field.args)
    defaults = [found for name in sizes if isinstance(found := coerce_default_value(field.args[name]), int)]
    return Answered(
        get_named_type(field.type),
        listed=isinstance(bare, GraphQLList),
        sizes=sizes,
        usual=max(defaults or [SIZES[name] for name in sizes], default=LISTED),
    )


def literal(value: ValueNode) -> int:
    if isinstance(value, IntValueNode):
        return asked(int(value.value)) if len(value.value) <= DIGITS else MAX_SIZE
    return asked(len(value.values)) if isinstance(value, ListValueNode) else MAX_SIZE
