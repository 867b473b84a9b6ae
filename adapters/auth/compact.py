"""Tokens in compact form (RFC 7515, section 7.1), read strictly and before any signature is looked at.

The libraries are lenient: they skip letters that are no base64, keep the last of two equal JSON keys, and stumble over
a header that is no object. Here each of these is a ValueError whose message completes "The token is malformed: ...".
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NoReturn

MAX_TOKEN = 8192
"""Bytes; a longer one is refused before it is parsed."""
PARTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
NOT_UNDERSTOOD = ("crit", "b64")
"""Headers that change what a signature covers: to pass over one is to check something else than was signed."""


def header_of(token: str) -> dict[str, object]:
    """The header of a signed token, `alg` being a text. Raises ValueError."""
    if len(token) > MAX_TOKEN:
        raise ValueError(f"it is longer than {MAX_TOKEN} bytes")
    parts = PARTS.fullmatch(token)
    if parts is None:
        raise ValueError("it is not three parts of base64url joined by dots")
    header, _, _ = (bytes_of(part) for part in parts.groups())
    found = object_of(header)
    if not isinstance(found.get("alg"), str):
        raise ValueError("its header names no `alg`")
    for name in NOT_UNDERSTOOD:
        if name in found:
            raise ValueError(f"its header has a `{name}` that this server does not know")
    return found


def bytes_of(part: str) -> bytes:
    """base64url without padding, in its only right spelling. Raises ValueError."""
    content = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if urlsafe_b64encode(content).rstrip(b"=").decode() != part:
        raise ValueError("it is not base64url")
    return content


def object_of(content: bytes) -> dict[str, object]:
    """A JSON object in UTF-8, no key in it twice, neither NaN nor Infinity. Raises ValueError."""
    try:
        found = json.loads(content.decode(), object_pairs_hook=_unequal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ValueError("it holds no well-formed JSON") from None
    if not isinstance(found, dict):
        raise ValueError("it holds JSON that is no object")
    return found


def _unequal(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _no_number(_name: str) -> NoReturn:
    raise ValueError
