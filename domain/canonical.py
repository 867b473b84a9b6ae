"""One form for one content: the JSON in which receipts and acknowledged ballots are hashed and signed.

Keys sorted, no blanks, whole numbers only, one line without an end, ASCII only: docs/receipts.md has it byte for byte.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Set
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

type Json = dict[str, Any]

HEX = re.compile(r"[0-9a-f]*")
MOST = 2**63 - 1
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


class Misread(ValueError):
    """What is wrong with a file, in a sentence."""


def canonical(data: object) -> bytes:
    """What `data` of dicts, lists, ASCII text, whole numbers, booleans and None is hashed and signed as."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def read(content: bytes) -> object:
    """JSON in any form, but without floats and double keys. Raises Misread."""
    if not content:
        raise Misread("The file is empty.")
    try:
        return json.loads(content.decode(), object_pairs_hook=once, parse_float=_no_float, parse_constant=_no_float)
    except UnicodeDecodeError:
        raise Misread("The file is not UTF-8.") from None
    except RecursionError:
        raise Misread("The file is nested too deeply.") from None
    except Misread:
        raise
    except ValueError as error:
        raise Misread(f"The file is no JSON: {error}.") from None


def once(pairs: list[tuple[str, Any]]) -> Json:
    """An object without double keys. Raises Misread."""
    found = dict(pairs)
    if len(found) < len(pairs):
        double, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise Misread(f"The key {double[:40]!a} stands twice in one object.")
    return found


def _no_float(text: str) -> float:
    raise Misread(f"{text[:40]} is no whole number.")


def written(moment: datetime) -> str:
    """In UTC, with milliseconds and Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def object_of(data: object, names: Set[str], what: str) -> Json:
    """An object with exactly these keys. Raises Misread, as all below do."""
    if not isinstance(data, dict):
        raise Misread(f"{what} is no object.")
    if data.keys() != names:
        missing, unknown = sorted(names - data.keys()), sorted(data.keys() - names)
        raise Misread(f"{what} lacks {missing[0]}." if missing else f"{what} has the unknown {unknown[0][:40]!a}.")
    return data


def list_of(data: Mapping[str, Any], name: str) -> list[Any]:
    value = data[name]
    if not isinstance(value, list):
        raise Misread(f"{name} is no list.")
    return value


def whole(data: Mapping[str, Any], name: str, *, least: int = 0, most: int = MOST) -> int:
    value = data[name]
    if type(value) is not int or not least <= value <= most:
        raise Misread(f"{name} is no whole number from {least} to {most}.")
    return value


def flag(data: Mapping[str, Any], name: str) -> bool:
    value = data[name]
    if not isinstance(value, bool):
        raise Misread(f"{name} is neither true nor false.")
    return value


def word[E: StrEnum](data: Mapping[str, Any], name: str, words: type[E]) -> E:
    value = data[name]
    if not isinstance(value, str) or value not in words:
        raise Misread(f"{name} is none of {', '.join(words)}.")
    return words(value)


def hexes(data: Mapping[str, Any], name: str, length: int) -> str:
    """Lower-case hexadecimal digits."""
    value = data[name]
    if not isinstance(value, str) or len(value) != length or not HEX.fullmatch(value):
        raise Misread(f"{name} is not {length} hexadecimal digits in lower case.")
    return value


def instant(data: Mapping[str, Any], name: str) -> datetime:
    value = data[name]
    try:
        if isinstance(value, str) and MOMENT.fullmatch(value):
            return datetime.fromisoformat(value)
    except ValueError:
        pass  # a day or an hour that there is not
    raise Misread(f"{name} is no time like 2026-03-01T12:00:00.000Z.")
