"""`python -m evals.api_docs [--check]`: docs/api/ from the schema, a page a kind.

With --check nothing is written: it fails when a page is not what the schema says.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    NullValueNode,
    build_schema,
    get_named_type,
    print_ast,
)

from evals.api_errors import errors_page

ROOT = Path(__file__).resolve().parents[1]
SDL = ROOT / "schema" / "schema.graphql"
FOLDER = ROOT / "docs" / "api"
MADE = "<!-- Made by `python -m evals.api_docs`: edit the schema's descriptions instead. -->"
ROOTS = {"queries": "Queries", "mutations": "Mutations", "subscriptions": "Subscriptions"}
KINDS: dict[str, tuple[str, type[GraphQLNamedType]]] = {
    "objects": ("Objects", GraphQLObjectType),
    "interfaces": ("Interfaces", GraphQLInterfaceType),
    "unions": ("Unions", GraphQLUnionType),
    "inputs": ("Inputs", GraphQLInputObjectType),
    "enums": ("Enums", GraphQLEnumType),
    "scalars": ("Scalars", GraphQLScalarType),
}
INDEX = """# The GraphQL API
What can be asked of `/graphql`, from `schema/schema.graphql`: {pages}.
[Errors](errors.md) lists every error code, [Limits](../howto/limits.md) what may be asked at once.
[The REST façade](../howto/rest.md) is for those who do not speak GraphQL.
"""


def pages(schema: GraphQLSchema) -> dict[str, str]:
    """File name and content of every page."""
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    made = {
        f"{name}.md": root_page(title, root) for (name, title), root in zip(ROOTS.items(), roots, strict=True) if root
    }
    for name, (title, kind) in KINDS.items():
        listed = [type for type in types(schema) if isinstance(type, kind) and type not in roots]
        made[f"{name}.md"] = page(title, "\n".join(section(type) for type in listed))
    index = ", ".join(f"[{name.removesuffix('.md')}]({name})" for name in made)
    return {"README.md": f"{MADE}\n{INDEX.format(pages=index)}", **made, "errors.md": f"{MADE}\n{errors_page(schema)}"}


def types(schema: GraphQLSchema) -> list[GraphQLNamedType]:
    return [type for name, type in sorted(schema.type_map.items()) if not name.startswith("__")]


def page(title: str, content: str, *, about: str = "") -> str:
    return f"{MADE}\n# {title}\n{about}\n{content}".rstrip() + "\n"


def root_page(title: str, root: GraphQLObjectType) -> str:
    parts = [operation(name, field) for name, field in sorted(root.fields.items())]
    return page(title, "\n".join(parts), about=f"{said(root.description)}\n")


def operation(name: str, field: GraphQLField) -> str:
    arguments = table("argument", field.args) if field.args else ""
    return f"## {name}\n{meaning(field)}\n\nAnswers {linked(field.type)}.\n\n{arguments}"


def section(type: GraphQLNamedType) -> str:
    return f"## {type.name}\n{said(type.description)}\n\n" + "".join(f"{part}\n" for part in body(type))


def body(type: GraphQLNamedType) -> Iterator[str]:
    match type:
        case GraphQLObjectType() | GraphQLInterfaceType():
            if type.interfaces:
                yield f"Implements {', '.join(linked(each) for each in type.interfaces)}.\n"
            yield fields_table(type.fields)
        case GraphQLInputObjectType():
            if type.is_one_of:
                yield "Exactly one field is given.\n"
            yield table("field", type.fields)
        case GraphQLEnumType():
            rows = [f"| `{name}` | {meaning(value)} |" for name, value in type.values.items()]
            yield "\n".join(["| value | what |", "| --- | --- |", *rows, ""])
        case GraphQLUnionType():
            yield f"One of {', '.join(linked(each) for each in type.types)}.\n"
        case GraphQLScalarType(specified_by_url=str(url)):
            yield f"Specified by <{url}>.\n"


def fields_table(fields: Mapping[str, GraphQLField]) -> str:
    rows = ["| field | type | what |", "| --- | --- | --- |"]
    for name, field in fields.items():
        rows.append(f"| `{name}` | {linked(field.type)} | {meaning(field)} |")
        rows += [f"| &nbsp;&nbsp;`{row}" for row in rows_of(field.args)]
    return "\n".join([*rows, ""])


def table(noun: str, given: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField]) -> str:
    rows = [f"| `{row}" for row in rows_of(given)]
    return "\n".join([f"| {noun} | type | what |", "| --- | --- | --- |", *rows, ""])


def rows_of(given: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField]) -> Iterator[str]:
    for name, each in given.items():
        yield f"{name}` | {linked(each.type)}{default(each)} | {meaning(each)} |"


def default(each: GraphQLArgument | GraphQLInputField) -> str:
    """Null is what is left out anyway."""
    node = each.ast_node.default_value if each.ast_node else None
    return "" if node is None or isinstance(node, NullValueNode) else f" = `{print_ast(node)}`"


def meaning(described: object) -> str:
    """The description, and that it is deprecated."""
    reason = getattr(described, "deprecation_reason", None)
    return said(getattr(described, "description", None)) + (f" **Deprecated:** {said(reason)}" if reason else "")


def said(text: str | None) -> str:
    """On one line, safe in a table."""
    return " ".join((text or "").split()).replace("|", "\\|").replace("<", "&lt;")


def linked(type: GraphQLType) -> str:
    """The type as the SDL writes it, its name a link."""
    match type:
        case GraphQLNonNull(of_type=inner):
            return f"{linked(inner)}!"
        case GraphQLList(of_type=inner):
            return f"\\[{linked(inner)}\\]"
    name = get_named_type(type).name
    return f"[{name}]({page_of(get_named_type(type))}#{name.lower()})"


def page_of(type: GraphQLNamedType) -> str:
    return next(f"{name}.md" for name, (_, kind) in KINDS.items() if isinstance(type, kind))


def main(check: bool) -> int:
    made = pages(build_schema(SDL.read_text()))
    if not check:
        FOLDER.mkdir(exist_ok=True)
        for name, content in made.items():
            (FOLDER / name).write_text(content)
        return 0
    there = {path.name: path.read_text() for path in FOLDER.glob("*.md")}
    stale = sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))
    for name in stale:
        print(f"docs/api/{name} is not what the schema says: run python -m evals.api_docs", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
