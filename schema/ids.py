"""Global ids: opaque to clients, the same for ever."""

import binascii
import re
from base64 import urlsafe_b64decode
from functools import lru_cache

import strawberry

from domain.errors import BadInput

ROW = re.compile(r"[1-9][0-9]{0,18}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
KEYS = {
    "Member": ROW,
    "Twin": ROW,
    "Memory": ROW,
    "Fact": UUID,
    "PolicyTopic": ROW,
    "Document": ROW,
    "ChatSession": ROW,
    "ChatMessage": ROW,
    "Proposal": ROW,
    "Vote": ROW,
    "Resolution": ROW,
    "Policy": ROW,
    "Delegation": ROW,
    "AuditEntry": ROW,
    "DeadLetter": ROW,
    "Dao": ROW,
}
"""The shape of each noun's key."""
MAX_ROW = 2**31 - 1
KEPT = 10_000
"""Ids that are remembered, for lists show the same ones again and again."""


@lru_cache(KEPT)
def global_id(noun: str, key: int | str) -> strawberry.ID:
    """Base64 for URLs: of letters, digits, colons and dashes the plain one is the same, and takes half as long."""
    return strawberry.ID(binascii.b2a_base64(f"{noun}:{key}".encode(), newline=False).decode().rstrip("="))


def noun_and_key(given: str, *field: str) -> tuple[str, int | str]:
    """What an id names: a row's number or a fact's uuid. Raises BadInput when it is no id of ours."""
    noun, _, key = _decoded(given).partition(":")
    shape = KEYS.get(noun)
    if shape is None or not shape.fullmatch(key) or global_id(noun, key) != given:
        raise BadInput(f"{_name(field)} is no id: take the `id` of a node as it stands.", field=field)
    if shape is UUID:
        return noun, key
    if int(key) > MAX_ROW:
        raise BadInput(f"{_name(field)} is no id: take the `id` of a node as it stands.", field=field)
    return noun, int(key)


def row_id(noun: str, given: str, *field: str) -> int:
    """The row that an id of this noun names. `field` is the input's path. Raises BadInput."""
    found, key = noun_and_key(given, *field)
    if found != noun or not isinstance(key, int):
        raise BadInput(f"{_name(field)} is the id of a {found}: give the id of a {noun}.", field=field)
    return key


def _decoded(given: str) -> str:
    try:
        return urlsafe_b64decode(given + "=" * (-len(given) % 4)).decode() if len(given) <= 100 else ""
    except (binascii.Error, ValueError):
        return ""


def _name(field: tuple[str, ...]) -> str:
    """The last name of a path, with the place in its list."""
    if field and field[-1].isdecimal():
        return f"{field[-2]}.{field[-1]}"
    return field[-1] if field else "id"
