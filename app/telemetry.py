"""Logs: one line an event, on stderr, with the process's name."""

import logging

from app.http.request_ids import RequestIds
from app.settings import Settings

CHATTY = (
    *("httpx", "httpx2", "httpcore", "openai", "urllib3", "mem0", "graphiti_core", "neo4j"),
    *("aiosqlite", "asyncio", "alembic", "uvicorn"),
)
"""Libraries whose INFO says nothing that an operator can use."""


def configure_logs(settings: Settings, process: str) -> None:
    logging.basicConfig(
        level=settings.log_level.upper(),
        format=f"%(asctime)s {process:<7} %(levelname)-7s %(request_id)s %(name)s: %(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(RequestIds())
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
