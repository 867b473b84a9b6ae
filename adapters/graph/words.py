"""What a person typed, as a full-text query of RediSearch, which stems English words itself."""

import re

MAX_WORDS = 32
_STOP = """
a about an and any are as at be been but by can could did do does for from had has have how i if in into is it
its me my no not of on or our please say she should so some such tell that the their them then there these they
this to us was we were what when where which who whom whose why will with would you your
"""
STOP_WORDS = frozenset(_STOP.split())


def words_of(text: str) -> list[str]:
    """The telling words of a text, each once and in order, at most 32; when all are stop words, these."""
    found = dict.fromkeys(re.findall(r"[^\W_]+(?:_[^\W_]+)*", text.lower()))
    telling = [word for word in found if word not in STOP_WORDS]
    return (telling or list(found))[:MAX_WORDS]


def words_query(field: str, text: str) -> str:
    """Any of the words in `field`; empty when there is none.

    Only letters, digits and inner underscores are left, so no text can be an operator of the query language.
    """
    words = words_of(text)
    return f"@{field}:({'|'.join(words)})" if words else ""
