"""Comparisons that public reads are asked for, as SQL. A time is asked in whole unix seconds, as it is shown: cut."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, not_, or_

from adapters.sql.pages import LARGEST
from adapters.sql.types import UtcDateTime
from domain.public import Asked, Condition, Plain, Test

EPOCH_END = datetime.fromtimestamp(LARGEST, UTC)
"""The last second that 32 bits count: what stands for a time that nobody knows yet."""

type Compare = Callable[[Any, Any], ColumnElement[bool]]
COMPARE: dict[Test, Compare] = {
    Test.IS: lambda column, value: column == value,
    Test.ABOVE: lambda column, value: column > value,
    Test.FROM: lambda column, value: column >= value,
    Test.BELOW: lambda column, value: column < value,
    Test.UP_TO: lambda column, value: column <= value,
    Test.CONTAINS: lambda column, value: func.lower(column).contains(value.lower(), autoescape=True),
}
SECONDS: dict[Test, Compare] = {
    Test.IS: lambda column, second: and_(column >= moment(second), column < moment(second + 1)),
    Test.ABOVE: lambda column, second: column >= moment(second + 1),
    Test.FROM: lambda column, second: column >= moment(second),
    Test.BELOW: lambda column, second: column < moment(second),
    Test.UP_TO: lambda column, second: column < moment(second + 1),
}
"""The same for times: all of a second's milliseconds are that second."""


def matched(column: ColumnElement[Any], asked: Condition[Any]) -> ColumnElement[bool]:
    """Whether the column is as asked."""
    compare = SECONDS if isinstance(column.type, UtcDateTime) else COMPARE
    match asked.test:
        case Test.IS_NOT:
            return not_(compare[Test.IS](column, asked.asked))
        case Test.IN:
            return among(column, asked.asked, compare[Test.IS])
        case Test.NOT_IN:
            return not_(among(column, asked.asked, compare[Test.IS]))
        case test:
            return compare[test](column, asked.asked)


def among(column: ColumnElement[Any], values: Asked, equal: Compare) -> ColumnElement[bool]:
    """One of `values`."""
    several: tuple[Plain, ...] = values if isinstance(values, tuple) else (values,)
    if isinstance(column.type, UtcDateTime):
        return or_(false(), *(equal(column, value) for value in several))
    return column.in_(several)


def moment(second: float) -> datetime:
    return datetime.fromtimestamp(min(second, LARGEST + 1), UTC)
