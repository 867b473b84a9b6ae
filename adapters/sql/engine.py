"""Connections: SQLite in WAL mode with one writer a process, or Postgres."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from adapters.sql.pooling import Pooling

BUSY_SECONDS = 5
GRACE_SECONDS = 1.0
ASLEEP_SECONDS = 10
"""After which Postgres takes its locks from a process that was stopped in the middle of a transaction."""


def is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def sqlite_path(url: str) -> Path:
    """The database's file. Raises ValueError for one in memory, which two processes could not share."""
    name = make_url(url).database
    if not name or name == ":memory:":
        raise ValueError("DATABASE_URL must name a file: a database in memory cannot be shared by API and worker.")
    return Path(name)


def postgres_engine(url: str, pooling: Pooling) -> AsyncEngine:
    """The server ends a statement that takes too long; ours is the last word when it does not answer at all."""
    return create_async_engine(
        url,
        pool_size=pooling.connections,
        max_overflow=pooling.overflow,
        pool_timeout=pooling.wait_seconds,
        pool_pre_ping=True,
        connect_args={
            "timeout": pooling.connect_seconds,
            "command_timeout": pooling.statement_seconds + GRACE_SECONDS,
            "server_settings": {
                "statement_timeout": f"{1000 * pooling.statement_seconds:.0f}",
                "idle_in_transaction_session_timeout": str(1000 * ASLEEP_SECONDS),
            },
        },
    )


def sqlite_engine(url: str, *, connections: int, writes: bool = False) -> Engine:
    """For threads of ours. One that writes begins with BEGIN IMMEDIATE; one that reads begins nothing."""
    sqlite_path(url).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        make_url(url).set(drivername="sqlite"),
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        pool_size=connections,
        max_overflow=0,
        json_deserializer=read_json,
    )
    event.listen(engine, "connect", configure)
    if writes:
        event.listen(engine, "begin", begin_immediate)
    return engine


def read_json(text: str) -> Any:  # noqa: ANN401  # whatever was stored
    """Most members have no attributes: a look spares them the parser."""
    return {} if text == "{}" else json.loads(text)


def configure(dbapi: Any, _record: object) -> None:  # noqa: ANN401  # sqlite3's connection
    begin_nothing(dbapi, _record)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        dbapi.execute(f"PRAGMA {pragma}")
    dbapi.create_function("lower", 1, lowered, deterministic=True)  # SQLite's own knows ASCII only


def begin_nothing(dbapi: Any, _record: object) -> None:  # noqa: ANN401  # as above
    """Take BEGIN into our own hands: the driver's comes too late for a read that a write depends on."""
    dbapi.isolation_level = None


def begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def lowered(value: str | None) -> str | None:
    return None if value is None else value.lower()
