"""Whether the database has the tables that this release works on."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.sql.database import Database
from adapters.sql.revision import newest, outdated
from app.settings import BadSettings, Settings
from domain.errors import StoreFailed


async def check_migrated(database: Database) -> None:
    """A newer one passes: the next release is just coming. Raises BadSettings."""
    with reached():
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


@contextmanager
def reached() -> Iterator[None]:
    """Before it served once, what fails of the database may be its address. Raises BadSettings."""
    try:
        yield
    except StoreFailed as failure:
        ill = failure.message.removesuffix(" Try again later.").rstrip(".")
        raise BadSettings(f"DATABASE_URL: {ill}. Look at that server, or correct the URL.") from failure
