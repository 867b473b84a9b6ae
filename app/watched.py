"""What a worker tells of itself beside its loops."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.container import Container


@asynccontextmanager
async def watched(container: "Container") -> AsyncIterator[None]:
    """How engines look from here, told to the API's health; and this process's own health and metrics on WORKER_PORT,
    if there is one. Raises BadSettings for a port in use."""
    telling = asyncio.create_task(container.watch.tell())
    try:
        async with served(container) if container.settings.worker_port else nullcontext():
            yield
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


@asynccontextmanager
async def served(container: "Container") -> AsyncIterator[None]:
    settings = container.settings
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
