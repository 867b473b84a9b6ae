"""Text that a caller gives."""

import re

from domain.errors import BadInput

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""NUL and halves of a surrogate pair, which JSON can carry and Postgres cannot keep."""


def check_storable(text: str, *field: str) -> None:
    """Raises BadInput."""
    if _UNSTORABLE.search(text):
        raise BadInput(f"{field[-1]} holds a character that is none: NUL or half of a surrogate pair.", field=field)


def given_text(text: str, most: int, *field: str) -> str:
    """The text without blanks around it. Raises BadInput: empty, longer than `most`, or not storable."""
    check_storable(text, *field)
    if not 1 <= len(text := text.strip()) <= most:
        raise BadInput(f"Give {field[-1]} in 1 to {most} characters.", field=field)
    return text
