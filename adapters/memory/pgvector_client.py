"""A blocking Postgres client with pgvector, for Mem0's threads."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from adapters.graph.falkordb_connection import CONNECT_SECONDS
from adapters.graph.texts import DEADLINE
from adapters.memory import pgvector_statements as statements
from adapters.memory.search import Rows

MOST_CONNECTIONS = 8


class PgClient:
    """One table of the schema mem0. A statement ends within DEADLINE; reads find nothing while there is no table."""

    def __init__(self, url: str, name: str) -> None:
        """`name` must be letters, digits and underscores."""
        self.name, self.table = name, f"mem0.{name}"
        self._pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
            url,
            min_size=1,
            max_size=MOST_CONNECTIONS,
            open=False,
            check=ConnectionPool.check_connection,  # a server that was started again has closed them all
            timeout=DEADLINE,
            kwargs={
                "row_factory": dict_row,
                "connect_timeout": max(2, round(CONNECT_SECONDS)),
                "options": f"-c statement_timeout={DEADLINE * 1000:.0f}",
            },
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection[DictRow]]:
        self._pool.open(wait=False)
        with self._pool.connection() as connection:
            yield connection

    def read(self, statement: str, *before: str, **params: object) -> Rows:
        """Rows of the last statement; `before` are settings of its transaction."""
        with self.transaction() as connection:
            if not self._is_there(connection):
                return []
            for setting in before:
                connection.execute(setting, params)
            return connection.execute(self._of_table(statement), params).fetchall()

    def write(self, statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """All rows, or none."""
        with self.transaction() as connection, connection.cursor() as cursor:
            cursor.executemany(self._of_table(statement), list(rows))

    def create(self, dimensions: int) -> None:
        with self.transaction() as connection:
            if not self._is_there(connection):
                self._create(connection, dimensions)

    def lacking(self) -> list[str]:
        """Names of indexes that are not there."""
        with self.transaction() as connection:
            if not self._is_there(connection):
                return []
            rows = connection.execute(statements.INDEXES, {"name": self.name}).fetchall()
        there = {row["name"] for row in rows}
        return [name for name in (f"{self.name}_{what}" for what in statements.INDEXED) if name not in there]

    def index(self, dimensions: int) -> None:
        """Make them, however long it takes; nothing else is written meanwhile."""
        with self.transaction() as connection:
            connection.execute(statements.NO_TIMEOUT)
            self._create(connection, dimensions)

    def _create(self, connection: Connection[DictRow], dimensions: int) -> None:
        connection.execute(statements.LOCK)
        connection.execute(statements.CREATE.format(table=self.table, name=self.name, dimensions=dimensions))

    def dimensions(self) -> int | None:
        """Of the table's vectors; None while there is no table."""
        rows = self.read(statements.DIMENSIONS, table=self.table)
        return int(rows[0]["dimensions"]) if rows else None

    def drop(self) -> None:
        with self.transaction() as connection:
            connection.execute(self._of_table(statements.DROP))

    def close(self) -> None:
        self._pool.close()

    def _is_there(self, connection: Connection[DictRow]) -> bool:
        row = connection.execute(statements.THERE, {"table": self.table}).fetchone()
        return bool(row and row["there"])

    def _of_table(self, statement: str) -> bytes:
        return statement.replace("{table}", self.table).encode()
