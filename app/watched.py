"""A server beside the worker's loops, for whoever watches it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.container import Container


@asynccontextmanager
async def watched(container: "Container") -> AsyncIterator[None]:
    """Health and metrics of this process on WORKER_PORT, if there is one. Raises BadSettings for a port in use."""
    settings = container.settings
    if not settings.worker_port:
        yield
        return
    import uvicorn
    from fastapi import FastAPI

    from app.http.errors import add_error_handlers
    from app.http.health import health_routes
    from app.up import check_port

    check_port(settings.host, settings.worker_port)
    app = FastAPI(openapi_url=None)
    app.include_router(health_routes(container.watch, open_metrics=settings.metrics == "all"))
    add_error_handlers(app)

    class Beside(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Signals are the worker's."""
            yield

    server = Beside(
        uvicorn.Config(app, host=settings.host, port=settings.worker_port, log_config=None, access_log=False)
    )
    serving = asyncio.create_task(server.serve())
    try:
        yield
    finally:
        server.should_exit = True
        await serving
