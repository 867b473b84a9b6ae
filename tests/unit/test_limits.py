"""What a document may ask for: every limit, the bombs that it is for, and the operations that must pass."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    get_introspection_query,
    parse,
    validate,
)

from app.graphql.limits import MAX_COST, MAX_ERRORS, check_cost, check_shape, check_variables, explained, parsed
from app.graphql.operations import RULES
from app.graphql.schema import SCHEMA as SERVED

SCHEMA: GraphQLSchema = SERVED._schema  # the framework keeps it there
ROOT = Path(__file__).resolve().parents[2]


def refusal(text: str, **variables: object) -> str:
    """Why a text is refused, by whichever of the three checks."""
    with pytest.raises(GraphQLError) as refused:
        check_cost(check_shape(parsed(text), SCHEMA), None, variables)
    extensions = refused.value.extensions
    assert extensions == {"code": "QUERY_TOO_COMPLEX", "retryable": False}
    return refused.value.message


def problems(text: str) -> list[str]:
    """What the schema's own rules say of a text that the limits let pass."""
    document = parsed(text)
    check_shape(document, SCHEMA)
    return [explained(each).message for each in validate(SCHEMA, document, RULES, max_errors=MAX_ERRORS)]


def deep(levels: int) -> str:
    """As many levels, the outermost being `viewer`."""
    return "{ viewer " + "{ twin { member " * (levels // 2 - 1) + "{ id }" + " } }" * (levels // 2 - 1) + " }"


def many(count: int, part: str, between: str = " ") -> str:
    """`part` again and again, its `#` being the number."""
    return between.join(part.replace("#", str(number)) for number in range(count))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (deep(16), "There are 16 levels of fields; at most 15 are allowed: start a second operation from `node(id:)`"),
        (f"{{ {many(31, 'a#: viewer { id }')} }}", "There are 31 fields at the root; at most 20 are allowed: send"),
        (f"{{ viewer {{ {many(31, 'a#: id')} }} }}", "There are 31 aliases; at most 30 are allowed: ask `nodes(ids:)`"),
        (f"{{ viewer {{ {many(51, 'id @skip(if: false)')} }} }}", "There are 51 directives; at most 50 are allowed"),
        (
            "{ viewer { id @a @a } }",
            "There are 1 directives that stand twice in one place; at most 0 are allowed: write",
        ),
        (
            many(21, "query q# { viewer { id } }"),
            "There are 21 operations in one document; at most 20 are allowed: send",
        ),
        (f"{{ ...f0 }} {many(61, 'fragment f# on Query { viewer { id } }')}", "There are 61 fragments; at most 60"),
        (f"{{ {many(251, '...f')} }} fragment f on Query {{ viewer {{ id }} }}", "There are 251 spreads of fragments;"),
        (f"query ({many(201, '$v#: Int')}) {{ viewer {{ id }} }}", "There are 201 variables; at most 200 are allowed"),
        (f"{{ proposals({many(401, 'first: 1')}) {{ totalCount }} }}", "There are 401 arguments; at most 400"),
        (f"{{ viewer {{ {many(301, '... { id }')} }} }}", "There are 301 inline fragments; at most 300 are allowed"),
        (
            f"{{ nodes(ids: [{many(251, '1')}]) {{ id }} }}",
            "There are 251 items and fields in literals; at most 250 are",
        ),
        (f"{{ proposals(filter: {{ {many(251, 'a#: 1')} }}) {{ totalCount }} }}", "There are 251 items and fields in"),
        (
            f"{{ viewer {{ {many(1000, 'id')} }} }}",
            "There are 1,001 fields as written; at most 1,000 are allowed: send",
        ),
        ("{ viewer { " + "id " * 2500, "The document has more than 2,500 tokens: send several operations."),
        ("#" * 50_001, "There are 50,001 characters; at most 50,000 are allowed: send long texts as variables."),
        ("{ a " * 400 + "}" * 400, "The document is nested too deeply: at most 15 levels of fields are allowed."),
        (
            "{ __schema { types { " + "ofType { " * 18 + "name" + " }" * 21,
            "There are 21 levels of introspection; at most",
        ),
        (
            "{ __schema { "
            + many(30, "a#: types { fields { name args { name } type { name ofType { name } } } }")
            + " } }",
            "The operation asks for more than 2",
        ),
        (
            "{ proposals(first: 100) { nodes { votes(first: 100) { nodes { id member { id handle weight } } } } } }",
            "There are 50,202 points of cost; at most 50,000 are allowed: ask for smaller pages (first, last), fewer",
        ),
    ],
)
def test_each_limit_says_what_was_found_and_what_to_do(text: str, message: str) -> None:
    assert refusal(text).startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        deep(14),
        f"{{ {many(20, 'viewer { id }')} }}",
        f"{{ viewer {{ {many(30, 'a#: id')} }} }}",
        f"{{ viewer {{ {many(50, 'id @skip(if: false)')} }} }}",
        "query Q0 { viewer { id } } " + many(19, "query q# { viewer { id } }"),
        f"{{ {many(20, '...f#')} }} {many(20, 'fragment f# on Query { viewer { id ... { handle } } }')}",
        f"query ({many(50, '$v#: Boolean!')}) {{ viewer {{ {many(50, 'id @skip(if: $v#)')} }} }}",
        f"{{ nodes(ids: [{many(250, '1')}]) {{ id }} }}",
    ],
)
def test_what_stands_at_a_limit_passes_and_is_valid(text: str) -> None:
    assert problems(text) == []


def test_variables_decide_what_a_page_costs() -> None:
    text = "query ($n: Int) { proposals(first: $n) { nodes { votes(first: $n) { nodes { id } } } } }"
    plan = check_shape(parsed(text), SCHEMA)
    assert [check_cost(plan, None, {"n": size}) for size in (1, 10)] == [2 + 1 * (2 + 1), 2 + 10 * (2 + 10)]
    wide = check_shape(parsed(text.replace("id }", "id reason castBy member { id } }")), SCHEMA)
    with pytest.raises(GraphQLError, match="There are 50,202 points of cost"):
        check_cost(wide, None, {"n": 100})


def chain(length: int, on: str, part: str) -> str:
    """Fragments that spread the next one where `part` says `+`; the last is left to the caller."""
    return " ".join(f"fragment f{n} on {on} {{ {part.replace('+', f'...f{n + 1}')} }}" for n in range(length))


LAST = " fragment f40 on Query { viewer { id } }"
BOMBS = {
    "doubling": "{ ...f0 } " + chain(40, "Query", "+ +") + LAST,
    "with variables": "query ($n: Int) { ...f0 } " + chain(40, "Query", "+ votes(first: $n) { totalCount } +") + LAST,
    "nested": "{ viewer { ...f0 } } "
    + chain(40, "Member", "twin { member { + + } }")
    + " fragment f40 on Member { id }",
    "each spreads all": "{ ...f0 } "
    + " ".join(f"fragment f{n} on Query {{ {' '.join(f'...f{m}' for m in range(n + 1, 22))} }}" for n in range(21))
    + " fragment f21 on Query { viewer { id } }",
    "long": "{ ...f0 } " + chain(600, "Query", "+"),
    "wide": "{ " + "...f " * 1_200 + "} fragment f on Query { viewer { id } }",
    "many wide": f"{{ {many(300, '...f#')} }} {many(300, 'fragment f# on Query { viewer { id handle } }')}",
    "one name": "{ " + "viewer { id } " * 1_200 + "}",
    "types": f"{{ node(id: 1) {{ {many(400, '... on Member { id } ... on Proposal { id }')} }} }}",
    "of the schema's": "{ __schema { ...f0 } } "
    + chain(40, "Query", "viewer { id } + +")
    + LAST,
}  # fmt: skip


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_are_refused_before_the_schemas_rules_see_them(text: str) -> None:
    """Exponential work would not end within the life of the test run."""
    assert refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "{ viewer { ...a } } fragment a on Member { id ...b ...b } fragment b on Member { id ...a ...a }",
        "{ ...f0 } " + chain(59, "Query", "+") + " fragment f59 on Query { ...f0 }",
    ],
)  # fmt: skip
def test_fragments_in_a_circle_are_left_to_the_schemas_rules(text: str) -> None:
    assert "Cannot spread fragment" in " ".join(problems(text))


def test_fields_of_one_name_that_take_long_to_compare_are_refused() -> None:
    assert problems("{ viewer { " + "id " * 500 + "} }") == [
        "Fields that answer under one name make more than 5,000 pairs to compare: ask for each once."
    ]


@pytest.mark.parametrize("number", ["9" * 101, "9" * 40_000, f"1e{'9' * 4_000}", f"0.{'1' * 99}"])
def test_a_number_that_no_type_takes_is_refused(number: str) -> None:
    with pytest.raises(GraphQLError, match=r"^A number has at most 100 characters\.$"):
        parsed(f"{{ proposals(first: {number}) {{ totalCount }} }}")


@pytest.mark.parametrize(
    "variables",
    [
        {"ids": ["1"] * 5_000},
        {"ids": [["1"] * 99] * 51},
        {"a": {str(n): {} for n in range(5_000)}},
        {str(n): n for n in range(5_001)},
    ],
)
def test_variables_that_hold_too_much_are_refused(variables: dict[str, object]) -> None:
    with pytest.raises(GraphQLError, match="The variables hold more than 5,000 values"):
        check_variables(variables)


def nested(levels: int, *, lists: bool) -> dict[str, object]:
    """Variables of so many levels, themselves the first."""
    inner: object = 1
    for _ in range(levels - 1):
        inner = [inner] if lists else {"a": inner}
    return {"a": inner}


@pytest.mark.parametrize("lists", [True, False])
def test_variables_that_are_nested_too_deeply_are_refused(lists: bool) -> None:
    for levels in (21, 1_000):
        with pytest.raises(GraphQLError, match="The variables are nested in more than 20 levels"):
            check_variables(nested(levels, lists=lists))
    check_variables(nested(20, lists=lists))


def test_variables_at_the_limit_pass() -> None:
    check_variables({"ids": ["1"] * 4_999})
    check_variables({})


def test_an_error_is_no_longer_than_a_screen() -> None:
    [message] = problems('{ node(id: 1) { id } proposals(first: "' + "x" * 40_000 + '") { totalCount } }')
    assert len(message) == 1_001


def test_no_more_errors_are_told_than_a_client_can_use() -> None:
    assert len(problems("{ viewer { " + many(900, "x#") + " } }")) == MAX_ERRORS + 1


def test_a_syntax_error_keeps_its_place() -> None:
    with pytest.raises(GraphQLSyntaxError, match="Syntax Error: Expected Name, found <EOF>") as refused:
        parsed("{ viewer { id ")
    assert [(place.line, place.column) for place in refused.value.locations or []] == [(1, 15)]


def test_standard_introspection_passes() -> None:
    text = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    assert problems(text) == []


# The repository's own operations


def is_operation(document: DocumentNode) -> bool:
    kinds = {type(each) for each in document.definitions}
    return OperationDefinitionNode in kinds and kinds <= {OperationDefinitionNode, FragmentDefinitionNode}


def texts_of(path: Path) -> list[str]:
    """Where an operation may stand: strings of Python, quoted parts of the rest."""
    text = path.read_text()
    if path.suffix == ".py":
        nodes = ast.walk(ast.parse(text))
        return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    if path.suffix == ".graphql":
        return [text]
    return re.findall(r"```graphql\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`]*\{[^`]*)`", text)


def operations() -> Iterator[tuple[str, DocumentNode]]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if (
            path.suffix in (".py", ".md", ".js", ".mjs", ".ts", ".tsx", ".graphql")
            and path.exists()
            and path != Path(__file__)
        ):
            for text in filter(lambda each: "{" in each, texts_of(path)):
                try:
                    document = parse(text)
                except GraphQLSyntaxError:
                    continue
                if is_operation(document):
                    yield f"{name}: {' '.join(text.split())}", document


def test_every_operation_of_the_repository_passes_with_room() -> None:
    """Whatever its variables: a page that is not said in the text is counted as it is without them."""
    found = list(operations())
    assert len(found) > 150
    plans = [(name, check_shape(document, SCHEMA)) for name, document in found]
    costs = [(name, check_cost(plan, operation, {})) for name, plan in plans for operation in plan.operations]
    assert [(name, cost) for name, cost in costs if cost > MAX_COST // 2] == []
