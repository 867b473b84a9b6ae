"""Word lists as regular expressions."""

import re


def any_of(*lists: str) -> str:
    """A pattern for any word of the lists, whole; `_` stands for a blank, `?` and `*` as in a regular expression."""
    words = " ".join(lists).split()
    return rf"\b(?:{'|'.join(words)})\b".replace("_", r"\s+").replace("*", r"\w*")


def compiled(*patterns: str) -> re.Pattern[str]:
    """Any of the patterns, whatever the case."""
    return re.compile("|".join(patterns), re.IGNORECASE)
