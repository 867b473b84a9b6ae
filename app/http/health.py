"""GET /health/live: the process runs. GET /health/ready: it can serve."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import Field

from app.http.bodies import Told
from app.http.routes import JsonRoute

type Checks = Callable[[], Awaitable[Mapping[str, bool]]]
"""What has to answer before this process can serve, by name."""


class LiveView(Told):
    """The process runs."""

    status: Literal["live"] = Field(description="Always live: else nothing answers.")


class ReadyView(Told):
    """Whether this process can serve."""

    status: Literal["ready", "unready"] = Field(description="ready when every check is ok.")
    checks: dict[str, Literal["ok", "down"]] = Field(description="What has to answer, by name.")


def health_routes(checks: Checks) -> APIRouter:
    routes = APIRouter(prefix="/health", route_class=JsonRoute, tags=["health"])

    @routes.get("/live")
    async def live() -> LiveView:
        """The process runs."""
        return LiveView(status="live")

    @routes.get("/ready", responses={503: {"model": ReadyView, "description": "Something does not answer."}})
    async def ready(response: Response) -> ReadyView:
        """Whether this process can serve."""
        found = await checks()
        well = all(found.values())
        response.status_code = 200 if well else 503
        response.headers["Cache-Control"] = "no-store"
        return ReadyView(
            status="ready" if well else "unready",
            checks={name: "ok" if answers else "down" for name, answers in found.items()},
        )

    return routes
