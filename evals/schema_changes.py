"""`python -m evals.schema_changes`: no promise to clients is broken without being named.

`schema/released.graphql` is what the last release promised. What breaks it must stand, word for word as it is printed
here, under `### Breaking` of the CHANGELOG's Unreleased part. A release copies schema/schema.graphql over it.
"""

import re
import sys
from pathlib import Path

from graphql import (
    GraphQLInputObjectType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
)

ROOT = Path(__file__).resolve().parents[1]
RELEASED = ROOT / "schema" / "released.graphql"
SERVED = ROOT / "schema" / "schema.graphql"
CHANGELOG = ROOT / "CHANGELOG.md"
UNRELEASED = re.compile(r"^## \[?Unreleased\]?.*?\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE | re.IGNORECASE)
BREAKING = re.compile(r"^### Breaking.*?\n(.*?)(?=^### |\Z)", re.DOTALL | re.MULTILINE | re.IGNORECASE)


def breaking(old: GraphQLSchema, new: GraphQLSchema) -> list[str]:
    """What makes an operation that was valid fail, or mean something else."""
    return [*(change.description for change in find_breaking_changes(old, new)), *one_of(old, new)]


def dangerous(old: GraphQLSchema, new: GraphQLSchema) -> list[str]:
    """What a client may not expect, such as a new enum value."""
    return [change.description for change in find_dangerous_changes(old, new)]


def one_of(old: GraphQLSchema, new: GraphQLSchema) -> list[str]:
    """Inputs that now want exactly one field, which graphql-core does not look at."""
    return [
        f"{name} now wants exactly one field."
        for name, type in old.type_map.items()
        if isinstance(type, GraphQLInputObjectType)
        and not type.is_one_of
        and isinstance(now := new.type_map.get(name), GraphQLInputObjectType)
        and now.is_one_of
    ]


def named(changelog: str) -> list[str]:
    """The points under Unreleased's Breaking, each on one line and without code marks."""
    unreleased = UNRELEASED.search(changelog)
    listed = BREAKING.search(unreleased[1]) if unreleased else None
    return [plain(point) for point in re.split("^- ", listed[1], flags=re.MULTILINE)[1:]] if listed else []


def unnamed(changes: list[str], changelog: str) -> list[str]:
    """Those that no point of the CHANGELOG begins with."""
    points = named(changelog)
    return [change for change in changes if not any(point.startswith(plain(change)) for point in points)]


def plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())


def main() -> int:
    old, new = build_schema(RELEASED.read_text()), build_schema(SERVED.read_text())
    for change in dangerous(old, new):
        print(f"a client may not expect: {change}")
    missing = unnamed(breaking(old, new), CHANGELOG.read_text())
    for change in missing:
        print(f"- {change}", file=sys.stderr)
    if missing:
        print(
            "This breaks clients: undo it, or name it under Unreleased, ### Breaking, of CHANGELOG.md.", file=sys.stderr
        )
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
