"""The rules of a schema linter: everything described and in use, names and shapes as clients expect them."""

import re
from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    specified_directives,
)

from app.graphql.schema import sdl

SCHEMA = build_schema(sdl())
TYPES = {name: type for name, type in SCHEMA.type_map.items() if not name.startswith("__")}
BUILT_IN = {"Int", "Float", "String", "Boolean", "ID"}
FILTERS = re.compile(r"[A-Z][A-Za-z]*Filter")
"""The contract's names of inputs that narrow a list."""
PASCAL, CAMEL, UPPER = (
    re.compile(r"([A-Z][a-z0-9]*)+"),
    re.compile(r"[a-z][a-zA-Z0-9]*"),
    re.compile(r"[A-Z][A-Z0-9_]*"),
)
HUNGARIAN = re.compile(r".*(Type|Enum|Interface|Object)$")
VERB = re.compile(
    r"(admit|cancel|cast|create|deactivate|decline|delegate|delete|forget|mark|open|redrive|resolve|retry|revoke|send|set|"
    r"sponsor|start|update|upload)([A-Z].*)?"
)

SHARED = {"ProposalIdInput!"}
"""Inputs that the contract gives to several mutations."""


def objects() -> Iterator[GraphQLObjectType | GraphQLInterfaceType]:
    return (type for type in TYPES.values() if isinstance(type, GraphQLObjectType | GraphQLInterfaceType))


def inputs() -> Iterator[GraphQLInputObjectType]:
    return (type for type in TYPES.values() if isinstance(type, GraphQLInputObjectType))


def parts() -> Iterator[tuple[str, object]]:
    """Everything that can be described, by its coordinate."""
    for name, type in TYPES.items():
        yield name, type
        if isinstance(type, GraphQLEnumType):
            yield from ((f"{name}.{value}", each) for value, each in type.values.items())
        if isinstance(type, GraphQLInputObjectType):
            yield from ((f"{name}.{field}", each) for field, each in type.fields.items())
        if isinstance(type, GraphQLObjectType | GraphQLInterfaceType):
            for field, made in type.fields.items():
                yield f"{name}.{field}", made
                yield from ((f"{name}.{field}({argument}:)", each) for argument, each in made.args.items())
    for directive in SCHEMA.directives:
        yield f"@{directive.name}", directive
        yield from ((f"@{directive.name}({argument}:)", each) for argument, each in directive.args.items())


def test_everything_is_described() -> None:
    assert [where for where, part in parts() if not getattr(part, "description", None)] == []


def test_descriptions_are_sentences() -> None:
    words = {where: str(getattr(part, "description", "")) for where, part in parts()}
    ours = {where: text for where, text in words.items() if where not in BUILT_IN and not where.startswith("@")}
    assert [where for where, text in ours.items() if text != text.strip() or not text.endswith((".", "?", "!"))] == []
    assert [where for where, text in ours.items() if text[:1].islower()] == []


def test_what_is_deprecated_says_why() -> None:
    reasons = {where: getattr(part, "deprecation_reason", None) for where, part in parts()}
    assert [where for where, reason in reasons.items() if reason in ("", "No longer supported")] == []


def test_nothing_that_must_be_given_is_deprecated() -> None:
    given = [(where, part) for where, part in parts() if isinstance(part, GraphQLArgument | GraphQLInputField)]
    assert [where for where, part in given if part.deprecation_reason and isinstance(part.type, GraphQLNonNull)] == []


def test_directives_are_the_specifications_own() -> None:
    assert {directive.name for directive in SCHEMA.directives} <= {each.name for each in specified_directives}


def test_names_are_spelled_as_they_are_everywhere() -> None:
    assert [name for name in TYPES if not PASCAL.fullmatch(name)] == []
    assert [name for name in TYPES if HUNGARIAN.fullmatch(name)] == []
    values = [
        f"{type.name}.{each}" for type in TYPES.values() if isinstance(type, GraphQLEnumType) for each in type.values
    ]
    assert [where for where in values if not UPPER.fullmatch(where.partition(".")[2])] == []
    fields = [(type.name, name, field) for type in objects() for name, field in type.fields.items()]
    assert [(type, name) for type, name, _ in fields if not CAMEL.fullmatch(name)] == []
    assert [
        (type, name, each) for type, name, field in fields for each in field.args if not CAMEL.fullmatch(each)
    ] == []
    assert [(type.name, name) for type in inputs() for name in type.fields if not CAMEL.fullmatch(name)] == []


def test_no_field_repeats_its_types_name() -> None:
    repeated = [(type.name, name) for type in objects() for name in type.fields if name.startswith(type.name.lower())]
    assert [where for where in repeated if where[1] != where[0].lower()] == []


def test_inputs_are_called_so() -> None:
    names = {type.name for type in inputs()}
    assert [name for name in names if not (name.endswith("Input") or FILTERS.fullmatch(name))] == []
    assert [type.name for type in objects() if type.name.endswith("Input")] == []


def test_a_mutation_is_a_verb_with_one_input_and_a_payload() -> None:
    assert SCHEMA.mutation_type is not None
    for name, field in SCHEMA.mutation_type.fields.items():
        assert VERB.fullmatch(name), name
        assert list(field.args) == ["input"], name
        given = field.args["input"].type
        assert str(given) in {f"{name[0].upper()}{name[1:]}Input!", *SHARED}, name
        wanted = get_named_type(given)
        assert isinstance(wanted, GraphQLInputObjectType), name
        assert str(wanted.fields["idempotencyKey"].type) == "String", name
        assert isinstance(field.type, GraphQLNonNull), name
        payload = get_named_type(field.type)
        assert isinstance(payload, GraphQLObjectType), name
        assert payload.name.endswith("Payload"), name
        assert str(payload.fields["userErrors"].type) == "[UserError!]!", name
        others = [
            each for each, made in payload.fields.items() if each != "userErrors" and not nullable_or_list(made.type)
        ]
        assert others == [], name


def nullable_or_list(type: object) -> bool:
    """What a refused mutation can leave out."""
    return not isinstance(type, GraphQLNonNull) or isinstance(type.of_type, GraphQLList)


def test_queries_and_subscriptions_read() -> None:
    reading = [SCHEMA.query_type, SCHEMA.subscription_type]
    assert [name for root in reading if root for name in root.fields if re.match(r"(get|fetch|list)[A-Z]", name)] == []


def test_lists_hold_no_nulls() -> None:
    """Only `nodes` does: null stands for what is not there, so that ids and answers are of one length."""
    found = [f"{type.name}.{name}" for type in objects() for name, field in type.fields.items() if gaps(field.type)]
    assert found == ["Query.nodes"]


def gaps(type: object) -> bool:
    inner = type.of_type if isinstance(type, GraphQLNonNull) else type
    return isinstance(inner, GraphQLList) and not isinstance(inner.of_type, GraphQLNonNull)


def connections() -> list[GraphQLObjectType]:
    return [type for type in TYPES.values() if isinstance(type, GraphQLObjectType) and type.name.endswith("Connection")]


@pytest.mark.parametrize("connection", connections(), ids=lambda type: type.name)
def test_a_connection_is_relays(connection: GraphQLObjectType) -> None:
    noun = connection.name.removesuffix("Connection")
    assert {name: str(field.type) for name, field in connection.fields.items()} == {
        "edges": f"[{noun}Edge!]!",
        "nodes": f"[{noun}!]!",
        "pageInfo": "PageInfo!",
        "totalCount": "Int!",
    }
    edge = TYPES[f"{noun}Edge"]
    assert isinstance(edge, GraphQLObjectType)
    assert {name: str(field.type) for name, field in edge.fields.items()} == {"cursor": "String!", "node": f"{noun}!"}


def test_page_info_is_relays() -> None:
    info = TYPES["PageInfo"]
    assert isinstance(info, GraphQLObjectType)
    assert {name: str(field.type) for name, field in info.fields.items()} == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }


def test_what_answers_a_connection_takes_relays_arguments() -> None:
    relays = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
    for type in objects():
        for name, field in type.fields.items():
            if get_named_type(field.type).name.endswith("Connection"):
                taken = {each: str(one.type) for each, one in field.args.items()}
                assert taken | relays == taken, f"{type.name}.{name}"


def test_node_is_relays() -> None:
    assert SCHEMA.query_type is not None
    node, nodes = SCHEMA.query_type.fields["node"], SCHEMA.query_type.fields["nodes"]
    assert (str(node.type), {name: str(each.type) for name, each in node.args.items()}) == ("Node", {"id": "ID!"})
    assert (str(nodes.type), {name: str(each.type) for name, each in nodes.args.items()}) == (
        "[Node]!",
        {"ids": "[ID!]!"},
    )
    with_id = [type for type in objects() if "id" in type.fields and isinstance(type, GraphQLObjectType)]
    assert [type.name for type in with_id if "Node" not in {each.name for each in type.interfaces}] == []
    assert [type.name for type in with_id if str(type.fields["id"].type) != "ID!"] == []


def test_no_type_is_out_of_reach() -> None:
    seen: set[str] = set()
    left: list[GraphQLNamedType] = [
        root for root in (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type) if root
    ]
    while left:
        type = left.pop()
        if type.name not in seen:
            seen.add(type.name)
            left += named_in(type)
    assert set(TYPES) - seen == set()


def named_in(type: GraphQLNamedType) -> Iterator[GraphQLNamedType]:
    if isinstance(type, GraphQLObjectType | GraphQLInterfaceType):
        for field in type.fields.values():
            yield get_named_type(field.type)
            yield from (get_named_type(argument.type) for argument in field.args.values())
        yield from type.interfaces
    if isinstance(type, GraphQLInterfaceType):
        yield from SCHEMA.get_possible_types(type)
    if isinstance(type, GraphQLUnionType):
        yield from type.types
    if isinstance(type, GraphQLInputObjectType):
        yield from (get_named_type(field.type) for field in type.fields.values())
