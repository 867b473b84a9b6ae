"""Columns that mean the same on SQLite and Postgres."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time in whole milliseconds; SQLite keeps it without zone, Postgres as timestamptz."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = in_milliseconds(value)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def in_milliseconds(value: datetime) -> datetime:
    """The contract's precision, so that what is stored equals what was answered. Raises ValueError without a zone."""
    if value.tzinfo is None:
        raise ValueError(f"A time needs its zone, {value.isoformat()} has none: give it one with tzinfo=UTC.")
    utc = value.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def time_field(**options: Any) -> Any:  # noqa: ANN401  # as SQLModel's own Field, which stands for any type
    return Field(sa_type=UtcDateTime, **options)
