"""Whether the database has the tables that this release works on."""

from adapters.sql.database import Database
from adapters.sql.revision import newest, outdated
from app.settings import BadSettings, Settings


async def check_migrated(database: Database) -> None:
    """A newer one passes: the next release is just coming. Raises BadSettings, StoreFailed."""
    revision = await database.revision()
    if outdated(revision):
        found = f"is at migration {revision} of {newest()}" if revision else "has no tables yet"
        raise BadSettings(f"The database {found}: run `frontier migrate` first.")


async def check_database(settings: Settings) -> None:
    """Before anything else is started. Raises as above."""
    database = Database(settings.database)
    try:
        await check_migrated(database)
    finally:
        await database.close()
