"""Constraint names that both databases and every migration agree on. Imported before any row is defined."""

from sqlalchemy import Table
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
Row = SQLModel
"""The base of every row."""
NEVER_AGAIN = {"sqlite_autoincrement": True}
"""For tables whose rows are deleted: without it SQLite gives a deleted row's id to the next one, and what other stores,
streams and clients keep under that id would speak of another row. Postgres' sequences never go back."""


def table_of(row: type[SQLModel]) -> Table:
    """A row's table, for what every ballot runs: a statement over it that is built once takes a fifth of the time."""
    return SQLModel.metadata.tables[str(row.__tablename__)]
