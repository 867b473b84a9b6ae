"""What the database answers when it is asked how it is."""

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from adapters.sql.database import connected
from adapters.sql.engine import is_sqlite, sqlite_path
from adapters.sql.migrations import ROOT
from domain.errors import StoreFailed


async def database_facts(url: str) -> tuple[str, bool]:
    """The server's name and version, and whether its tables are at the newest migration. Raises OSError, ValueError."""
    if is_sqlite(url) and not sqlite_path(url).exists():
        raise FileNotFoundError(f"There is no {sqlite_path(url).name} yet.")
    reader, writer = connected(url)
    try:
        return await reader(lambda session: _facts(session.connection()))
    except (SQLAlchemyError, StoreFailed) as error:
        raise OSError(str(error).splitlines()[0]) from error
    finally:
        await writer.close()
        await reader.close()


def _facts(connection: Connection) -> tuple[str, bool]:
    asked = "SELECT sqlite_version()" if connection.dialect.name == "sqlite" else "SHOW server_version"
    version = connection.execute(text(asked)).scalar_one()
    head = ScriptDirectory.from_config(Config(ROOT / "alembic.ini")).get_current_head()
    now = MigrationContext.configure(connection).get_current_revision()
    return f"{connection.dialect.name} {version}", now == head
