"""Inputs that tell null from what was left out."""

import strawberry


def given[T](value: T | None) -> T | None:
    """The value; None for null and for what was left out."""
    return None if value is strawberry.UNSET else value


def cleared(**fields: object) -> frozenset[str]:
    """The fields for which null was said."""
    return frozenset(name for name, value in fields.items() if value is None)
