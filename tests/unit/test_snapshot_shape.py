"""How a query's size is measured, its fragments written out."""

import pytest
from graphql import OperationDefinitionNode, parse

from resolvers.snapshot.shape import Measure, Shape


def measured(query: str) -> Shape:
    document = parse(query)
    node = document.definitions[0]
    assert isinstance(node, OperationDefinitionNode)
    return Measure(document).of(node.selection_set)


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ("{ a }", Shape(depth=0, wide=1, size=1, aliases=0)),
        ("{ a { b { c } d } e }", Shape(depth=2, wide=2, size=5, aliases=0)),
        ("{ x: a { y: b } }", Shape(depth=1, wide=1, size=2, aliases=2)),
        ("{ ... on Query { a { b } } a { b } }", Shape(depth=1, wide=2, size=4, aliases=0)),
        ("{ a { ...f } a { ...f } } fragment f on A { b { c } d }", Shape(depth=2, wide=2, size=8, aliases=0)),
        ("{ a { __typename } __schema { types { name } } }", Shape(depth=1, wide=1, size=1, aliases=0)),
        ("{ ...f } fragment f on Query { a ...f }", Shape(depth=0, wide=1, size=1, aliases=0)),
        ("{ ...nowhere }", Shape()),
    ],
)
def test_shape(query: str, shape: Shape) -> None:
    assert measured(query) == shape


def test_fragments_that_double_are_measured_in_time() -> None:
    doubling = " ".join(f"fragment f{n} on A {{ ...f{n + 1} ...f{n + 1} }}" for n in range(200))
    assert measured(f"{{ ...f0 }} {doubling} fragment f200 on A {{ a }}").size == 2**200
