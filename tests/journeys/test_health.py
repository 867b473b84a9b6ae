"""Health, metrics and full disks, over real HTTP of a real API whose engines go away."""

import asyncio
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from prometheus_client.parser import text_string_to_metric_families

from adapters.auth.local import LocalTokens
from adapters.embedded.falkordb import free_port, server_command
from adapters.sql import migrations
from app.api import create_app
from app.container import Container
from app.settings import Settings
from app.watched import watched
from domain.models import Answering, Prompt
from tests.conftest import wait_for_ping


def settings_of(folder: Path, redis_port: int, **given: object) -> Settings:
    own = {
        "redis_url": f"redis://127.0.0.1:{redis_port}/0",
        "graph_url": f"falkordb://127.0.0.1:{redis_port}",
        "memory_url": f"falkordb://127.0.0.1:{redis_port}",
    }
    return Settings(_env_file=None, data_dir=folder, **own | given)  # type: ignore[call-arg, arg-type]  # a dictionary


@contextmanager
def engine(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A Redis with FalkorDB of the test's own, to be paused and killed."""
    folder.mkdir(exist_ok=True)
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(server_command(folder, port), stdout=log, stderr=log)
    try:
        wait_for_ping(port)
        yield server
    finally:
        server.kill()
        server.wait(10)


@contextmanager
def serving(settings: Settings) -> Iterator[httpx.Client]:
    Path(settings.data_dir).mkdir(exist_ok=True)
    asyncio.run(migrations.upgrade(settings.database))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_config=None, lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.02)
            token = LocalTokens(settings.token_key).issue("ana")
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with httpx.Client(
                base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30
            ) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(20)


def eventually(client: httpx.Client, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What /health/ready says once it says this."""
    until = time.monotonic() + 15
    while True:
        told: dict[str, Any] = client.get("/health/ready").json()
        if wanted(told):
            return told
        assert time.monotonic() < until, told
        time.sleep(0.1)


def figures(client: httpx.Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {(each.name, frozenset(each.labels.items())): each.value for one in families for each in one.samples}


def ask(client: httpx.Client, query: str) -> dict[str, Any]:
    told: dict[str, Any] = client.post("/graphql", json={"query": query}).json()
    return told


def test_an_engine_that_goes_away_degrades_the_api_and_comes_back(tmp_path: Path) -> None:
    port = free_port()
    with (
        engine(tmp_path / "engine", port),
        serving(settings_of(tmp_path / "data", port, breaker_seconds=1.0)) as client,
    ):
        told = eventually(client, lambda told: told["checks"]["redis"] == "ok")
        assert {name for name, state in told["checks"].items() if state == "down"} == {"worker"}
        assert {"database", "disk", "graph", "memory", "redis", "worker"} <= told["checks"].keys()
        assert told["status"] == "degraded"  # no worker runs here
        assert told["parts"]["database"]["needed"] is True
        assert "sign of life" in told["parts"]["worker"]["why"]
        assert ask(client, '{ searchFacts(query: "Voron") { id } }') == {"data": {"searchFacts": []}}
    # the engine is gone, the API restarts without it
    with serving(settings_of(tmp_path / "data", port, breaker_seconds=1.0)) as client:
        answer = client.get("/health/ready")
        assert answer.status_code == 200
        told = answer.json()
        assert told["status"] == "degraded"
        down = {name for name, part in told["parts"].items() if part["state"] == "down"}
        assert down == {"graph", "memory", "redis", "worker"}
        assert ask(client, "{ viewer { displayName } }")["data"] == {"viewer": {"displayName": "ana"}}
        [error] = ask(client, '{ searchFacts(query: "Voron") { id } }')["errors"]
        assert error["extensions"] == {"code": "RETRIEVAL_ERROR", "retryable": True}
        with engine(tmp_path / "engine", port):
            back = eventually(client, lambda told: told["checks"]["graph"] == "ok")
            assert back["parts"]["graph"]["since"] > told["parts"]["graph"]["since"]
            assert ask(client, '{ searchFacts(query: "Voron") { id } }') == {"data": {"searchFacts": []}}


def test_metrics_are_prometheus_text_and_count_what_happens(redis_url: str, tmp_path: Path) -> None:
    port = int(redis_url.split(":")[2].split("/")[0])
    with serving(settings_of(tmp_path / "data", port)) as client:
        ask(client, "{ viewer { id } }")
        ask(client, "{ nothing }")
        ask(
            client,
            'mutation { castVote(input: {proposalId: "UHJvcG9zYWw6OTk5", choice: FOR}) { userErrors { code } } }',
        )
        ask(client, '{ searchFacts(query: "Voron") { id } }')
        client.post("/upload", files={"file": ("a.txt", b"Ana likes the Voron.")})
        seen = figures(client)
        assert seen["frontier_operations_total", frozenset({("kind", "query"), ("outcome", "ok")})] == 2
        assert seen["frontier_operations_total", frozenset({("kind", "other"), ("outcome", "invalid")})] == 1
        assert seen["frontier_ballots_total", frozenset({("outcome", "refused")})] == 1
        assert seen["frontier_call_seconds_count", frozenset({("port", "graph"), ("outcome", "ok")})] == 1
        assert seen["frontier_breaker_state", frozenset({("port", "graph")})] == 0
        assert seen["frontier_outbox_pending", frozenset({("kind", "job")})] == 1
        assert seen["frontier_outbox_dead_letters", frozenset()] == 0
        assert seen["frontier_sockets", frozenset()] == 0
        assert seen["frontier_disk_free_bytes", frozenset()] > 0
        assert "ana" not in client.get("/metrics").text
        assert "Voron" not in client.get("/metrics").text


def test_metrics_are_for_this_machine(redis_url: str, tmp_path: Path) -> None:
    port = int(redis_url.split(":")[2].split("/")[0])
    with serving(settings_of(tmp_path / "data", port)) as client:
        assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
        assert client.get("/metrics", headers={"Forwarded": "for=203.0.113.9"}).status_code == 404
        assert client.get("/metrics").status_code == 200


async def test_the_worker_tells_of_itself_on_its_port(redis_url: str, tmp_path: Path) -> None:
    port, own = int(redis_url.split(":")[2].split("/")[0]), free_port()
    settings = settings_of(tmp_path, port, worker_port=own)
    await migrations.upgrade(settings.database)
    async with (
        Container(settings) as container,
        watched(container),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{own}", trust_env=False) as client,
    ):
        container.meters.count("jobs", task="reply", outcome="done")
        for _ in range(200):
            try:
                answer = await client.get("/metrics")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
        assert 'frontier_jobs_total{outcome="done",task="reply"} 1.0' in answer.text
        assert (await client.get("/health/ready")).json()["checks"]["database"] == "ok"


async def test_what_ails_a_worker_shows_in_the_apis_health(redis_url: str, tmp_path: Path) -> None:
    """Models are called by workers only."""
    port = int(redis_url.split(":")[2].split("/")[0])
    key = {"openai_api_key": "sk-x", "openai_base_url": f"http://127.0.0.1:{free_port()}/v1"}
    settings = settings_of(tmp_path, port, **key)
    await migrations.upgrade(settings.database)
    async with Container(settings) as api, Container(settings) as worker:
        prompt = Prompt("Ana", "Hello?", (), (), datetime.now(UTC))
        for _ in range(5):
            parts = [part async for part in worker.model.stream(prompt)]
            assert parts[0] == Answering("built-in", degraded=True)
        async with watched(worker):
            for _ in range(100):
                found = (await api.watch.parts()).get("llm")
                if found is not None:
                    break
                await asyncio.sleep(0.1)
        assert found is not None
        assert found.well is False
        assert found.why is not None
        assert found.why.startswith("Seen by a worker: The connection to the language model broke.")


def test_without_room_uploads_are_refused_and_votes_go_on(redis_url: str, tmp_path: Path) -> None:
    port = int(redis_url.split(":")[2].split("/")[0])
    kept = (shutil.disk_usage(tmp_path).free >> 20) + 1_000_000
    with serving(settings_of(tmp_path / "data", port, free_mib=kept)) as client:
        refused = client.post("/upload", files={"file": ("a.txt", b"Ana likes the Voron.")})
        told = refused.json()
        assert (told["code"], told["retryable"]) == ("INGESTION_ERROR", True)
        assert told["message"].startswith("The disk is nearly full")
        assert ask(client, "{ documents { totalCount } }")["data"]["documents"]["totalCount"] == 0
        health = client.get("/health/ready").json()
        assert health["checks"]["disk"] == "down"
        assert "no upload is accepted" in health["parts"]["disk"]["why"]
        made = ask(client, 'mutation { createProposal(input: {title: "A", body: "B"}) { userErrors { code } } }')
        assert made == {"data": {"createProposal": {"userErrors": []}}}
