"""Cursors: a place in one list, opaque to clients."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import orjson

from domain.errors import BadInput
from domain.pages import Key

MAX_CURSOR = 512
BOUND = 2**63


def cursor_of(tag: str, key: Key) -> str:
    """`tag` names the list and its order, so that a cursor of another list is told apart."""
    return urlsafe_b64encode(orjson.dumps([tag, *key])).decode().rstrip("=")


def key_of(tag: str, cursor: str | None, field: str) -> Key | None:
    """The sort key that a cursor of this list holds. Raises BadInput, naming `field`."""
    if cursor is None:
        return None
    found, *key = _decoded(cursor) or [""]
    if found != tag or not key or not all(map(_is_part, key)) or cursor_of(tag, tuple(key)) != cursor:
        raise BadInput(
            f"{field} is no cursor of this list: take startCursor, endCursor or an edge's cursor of the same list "
            "in the same order.",
            field=(field,),
        )
    return tuple(key)


def _decoded(cursor: str) -> list[str | int] | None:
    try:
        found = (
            orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))) if len(cursor) <= MAX_CURSOR else None
        )
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _is_part(part: object) -> bool:
    """What a sort key is made of; a number beyond 64 bits would not fit its column."""
    return isinstance(part, str) or (isinstance(part, int) and not isinstance(part, bool) and -BOUND <= part < BOUND)
