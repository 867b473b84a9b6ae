"""Cursors: a place in one list, opaque to clients, with a checksum: one that was cut or changed is told as such."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from zlib import crc32

import orjson

from domain.errors import BadInput
from domain.pages import Key

MAX_CURSOR = 2048
"""Characters: lists are in the order of titles too, of at most 200 characters."""
BOUND = 2**63
CHECKED = 4
"""Bytes of the checksum."""


def cursor_of(tag: str, key: Key) -> str:
    """`tag` names the list and its order, so that a cursor of another list is told apart."""
    text = orjson.dumps([tag, *key])
    return urlsafe_b64encode(text + checksum(text)).decode().rstrip("=")


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
        whole = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)) if len(cursor) <= MAX_CURSOR else b""
        found = orjson.loads(whole[:-CHECKED])
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def checksum(text: bytes) -> bytes:
    return crc32(text).to_bytes(CHECKED)


def _is_part(part: object) -> bool:
    """What a sort key is made of; a number beyond 64 bits would not fit its column."""
    return isinstance(part, str) or (isinstance(part, int) and not isinstance(part, bool) and -BOUND <= part < BOUND)
