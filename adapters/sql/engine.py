"""Connections: SQLite in WAL mode with one writer a process, or Postgres."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

WRITES = {"writes": True}
BUSY_SECONDS = 5


def is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def sqlite_path(url: str) -> Path:
    """The database's file. Raises ValueError for one in memory, which two processes could not share."""
    name = make_url(url).database
    if not name or name == ":memory:":
        raise ValueError("DATABASE_URL must name a file: a database in memory cannot be shared by API and worker.")
    return Path(name)


def reading_engine(url: str) -> AsyncEngine:
    """For reads of both databases, and for Postgres' writes."""
    if is_sqlite(url):
        sqlite_path(url).parent.mkdir(parents=True, exist_ok=True)
        engine = create_async_engine(url, connect_args={"timeout": BUSY_SECONDS}, pool_size=4, max_overflow=0)
        listen_sqlite(engine.sync_engine)
        return engine
    return create_async_engine(
        url,
        pool_size=10,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"timeout": BUSY_SECONDS, "command_timeout": 30},
    )


def writing_engine(url: str) -> Engine:
    """SQLite's, for the one writer thread."""
    plain = make_url(url).set(drivername="sqlite")
    engine = create_engine(
        plain, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, pool_size=1, max_overflow=0
    )
    listen_sqlite(engine)
    return engine.execution_options(**WRITES)


def listen_sqlite(engine: Engine) -> None:
    """Take BEGIN into our own hands: the driver's comes too late for a read that a write depends on."""

    @event.listens_for(engine, "connect")
    def configure(dbapi: Any, _record: object) -> None:  # noqa: ANN401  # sqlite3's or aiosqlite's adapted connection
        dbapi.isolation_level = None
        cursor = dbapi.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        dbapi.create_function("lower", 1, lowered, deterministic=True)  # SQLite's own knows ASCII only

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def lowered(value: str | None) -> str | None:
    return None if value is None else value.lower()
