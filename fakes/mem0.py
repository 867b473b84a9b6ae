"""A server that speaks Mem0 Cloud's protocol, v1 to v3, as AsyncMemoryClient uses it.

`python -m fakes.mem0 --port 8103 --file memories.jsonl` keeps its memories in that file. A key begins with `m0-` and
has a project of its own, but for the file's, which is everybody's. What goes wrong is scripted: `--script 429:1,ok` or
POST /fake/script {"steps": ["500", "lost"]}: each request takes one step, then all is ok; {"always": "503"} is taken by
every request until changed.

ok         answer                       400 | 413 | 500 ...   that status with Mem0's error body
429:2      a rate limit with `Retry-After: 2`; 429 alone has none
hang       accept and never answer      slow:0.5              answer half a second later
silent     do it, and never answer      lost                  do it, and break the connection instead
twice      do it, break the connection, and do it once more half a second later, as a proxy's retry would
html       a page of some proxy with status 200               empty   204 without a body
"""

import argparse
import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from fakes.mem0_filters import BadFilters, Row, checked
from fakes.mem0_store import Project, page

GOOD_KEY_PREFIX = "m0-"
MOST_BATCH = MOST_RESULTS = 1_000
PAGE_SIZE = 100
HANG_SECONDS, LATE_SECONDS, SOON_SECONDS = 3600.0, 0.5, 0.03

type Handler = Callable[[Request, Project], Coroutine[Any, Any, Response]]


class CutShort(Exception):  # it is what happens, to the client and on purpose
    """Raised inside a response body: the server drops the connection."""


class BadBatch(Exception):
    """The error of a 400."""


class FakeMem0:
    """Projects by key, the requests seen, the steps that the next ones will take, and how `soon` is later."""

    def __init__(self, steps: list[str] | None = None, *, file: Path | None = None) -> None:
        self.steps: deque[str] = deque(steps or [])
        self.always = "ok"
        self.requests: list[str] = []
        self.soon = SOON_SECONDS
        self.projects: defaultdict[str, Project] = defaultdict(Project)
        self._kept = file is not None
        if file:
            self.project("").log = file
            self.project("").load(file.read_text().splitlines() if file.exists() else [])
        self._late: set[asyncio.Task[None]] = set()

    def app(self) -> Starlette:
        routes: list[tuple[str, str, Handler]] = [
            ("GET", "/v1/ping/", self._ping),
            ("POST", "/v3/memories/add/", self._add),
            ("POST", "/v3/memories/search/", self._search),
            ("POST", "/v3/memories/", self._list),
            ("GET", "/v1/memories/{id}/", self._get),
            ("PUT", "/v1/memories/{id}/", self._update),
            ("DELETE", "/v1/memories/{id}/", self._delete),
            ("GET", "/v1/memories/{id}/history/", self._history),
            ("DELETE", "/v1/memories/", self._delete_all),
            ("PUT", "/v1/batch/", self._batch_update),
            ("DELETE", "/v1/batch/", self._batch_delete),
            ("GET", "/v1/event/{id}/", self._event),
            ("GET", "/v1/entities/", self._entities),
            ("DELETE", "/v2/entities/{type}/{name}/", self._delete_entity),
        ]
        return Starlette(
            routes=[
                *(Route(path, self._guarded(handler), methods=[method]) for method, path, handler in routes),
                Route("/fake/script", self._script, methods=["POST"]),
                Route("/fake/requests", self._seen),
            ]
        )

    def project(self, key: str) -> Project:
        return self.projects["the file's" if self._kept else key]

    def _guarded(self, handler: Handler) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Key, then the step, then the answer."""

        async def guarded(request: Request) -> Response:
            scheme, _, key = request.headers.get("authorization", "").partition(" ")
            if scheme != "Token" or not key.startswith(GOOD_KEY_PREFIX):
                return JSONResponse({"detail": "Given token not valid for any token type"}, 401)
            self.requests.append(f"{request.method} {request.url.path}")
            step, _, number = (self.steps.popleft() if self.steps else self.always).partition(":")
            if step.isdigit():
                return failure(int(step), number)
            if step in ("hang", "slow"):
                await asyncio.sleep(float(number or HANG_SECONDS))
            answer = await self._answered(handler, request, self.project(key))
            if step == "twice":
                self._later(LATE_SECONDS, lambda: self._answered(handler, request, self.project(key)))
            if step == "silent":
                await asyncio.sleep(HANG_SECONDS)
            return changed(answer, step)

        return guarded

    async def _answered(self, handler: Handler, request: Request, project: Project) -> Response:
        try:
            return await handler(request, project)
        except KeyError:
            return JSONResponse({"detail": "Memory not found!"}, 404)
        except BadBatch as error:
            return JSONResponse({"error": str(error)}, 400)
        except (BadFilters, ValueError) as error:
            return JSONResponse({"detail": str(error)}, 400)

    def _later(self, seconds: float, act: Callable[[], Coroutine[Any, Any, object]]) -> None:
        async def late() -> None:
            await asyncio.sleep(seconds)
            await act()

        task = asyncio.create_task(late())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    def _delete_soon(self, project: Project, ids: list[str]) -> None:
        """Deleting is asynchronous: what was accepted is still seen for a moment."""

        async def delete() -> None:
            project.delete(ids)

        self._later(self.soon, delete)

    async def _ping(self, request: Request, project: Project) -> Response:
        return JSONResponse({"status": "ok", "org_id": "org-fake", "project_id": "proj-fake", "user_email": None})

    async def _add(self, request: Request, project: Project) -> Response:
        body = await request.json()
        messages = body.get("messages")
        if not messages or not any(body.get(name) for name in ("user_id", "agent_id", "app_id", "run_id")):
            raise ValueError("messages and one of user_id, agent_id, app_id, run_id are required")
        if body.get("infer", True):
            event = project.event()
            self._later(self.soon, lambda: project.infer(event, messages, body))
            return JSONResponse({"message": "Memory processing started", "status": "PENDING", "event_id": event["id"]})
        rows = [project.add(message["content"], body) for message in messages]
        results = [{"id": row["id"], "event": "ADD", "data": {"memory": row["memory"]}} for row in rows]
        return JSONResponse({"message": "Memories added", "results": results})

    async def _search(self, request: Request, project: Project) -> Response:
        body = await request.json()
        query, top_k = str(body.get("query", "")).strip(), body.get("top_k", 10)
        if not query or not 1 <= top_k <= MOST_RESULTS:
            raise ValueError(f"query must not be empty and top_k is 1..{MOST_RESULTS}")
        rows = project.found(checked(body.get("filters")), expired=body.get("show_expired", False))
        hits = project.nearest(query, rows, top_k=top_k, threshold=body.get("threshold", 0.1))
        return JSONResponse({"results": hits})

    async def _list(self, request: Request, project: Project) -> Response:
        body = await request.json()
        number, size = (int(request.query_params.get(*name)) for name in (("page", "1"), ("page_size", str(PAGE_SIZE))))
        if number < 1 or not 1 <= size <= PAGE_SIZE:
            raise ValueError(f"page counts from 1, page_size is 1..{PAGE_SIZE}")
        rows = project.found(checked(body.get("filters")), expired=body.get("show_expired", False))
        return JSONResponse(page(rows, number, size, str(request.url.replace(query=""))))

    async def _get(self, request: Request, project: Project) -> Response:
        return JSONResponse(project.rows[request.path_params["id"]])

    async def _update(self, request: Request, project: Project) -> Response:
        return JSONResponse(project.update(request.path_params["id"], await request.json()))

    async def _delete(self, request: Request, project: Project) -> Response:
        self._delete_soon(project, [project.rows[request.path_params["id"]]["id"]])
        return JSONResponse({"message": "Memory deleted successfully!"})

    async def _history(self, request: Request, project: Project) -> Response:
        return JSONResponse(project.history[request.path_params["id"]])

    async def _delete_all(self, request: Request, project: Project) -> Response:
        wanted = {name: value for name, value in request.query_params.items() if name.endswith("_id")}
        self._delete_soon(project, [row["id"] for row in project.found(checked(wanted), expired=True)])
        return JSONResponse({"message": "Memories deletion started", "event_id": "event-delete"})

    async def _batch_update(self, request: Request, project: Project) -> Response:
        memories = await batch(request)
        known = [each for each in memories if each["memory_id"] in project.rows]
        for each in known:
            project.update(each["memory_id"], each)
        return JSONResponse({"message": f"Successfully updated {len(known)} memories"})

    async def _batch_delete(self, request: Request, project: Project) -> Response:
        memories = await batch(request)
        self._delete_soon(project, [each["memory_id"] for each in memories])
        return JSONResponse({"message": f"Successfully deleted {len(memories)} memories"})

    async def _event(self, request: Request, project: Project) -> Response:
        return JSONResponse(project.events[request.path_params["id"]])

    async def _entities(self, request: Request, project: Project) -> Response:
        names = sorted({row["user_id"] for row in project.rows.values() if row["user_id"]})
        return JSONResponse(page([{"type": "user", "name": name} for name in names], 1, PAGE_SIZE, str(request.url)))

    async def _delete_entity(self, request: Request, project: Project) -> Response:
        asked = {f"{request.path_params['type']}_id": request.path_params["name"]}
        self._delete_soon(project, [row["id"] for row in project.found(checked(asked), expired=True)])
        return JSONResponse({"message": "Entity deleted successfully!"})

    async def _script(self, request: Request) -> Response:
        given = await request.json()
        self.steps, self.always = deque(given.get("steps", [])), given.get("always", "ok")
        return JSONResponse({"steps": list(self.steps), "always": self.always})

    async def _seen(self, request: Request) -> Response:
        return JSONResponse(self.requests)


async def batch(request: Request) -> list[Row]:
    """Raises BadBatch."""
    memories: list[Row] = (await request.json()).get("memories", [])
    if not 1 <= len(memories) <= MOST_BATCH:
        raise BadBatch(f"Maximum of {MOST_BATCH} memories can be processed in a single request")
    return memories


def failure(status: int, retry_after: str) -> Response:
    detail = {
        413: "Memory quota exceeded.",
        429: "Request was throttled.",
        503: "Service temporarily unavailable.",
    }.get(status, f"A scripted {status}.")
    return JSONResponse({"detail": detail}, status, headers={"Retry-After": retry_after} if retry_after else None)


def changed(answer: Response, step: str) -> Response:
    match step:
        case "lost" | "twice":
            return StreamingResponse(cut_short(), media_type="application/json")
        case "html":
            return HTMLResponse("<!doctype html><title>Sign in</title>")
        case "empty":
            return Response(status_code=204)
    return answer


async def cut_short() -> AsyncIterator[bytes]:
    yield b"{"
    raise CutShort


def main() -> None:
    parser = argparse.ArgumentParser(description="A fake Mem0 Cloud.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8103)
    parser.add_argument("--file", type=Path, help="keep the memories here, one change a line")
    parser.add_argument("--script", default="", help="steps for the first requests, such as 429:1,ok,lost")
    given = parser.parse_args()
    fake = FakeMem0([step for step in given.script.split(",") if step], file=given.file)
    uvicorn.run(fake.app(), host=given.host, port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
