"""The scalar Any, and what has no counterpart here and is the same in every row."""

from datetime import datetime
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

AnyJson = NewType("AnyJson", object)
SPACE_ID, APP = "frontier", "frontier"
NETWORK = "0"
"""No chain has this number."""
SYMBOL = "VOTE"
STRATEGY = "frozen-weight"
UNKNOWN_TIME = 2**31 - 1
"""What `start` and `end`, which the hub never leaves empty, say while nobody knows them: the last second of 32 bits."""


def same(value: object) -> object:
    return value


SCALARS: dict[Any, ScalarDefinition] = {
    AnyJson: strawberry.scalar(name="Any", description="Any JSON value.", serialize=same, parse_value=same)
}


def seconds(moment: datetime | None) -> int:
    """Unix seconds, cut."""
    return UNKNOWN_TIME if moment is None else int(moment.timestamp())


def nothing() -> AnyJson:
    return AnyJson({})
