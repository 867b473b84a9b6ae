"""A database with everything that speaks to it: reads, transactions, outbox."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from adapters.sql.audits import SqlAuditReads
from adapters.sql.chats import SqlChatReads
from adapters.sql.clock import Clock, DatabaseClock, database_clock
from adapters.sql.dao_reads import SqlDaoReads
from adapters.sql.dead_letters import SqlDeadLetterReads
from adapters.sql.delegations import SqlDelegationReads
from adapters.sql.documents import SqlDocumentReads
from adapters.sql.engine import is_sqlite, postgres_engine, sqlite_path
from adapters.sql.lineage import SqlLineageReads
from adapters.sql.members import SqlMemberReads
from adapters.sql.memories import SqlMemoryReads
from adapters.sql.outbox import SqlOutbox
from adapters.sql.policies import SqlPolicyReads
from adapters.sql.pooling import USUAL, Pooling
from adapters.sql.postgres_writer import PostgresWriter
from adapters.sql.proposal_reads import SqlProposalReads
from adapters.sql.reader import PostgresReader, Reader, SqliteReader
from adapters.sql.receipts import SqlReceiptReads
from adapters.sql.reconciliations import SqlReconciliationReads
from adapters.sql.records import SqlRecords
from adapters.sql.resolutions import SqlResolutionReads
from adapters.sql.topics import SqlTopicReads
from adapters.sql.transactions import SqlTransact, unheard
from adapters.sql.vote_reads import SqlVoteReads
from adapters.sql.writer import SqliteWriter, Writer
from adapters.steady import wall
from domain.errors import SyncFailed


class Database:
    """SQLite or Postgres, by the URL's scheme. Migrated before; closed by its owner."""

    def __init__(
        self,
        url: str,
        *,
        announce: Callable[[list[str]], None] = unheard,
        clock: Clock = database_clock,
        pooling: Pooling = USUAL,
    ) -> None:
        self._url, self._clock = url, clock
        self.reader, self.writer = connected(url, pooling)
        self.transact = SqlTransact(self.writer, announce=announce, clock=clock)
        self.lineage = SqlLineageReads(self.reader)
        self.outbox = SqlOutbox(self.reader, self.writer, clock)
        self.members = SqlMemberReads(self.reader)
        self.documents = SqlDocumentReads(self.reader)
        self.memories = SqlMemoryReads(self.reader)
        self.topics = SqlTopicReads(self.reader)
        self.chats = SqlChatReads(self.reader)
        self.proposals = SqlProposalReads(self.reader)
        self.daos = SqlDaoReads(self.reader)
        self.delegations = SqlDelegationReads(self.reader, clock)
        self.policies = SqlPolicyReads(self.reader)
        self.audits = SqlAuditReads(self.reader)
        self.dead_letters = SqlDeadLetterReads(self.reader)
        self.votes = SqlVoteReads(self.reader)
        self.receipts = SqlReceiptReads(self.reader)
        self.resolutions = SqlResolutionReads(self.reader)
        self.reconciliations = SqlReconciliationReads(self.reader)
        self.records = SqlRecords(self.reader)

    @property
    def is_sqlite(self) -> bool:
        return isinstance(self.reader, SqliteReader)

    def now(self) -> datetime:
        """The database's time as far as this process knows it without asking; the machine's where a test sets another.

        For what is told, such as what a viewer may do: commands ask the database itself.
        """
        if not isinstance(self._clock, DatabaseClock):
            return wall()
        return self._clock.machine() if self.is_sqlite else self._clock.server()

    async def revision(self) -> str | None:
        """The migration that its tables are at; None where there are none. Makes no file. Raises StoreFailed."""
        if self.is_sqlite and not sqlite_path(self._url).exists():
            return None
        return await self.reader(_revision)

    async def ping(self) -> None:
        """Raises SyncFailed."""
        try:
            await self.reader(lambda session: session.execute(text("SELECT 1")))
        except (SQLAlchemyError, OSError) as error:
            raise SyncFailed(f"The database does not answer: {error}") from error

    async def tidy(self) -> None:
        """Forget idempotency keys that are too old, and fold SQLite's log into the file while nobody reads."""
        await self.transact.prune()
        if self.is_sqlite:
            await self.reader(lambda session: session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")))

    async def close(self) -> None:
        await self.writer.close()
        await self.reader.close()


def _revision(session: Session) -> str | None:
    if not inspect(session.connection()).has_table("alembic_version"):
        return None
    return session.execute(text("SELECT version_num FROM alembic_version")).scalar()


def connected(url: str, pooling: Pooling = USUAL) -> tuple[Reader, Writer]:
    """By the URL's scheme."""
    if is_sqlite(url):
        return SqliteReader(url), SqliteWriter(url)
    engine = postgres_engine(url, pooling)
    return PostgresReader(engine), PostgresWriter(engine)
