"""Migrations of both databases, run by `frontier migrate`."""

from alembic import context
from sqlalchemy import Connection
from sqlmodel.sql.sqltypes import AutoString

from adapters.sql.tables import METADATA
from adapters.sql.types import UtcDateTime


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Our column types as plain ones, so that a migration needs nothing of ours."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_item=render_item,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


migrate(context.config.attributes["connection"])
