"""An operation's cost, and a reference that writes every fragment out and fills every list."""

from collections.abc import Mapping

import pytest
from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
    parse,
    validate,
    value_from_ast_untyped,
)
from hypothesis import given
from hypothesis import strategies as st

from app.graphql.measures import planned

FIELDS = """
    a: A
    as: [A!]!
    page(first: Int, last: Int): Page!
    search(limit: Int = 7): [A]
    nodes(ids: [ID]): [A]
    n: Int
    tags: [String]
"""
SCHEMA = build_schema(f"""
    type Query {{ {FIELDS} }}
    type A {{ {FIELDS} }}
    type Page {{ nodes: [A] edges: [Edge!]! total: Int }}
    type Edge {{ node: A cursor: String }}
    type Mutation {{ act: A }}
""")
LISTED, PAGE = 5, 20


def cost(text: str, operation: str | None = None, **variables: object) -> int:
    document = parse(text)
    assert validate(SCHEMA, document) == []
    return planned(document, SCHEMA)[0].cost(operation, variables)


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("{ n }", 1),
        ("{ n tags __typename }", 3),
        ("{ a { n } }", 2),
        ("{ as { n } }", 1 + LISTED),
        ("{ search { n } }", 1 + 7),
        ("{ search(limit: 2) { n a { n } } }", 1 + 2 * 3),
        ("{ search(limit: null) { n } }", 1 + 7),
        ('{ nodes(ids: ["a", "b", "c"]) { n } }', 1 + 3),
        ("{ page { total } }", 2),
        ("{ page { nodes { n } } }", 2 + PAGE),
        ("{ page(first: 100) { total nodes { n } edges { cursor node { n } } } }", 1 + 3 + 100 + 300),
        ("{ page(last: 3) { nodes { page(first: 4) { nodes { n } } } } }", 2 + 3 * (2 + 4)),
        ("{ page(first: 2) { ...f } } fragment f on Page { nodes { ...g } } fragment g on A { n as { n } }", 2 + 2 * 7),
        ("{ page(first: 2) { ... { ... on Page { nodes { n } } } } }", 4),
        ("{ page(first: 9999999999999) { nodes { n } } }", 2 + 100),
        ("{ page(first: -1) { nodes { n } } }", 2),
        ('{ __schema { types { name } } __type(name: "A") { name } n }', 3),
        ("mutation { act { n } again: act { n } }", 22),
    ],
)
def test_each_field_counts_as_often_as_it_may_be_answered(text: str, points: int) -> None:
    document = parse(text)
    assert planned(document, SCHEMA)[0].cost(None, {}) == points


def test_a_plan_is_exact_for_all_variables_that_come_later() -> None:
    document = parse("query ($many: Int = 3, $ids: [ID]) { page(first: $many) { nodes { n nodes(ids: $ids) { n } } } }")
    plan, _ = planned(document, SCHEMA)

    def priced(**variables: object) -> int:
        return plan.cost(None, variables)

    assert priced() == 2 + 3 * (2 + LISTED)
    assert priced(many=50) == 2 + 50 * (2 + LISTED)
    assert priced(many=None) == 2 + PAGE * (2 + LISTED)
    assert priced(many=50, ids=["a", "b"]) == 2 + 50 * (2 + 2)
    assert priced(many=1000, ids=["a"] * 1000) == 2 + 100 * (2 + 100)
    assert priced(many=2.0, ids=[]) == 2 + 2 * 2
    odd: list[object] = [True, "7", {}, 1e400]
    assert [priced(many=size, ids=[]) for size in odd] == [2 + 100 * 2] * 4
    assert priced(many=-5, ids=[]) == priced(many=float("nan"), ids=[]) == 2


def test_operations_of_a_document_have_defaults_of_their_own() -> None:
    text = (
        "query A($n: Int = 1) { ...f } query B($n: Int = 9) { ...f } "
        "fragment f on Query { page(first: $n) { nodes { n } } }"
    )
    assert [cost(text, name) for name in ("A", "B", "C")] == [3, 11, 0]
    assert [cost(text, name, n=2) for name in ("A", "B")] == [4, 4]
    assert cost(text) == 0


def test_fragments_that_double_are_priced_in_time_also_with_variables() -> None:
    doubling = " ".join(
        f"fragment f{n} on Query {{ ...f{n + 1} page(first: $n) {{ total }} ...f{n + 1} }}" for n in range(60)
    )
    last = "fragment f60 on Query { page(first: $n) { nodes { n } } }"
    document = parse(f"query ($n: Int) {{ ...f0 }} {doubling} {last}")
    plan, _ = planned(document, SCHEMA)
    assert plan.cost(None, {"n": 3}) == 2**60 * 5 + 2 * (2**60 - 1)


def test_fragments_in_a_circle_are_priced_and_left_to_validation() -> None:
    document = parse("{ ...a } fragment a on Query { n ...b } fragment b on Query { n ...a ...nowhere }")
    assert planned(document, SCHEMA)[0].cost(None, {}) <= 3


def test_fields_that_the_schema_does_not_have_count_as_one() -> None:
    document = parse("{ nothing { first { of } } ...f } fragment f on Nowhere { n }")
    assert planned(document, SCHEMA)[0].cost(None, {}) == 4


# A reference that shares no code and no idea with it: from the top down, and exponential.


def reference(document: DocumentNode, variables: Mapping[str, object]) -> int:
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    [operation] = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    defaults = {
        each.variable.name.value: value_from_ast_untyped(each.default_value)
        for each in operation.variable_definitions or ()
        if each.default_value
    }
    values = {**defaults, **variables}

    def below(selections: SelectionSetNode | None, parent: GraphQLNamedType, page: int) -> int:
        return sum(one(node, parent, page) for node in selections.selections) if selections else 0

    def one(node: object, parent: GraphQLNamedType, page: int) -> int:
        match node:
            case FieldNode():
                return field(node, parent, page)
            case FragmentSpreadNode():
                return below(fragments[node.name.value].selection_set, parent, page)
            case InlineFragmentNode():
                return below(node.selection_set, parent, page)
        raise AssertionError(node)

    def field(node: FieldNode, parent: GraphQLNamedType, page: int) -> int:
        found = SCHEMA.get_field(parent, node.name.value)  # type: ignore[arg-type]  # composite, as the text is valid
        assert found is not None
        own = {"page": PAGE, "search": 7, "nodes": LISTED}.get(node.name.value if found.args else "")
        said = [said_by(each) for each in node.arguments or ()]
        size = max((each for each in said if each is not None), default=own)
        elements, below_page = 1, LISTED
        if is_list_type(get_nullable_type(found.type)):
            elements = page if size is None else size
        elif size is not None:
            below_page = size
        return 1 + elements * below(node.selection_set, get_named_type(found.type), below_page)

    def said_by(argument: ArgumentNode) -> int | None:
        value = value_of(argument.value)
        return len(value) if isinstance(value, list) else value if isinstance(value, int) else None

    def value_of(node: ValueNode) -> object:
        return values.get(node.name.value) if isinstance(node, VariableNode) else value_from_ast_untyped(node)

    query = SCHEMA.query_type
    assert query is not None
    return below(operation.selection_set, query, LISTED)


NUMBERS = st.one_of(st.sampled_from(["$i", "$j", "null"]), st.integers(0, 6).map(str))
LISTS = st.one_of(st.just("$ids"), st.lists(st.just('"x"'), max_size=4).map(lambda ids: f"[{' '.join(ids)}]"))
ARGUMENTS = {
    "page": [
        st.just(""),
        NUMBERS.map("(first: {})".format),
        st.tuples(NUMBERS, NUMBERS).map(lambda two: "(first: {}, last: {})".format(*two)),
    ],
    "search": [st.just(""), NUMBERS.map("(limit: {})".format)],
    "nodes": [st.just(""), LISTS.map("(ids: {})".format)],
}
SELECTABLE = {
    "Query": {
        "a": "A",
        "as": "A",
        "page": "Page",
        "search": "A",
        "nodes": "A",
        "n": None,
        "tags": None,
        "__typename": None,
    },
    "Page": {"nodes": "A", "edges": "Edge", "total": None},
    "Edge": {"node": "A", "cursor": None},
}
SELECTABLE["A"] = SELECTABLE["Query"]
SPREAD = {"A": ["f0", "f1", "f2"], "Page": ["g0", "g1"]}
"""Fragments by the type that they are on; each spreads later ones only."""


@st.composite
def selections(draw: st.DrawFn, on: str, levels: int, spread: Mapping[str, list[str]]) -> str:
    parts = draw(st.lists(st.sampled_from([*SELECTABLE[on], *spread.get(on, []), "..."]), min_size=1, max_size=4))
    return " ".join(draw(part(on, name, levels, spread)) for name in parts)


@st.composite
def part(draw: st.DrawFn, on: str, name: str, levels: int, spread: Mapping[str, list[str]]) -> str:
    if name in spread.get(on, []):
        return f"...{name}"
    if name == "...":
        return f"... {{ {draw(selections(on, levels - 1, spread)) if levels else '__typename'} }}"
    below = SELECTABLE[on][name]
    if below is None:
        return name
    arguments = draw(st.one_of(ARGUMENTS[name])) if name in ARGUMENTS and on != "Page" else ""
    return f"{name}{arguments} {{ {draw(selections(below, levels - 1, spread)) if levels else '__typename'} }}"


@st.composite
def documents(draw: st.DrawFn) -> str:
    default = draw(st.sampled_from(["", " = 2", " = null"]))
    asked = f"{draw(selections('Query', 3, {}))} a {{ {draw(selections('A', 2, SPREAD))} }}"
    operation = f'query ($i: Int, $j: Int{default}, $ids: [ID] = ["d"]) {{ {asked} }}'
    fragments = []
    for on, names in SPREAD.items():
        for at, name in enumerate(names):
            later = {other: list(each) if on == "Page" and other == "A" else [] for other, each in SPREAD.items()}
            later[on] = names[at + 1 :]
            fragments.append(f"fragment {name} on {on} {{ {draw(selections(on, 2, later))} }}")
    return " ".join([operation, *fragments])


SIZES = st.one_of(st.none(), st.integers(0, 8))


@given(
    text=documents(),
    requests=st.lists(
        st.dictionaries(st.sampled_from(["i", "j"]), SIZES).flatmap(
            lambda numbers: st.one_of(
                st.just(numbers), st.lists(st.just("x"), max_size=5).map(lambda ids: {**numbers, "ids": ids})
            )
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_cost_is_that_of_the_document_written_out(text: str, requests: list[dict[str, object]]) -> None:
    document = parse(text)
    plan, _ = planned(document, SCHEMA)
    assert [plan.cost(None, variables) for variables in requests] == [reference(document, each) for each in requests]
