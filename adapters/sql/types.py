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
        return None if value is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ANN401  # SQLAlchemy's
        """SQLite's text at once: the framework's way by a time without zone takes four times as long."""
        return read_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def read_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


def in_milliseconds(value: datetime) -> datetime:
    """The contract's precision, so that what is stored equals what was answered. Raises ValueError without a zone."""
    if value.tzinfo is None:
        raise ValueError(f"A time needs its zone, {value.isoformat()} has none: give it one with tzinfo=UTC.")
    utc = value.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def time_field(**options: Any) -> Any:  # noqa: ANN401  # as SQLModel's own Field, which stands for any type
    return Field(sa_type=UtcDateTime, **options)
