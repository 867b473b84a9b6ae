"""What breaks clients is found, and passes only when the CHANGELOG names it."""

import pytest
from graphql import build_schema

from evals.schema_changes import CHANGELOG, RELEASED, SERVED, breaking, dangerous, unnamed

OLD = """
enum Role { MEMBER ADMIN }
input Filter { role: Role }
interface Node { id: ID! }
type Member implements Node { id: ID! handle: String! role: Role! weight(at: String): Int! }
type Twin { id: ID! }
union Either = Member | Twin
type Query { member(id: ID!): Member members(filter: Filter, first: Int = 20): [Member!]! either: Either }
"""


def changed(*replacements: tuple[str, str]) -> str:
    sdl = OLD
    for before, after in replacements:
        assert before in sdl
        sdl = sdl.replace(before, after)
    return sdl


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (changed((" handle: String!", "")), "Field Member.handle was removed."),
        (changed(("MEMBER ADMIN", "MEMBER")), "Enum value Role.ADMIN was removed."),
        (changed(("weight(at: String)", "weight")), "Argument Member.weight(at:) was removed."),
        (changed(("handle: String!", "handle: String")), "Field Member.handle changed type from String! to String."),
        (
            changed(("first: Int = 20", "first: Int!")),
            "Argument Query.members(first:) has changed type from Int to Int!.",
        ),
        (
            changed(("Filter { role: Role }", "Filter { role: Role dao: ID! }")),
            "A required field Filter.dao was added.",
        ),
        (changed(("Member | Twin", "Member")), "Twin was removed from union type Either."),
        (
            changed(("implements Node ", "")),
            "Member no longer implements interface Node.",
        ),
        (changed(("input Filter {", "input Filter @oneOf {")), "Filter now wants exactly one field."),
    ],
)
def test_what_breaks_a_client_is_told(new: str, told: str) -> None:
    found = breaking(build_schema(OLD), build_schema(new))
    assert found == [told]
    assert unnamed(found, f"## Unreleased\n### Breaking\n- {told} Ask otherwise.\n") == []


def test_what_a_client_may_not_expect_does_not_fail() -> None:
    new = changed(("MEMBER ADMIN", "MEMBER ADMIN GUEST"), ("first: Int = 20", "first: Int = 50"))
    assert breaking(build_schema(OLD), build_schema(new)) == []
    assert len(dangerous(build_schema(OLD), build_schema(new))) == 2


def test_an_addition_is_nothing() -> None:
    new = changed(("type Twin { id: ID! }", "type Twin { id: ID! member: Member! }"))
    assert (breaking(build_schema(OLD), build_schema(new)), dangerous(build_schema(OLD), build_schema(new))) == ([], [])


@pytest.mark.parametrize(
    ("changelog", "missing"),
    [
        ("## Unreleased\n### Breaking\n- `Member.handle` was removed. Use `displayName`.\n", []),
        ("## [Unreleased]\n### Added\n- x\n\n### Breaking\n- Member.handle\n  was removed.\n### Fixed\n- y\n", []),
        ("## Unreleased\n### Removed\n- Member.handle was removed.\n", ["Member.handle was removed."]),
        ("## 1.0\n### Breaking\n- Member.handle was removed.\n", ["Member.handle was removed."]),
        ("## Unreleased\n\n## 1.0\n### Breaking\n- Member.handle was removed.\n", ["Member.handle was removed."]),
        ("## Unreleased\n### Breaking\n- Member.handles was removed.\n", ["Member.handle was removed."]),
        ("", ["Member.handle was removed."]),
    ],
)
def test_only_unreleased_breaking_names_it(changelog: str, missing: list[str]) -> None:
    assert unnamed(["Member.handle was removed."], changelog) == missing


def test_the_served_schema_breaks_nothing_unnamed() -> None:
    old, new = build_schema(RELEASED.read_text()), build_schema(SERVED.read_text())
    assert unnamed(breaking(old, new), CHANGELOG.read_text()) == []
