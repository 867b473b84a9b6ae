import re
from collections.abc import Mapping

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from graphql import build_schema, parse, validate

from app.http.graphiql import HERE, add_graphiql
from app.http.health import health_routes

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


def client_of(found: Mapping[str, bool]) -> TestClient:
    async def checks() -> Mapping[str, bool]:
        return found

    app = FastAPI()
    app.include_router(health_routes(checks))
    return TestClient(app)


def test_live_needs_no_engine() -> None:
    answer = client_of({"database": False}).get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


def test_ready_when_everything_answers() -> None:
    answer = client_of({"database": True, "redis": True}).get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


def test_unready_names_what_is_down() -> None:
    answer = client_of({"database": True, "redis": False}).get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unready", "checks": {"database": "ok", "redis": "down"}}
