"""Enums of the domain as GraphQL enums."""

from enum import EnumMeta
from typing import Any

import strawberry


def described(enum: EnumMeta, name: str, description: str, **values: str) -> None:
    """Serve the enum under `name`, each value with its words. A value without words is a KeyError at import."""
    strawberry.enum(enum, name=name, description=description)
    definition: Any = vars(enum)["__strawberry_definition__"]
    for value in definition.values:
        value.description = values[value.name]
