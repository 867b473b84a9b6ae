"""A database with everything that speaks to it: reads, transactions, outbox."""

from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from adapters.sql.chats import SqlChatReads
from adapters.sql.clock import Clock, database_clock
from adapters.sql.documents import SqlDocumentReads
from adapters.sql.engine import is_sqlite, reading_engine
from adapters.sql.members import SqlMemberReads
from adapters.sql.memories import SqlMemoryReads
from adapters.sql.outbox import SqlOutbox
from adapters.sql.proposals import SqlProposalReads
from adapters.sql.resolutions import SqlResolutionReads
from adapters.sql.topics import SqlTopicReads
from adapters.sql.transactions import SqlTransact, unheard
from adapters.sql.votes import SqlVoteReads
from adapters.sql.writer import PostgresWriter, SqliteWriter, Writer
from domain.errors import SyncFailed


class Database:
    """SQLite or Postgres, by the URL's scheme. Migrated before; closed by its owner."""

    def __init__(
        self, url: str, *, announce: Callable[[list[str]], None] = unheard, clock: Clock = database_clock
    ) -> None:
        self._engine = engine = reading_engine(url)
        self._writer: Writer = SqliteWriter(url) if is_sqlite(url) else PostgresWriter(engine)
        self.transact = SqlTransact(self._writer, announce=announce, clock=clock)
        self.outbox = SqlOutbox(engine, self._writer, clock)
        self.members = SqlMemberReads(engine)
        self.documents = SqlDocumentReads(engine)
        self.memories = SqlMemoryReads(engine)
        self.topics = SqlTopicReads(engine)
        self.chats = SqlChatReads(engine)
        self.proposals = SqlProposalReads(engine)
        self.votes = SqlVoteReads(engine)
        self.resolutions = SqlResolutionReads(engine)

    async def ping(self) -> None:
        """Raises SyncFailed."""
        try:
            async with self._engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError) as error:
            raise SyncFailed(f"The database does not answer: {error}") from error

    async def tidy(self) -> None:
        """Forget idempotency keys that are too old, and fold SQLite's log into the file while nobody reads."""
        await self.transact.prune()
        if self._engine.dialect.name == "sqlite":
            async with self._engine.connect() as connection:
                await connection.exec_driver_sql("COMMIT")  # a checkpoint cannot run inside the BEGIN of our hook
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                await connection.exec_driver_sql("BEGIN")

    async def close(self) -> None:
        await self._writer.close()
        await self._engine.dispose()
