import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from graphql import build_schema, parse, validate

from app.http.graphiql import HERE, add_graphiql

EXAMPLES = re.findall(r"`((?:#|query)[^`]*)`", (HERE / "graphiql.js").read_text())
SDL = HERE.parent.parent / "schema" / "schema.graphql"


@pytest.fixture
def page() -> TestClient:
    app = FastAPI()
    add_graphiql(app)
    return TestClient(app)


def test_everything_the_page_names_is_served_from_here(page: TestClient) -> None:
    html = page.get("/graphiql").text
    named = re.findall(r'(?:src|href)="(/[^"]+)"', html)
    assert len(named) == 8
    assert {path: page.get(path).status_code for path in named} == dict.fromkeys(named, 200)
    assert re.findall(r"https?://", html) == []


def test_page_runs_scripts_of_this_server_only(page: TestClient) -> None:
    policy = page.get("/graphiql").headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; connect-src 'self';" in policy
    assert "<script>" not in page.get("/graphiql").text


def test_there_are_eleven_examples() -> None:
    assert len(EXAMPLES) == 11


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_is_valid_against_the_schema(example: str) -> None:
    assert validate(build_schema(SDL.read_text()), parse(example)) == []
