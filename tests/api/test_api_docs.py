"""docs/api/ is what the schema says, its links lead somewhere, and its table of errors is what is sent."""

import re
from pathlib import Path

from graphql import build_schema

from app.http.errors import STATUS
from domain.errors import DomainError, Refused, Unauthenticated
from evals.api_docs import FOLDER, ROOT, SDL, pages
from evals.api_errors import REMEDIES, SOCKET_CODES, family, place
from schema.errors import ErrorCode

LINK = re.compile(r"\]\((?!https:)([^)#\s]*)(?:#([^)]*))?\)")
HEADING = re.compile(r"^## (\S+)$", re.MULTILINE)
SOURCES = [path for room in ("app", "resolvers", "services", "domain", "jobs") for path in (ROOT / room).rglob("*.py")]
MAPS = {"app/http/errors.py"}
"""Name codes that others send."""


def test_the_pages_are_what_the_schema_says() -> None:
    there = {path.name: path.read_text() for path in FOLDER.glob("*.md")}
    assert there == pages(build_schema(SDL.read_text())), "run: python -m evals.api_docs"


def test_every_link_leads_to_a_heading() -> None:
    made = {path.name: path.read_text() for path in FOLDER.glob("*.md")}
    anchors = {name: {heading.lower() for heading in HEADING.findall(text)} for name, text in made.items()}
    for name, text in made.items():
        for page, anchor in LINK.findall(text):
            assert (FOLDER / page).resolve().is_file(), (name, page)
            assert not anchor or anchor in anchors[page], (name, page, anchor)


def test_every_type_and_root_field_has_its_heading() -> None:
    schema = build_schema(SDL.read_text())
    roots = [root for root in (schema.query_type, schema.mutation_type, schema.subscription_type) if root]
    wanted = {name for name in schema.type_map if not name.startswith("__")} - {root.name for root in roots}
    wanted |= {field for root in roots for field in root.fields}
    found = [heading for path in FOLDER.glob("*.md") for heading in HEADING.findall(path.read_text())]
    assert set(found) == wanted


def test_every_code_has_a_remedy_and_a_place() -> None:
    assert set(REMEDIES) == set(ErrorCode)
    assert set(STATUS) <= set(ErrorCode)
    acted_on = {code.value for code in ErrorCode if place(code).startswith("userErrors")}
    assert acted_on == {error.code for error in family(Refused)} - {Unauthenticated.code}


def test_a_code_is_sent_unless_the_table_says_that_it_is_not() -> None:
    raised = {error.code for error in family(DomainError)}
    texts = [path.read_text() for path in SOURCES if str(path.relative_to(ROOT)) not in MAPS]
    silent = {code for code in set(ErrorCode) - raised if not any(f'"{code}"' in text for text in texts)}
    assert silent == set()


def test_the_table_names_every_code_that_closes_a_socket() -> None:
    serving = Path(ROOT / "app" / "graphql" / "sockets.py").read_text()
    named = re.findall(r"\b4[0-9]{3}\b", " ".join(SOCKET_CODES.values()))
    assert sorted(named) == sorted(set(re.findall(r"\b44[0-9]{2}\b", serving)))
