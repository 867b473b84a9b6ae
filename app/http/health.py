"""GET /health/live: the process runs. GET /health/ready: it can serve, wholly or in part. GET /metrics: its figures."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from adapters.meters.prometheus import CONTENT_TYPE
from app.addresses import is_loopback
from app.http.bodies import Moment, Told
from app.http.routes import JsonRoute
from app.watching import NEEDED, Found, Watch
from domain.errors import NotFound


class LiveView(Told):
    """The process runs."""

    status: Literal["live"] = Field(description="Always live: else nothing answers.")


class PartView(Told):
    """One part that the process works with."""

    state: Literal["ok", "down"] = Field(description="down: it does not answer, or is left alone after failures.")
    since: Moment = Field(description="When this process saw that begin.")
    needed: bool = Field(description="Whether the process cannot serve without it.")
    why: str | None = Field(description="What is wrong, for whoever mends it.")


class ReadyView(Told):
    """Whether this process can serve."""

    status: Literal["ready", "degraded", "unready"] = Field(
        description="ready: all is well; degraded: it serves, without what is down; unready: it cannot serve."
    )
    checks: dict[str, Literal["ok", "down"]] = Field(description="Each part's state, by name.")
    parts: dict[str, PartView] = Field(description="The same, with since when and why.")


def health_routes(watch: Watch, *, open_metrics: bool) -> APIRouter:
    """`open_metrics`: whether others than this machine may read the figures."""
    routes = APIRouter(route_class=JsonRoute, tags=["health"])

    @routes.get("/health/live")
    async def live() -> LiveView:
        """The process runs."""
        return LiveView(status="live")

    @routes.get("/health/ready", responses={503: {"model": ReadyView, "description": "It cannot serve."}})
    async def ready(response: Response) -> ReadyView:
        """Whether this process can serve, and what it lacks."""
        parts = await watch.parts()
        status = status_of(parts)
        response.status_code = 503 if status == "unready" else 200
        response.headers["Cache-Control"] = "no-store"
        views = {name: view_of(name, part) for name, part in sorted(parts.items())}
        return ReadyView(status=status, checks={name: view.state for name, view in views.items()}, parts=views)

    @routes.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        """For Prometheus. Raises NotFound for who may not know of it."""
        if not (open_metrics or is_near(request)):
            raise NotFound("Not Found.")
        return Response(await watch.metrics(), media_type=CONTENT_TYPE)

    return routes


def status_of(parts: dict[str, Found]) -> Literal["ready", "degraded", "unready"]:
    down = {name for name, part in parts.items() if not part.well}
    if down & NEEDED:
        return "unready"
    return "degraded" if down else "ready"


def view_of(name: str, part: Found) -> PartView:
    return PartView(state="ok" if part.well else "down", since=part.since, needed=name in NEEDED, why=part.why)


def is_near(request: Request) -> bool:
    """Asked from this machine, and for nobody else."""
    forwarded = {"forwarded", "x-forwarded-for"} & set(request.headers)
    return not forwarded and request.client is not None and is_loopback(request.client.host)
