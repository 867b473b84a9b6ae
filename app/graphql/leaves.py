"""Fields that are a plain attribute with a leaf's value: read without a resolver's ceremony."""

from collections.abc import Callable, Mapping
from enum import Enum
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    is_leaf_type,
    is_object_type,
)
from strawberry.types.field import StrawberryField

type Leaf = Callable[[Any], Any]
"""The field's value as JSON holds it, of the object that has the field. Raises anything when it can't be said: the
field is then resolved the long way, which tells what is wrong."""

AS_THEY_ARE: Mapping[str, type] = {"ID": str, "String": str, "Boolean": bool}
"""Scalars whose values of exactly this type need no coercion."""
MAX_INT = 2**31


def leaves_of(schema: GraphQLSchema) -> dict[str, dict[str, Leaf]]:
    """By the names of the type and of the field."""
    return {name: leaves_in(kind) for name, kind in schema.type_map.items() if is_object_type(kind)}


def leaves_in(kind: GraphQLObjectType) -> dict[str, Leaf]:
    typename = kind.name
    found: dict[str, Leaf] = {"__typename": lambda _source: typename}
    for name, field in kind.fields.items():
        if leaf := leaf_of(field):
            found[name] = leaf
    return found


def leaf_of(field: GraphQLField) -> Leaf | None:
    """None for what has a resolver, arguments, or a value that is no leaf."""
    defined = field.extensions.get("strawberry-definition")
    required = isinstance(field.type, GraphQLNonNull)
    named = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    if not isinstance(defined, StrawberryField) or not defined.is_basic_field or field.args or not is_leaf_type(named):
        return None
    attribute, say = defined.python_name, said(named)
    if required and (expected := AS_THEY_ARE.get(named.name)):
        return leaf_as_it_is(attribute, expected, say)
    return required_leaf(attribute, say) if required else optional_leaf(attribute, say)


def leaf_as_it_is(attribute: str, expected: type, say: Callable[[Any], Any]) -> Leaf:
    """Most leaves are: one call less."""
    read = attrgetter(attribute)

    def leaf(source: Any) -> Any:  # noqa: ANN401  # any noun, any scalar
        value = read(source)
        return value if type(value) is expected else say(value)

    return leaf


def required_leaf(attribute: str, say: Callable[[Any], Any]) -> Leaf:
    read = attrgetter(attribute)

    def leaf(source: Any) -> Any:  # noqa: ANN401  # any noun, any scalar
        return say(read(source))

    return leaf


def optional_leaf(attribute: str, say: Callable[[Any], Any]) -> Leaf:
    read = attrgetter(attribute)

    def leaf(source: Any) -> Any:  # noqa: ANN401  # any noun, any scalar
        value = read(source)
        return None if value is None else say(value)

    return leaf


def said(kind: GraphQLLeafType) -> Callable[[Any], Any]:
    """How a value that is not null is written. Raises ValueError or whatever the type's own coercion raises."""
    coerce = kind.coerce_output_value
    if isinstance(kind, GraphQLEnumType):
        names = {value.value: name for name, value in kind.values.items()}
        return lambda value: names[value.value if isinstance(value, Enum) else value]
    if kind.name == "Int":
        return lambda value: value if type(value) is int and -MAX_INT <= value < MAX_INT else present(coerce(value))
    if expected := AS_THEY_ARE.get(kind.name):
        return lambda value: value if type(value) is expected else present(coerce(value))
    return lambda value: present(coerce(value))


def present(value: object) -> object:
    """Raises ValueError for null, which the type does not allow."""
    if value is None:
        raise ValueError("A scalar was written as null.")
    return value
