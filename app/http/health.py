"""GET /health/live: the process runs. GET /health/ready: it can serve."""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter
from fastapi.responses import JSONResponse

type Checks = Callable[[], Awaitable[Mapping[str, bool]]]
"""What has to answer before this process can serve, by name."""


def health_routes(checks: Checks) -> APIRouter:
    routes = APIRouter(prefix="/health", include_in_schema=False)

    @routes.get("/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @routes.get("/ready")
    async def ready() -> JSONResponse:
        found = await checks()
        well = all(found.values())
        body = {
            "status": "ready" if well else "unready",
            "checks": {name: "ok" if answers else "down" for name, answers in found.items()},
        }
        return JSONResponse(body, status_code=200 if well else 503, headers={"Cache-Control": "no-store"})

    return routes
