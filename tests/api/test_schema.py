"""The served schema: its snapshot, the contract, and a description for everything."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_client_schema,
    build_schema,
    get_introspection_query,
    lexicographic_sort_schema,
    print_schema,
)

from app.graphql.schema import sdl
from tests.api.client import Api

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = ROOT / "schema" / "schema.graphql"
CONTAINED = ROOT.parent / "shared" / "contract" / "contained.py"


def test_snapshot_is_the_served_schema() -> None:
    assert SNAPSHOT.read_text() == sdl() + "\n", "run: frontier schema > schema/schema.graphql"


def test_introspection_serves_what_the_snapshot_says(api: Api) -> None:
    served = api.data(get_introspection_query(specified_by_url=True, one_of=True))
    assert print_schema(lexicographic_sort_schema(build_client_schema(served))) + "\n" == SNAPSHOT.read_text()  # type: ignore[arg-type]  # what was served is what introspection gives


@pytest.mark.skipif(not CONTAINED.exists(), reason="the contract's checker is not beside this repository")
def test_the_contracts_core_is_contained() -> None:
    command = [sys.executable, str(CONTAINED), str(SNAPSHOT), "core"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.stdout.splitlines()[-1].endswith(" 0 missing"), checked.stdout


def undescribed() -> Iterator[str]:
    for name, type in build_schema(SNAPSHOT.read_text()).type_map.items():
        if name.startswith("__") or name in ("Int", "Float", "String", "Boolean", "ID"):
            continue
        if not type.description:
            yield name
        if isinstance(type, GraphQLEnumType):
            yield from (f"{name}.{value}" for value, each in type.values.items() if not each.description)
        if isinstance(type, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            yield from (f"{name}.{field}" for field, each in type.fields.items() if not each.description)
        if isinstance(type, GraphQLObjectType | GraphQLInterfaceType):
            for field, each in type.fields.items():
                yield from (f"{name}.{field}({arg})" for arg, one in each.args.items() if not one.description)


def test_every_type_field_argument_and_value_is_described() -> None:
    assert list(undescribed()) == []
