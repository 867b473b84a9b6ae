"""Words of a text, reduced so that two spellings of one thing meet: stems, digits, families of synonyms."""

import re
from functools import lru_cache

from domain.lexicon import FAMILIES, GENERIC, IRREGULAR, KINDS, NUMBERS, OPPOSITES, PHRASES, STOP_WORDS

TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?|[€$£°%]")


@lru_cache(maxsize=1)
def _stemmer():  # type: ignore[no-untyped-def]  # noqa: ANN202  # the package ships no types
    import snowballstemmer  # 0.3 s: the command line must not wait for it

    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The shared root of a word's forms: `broke` and `breaks` are `break`, `two` is `2`, `48,300` is `48300`."""
    lower = word.casefold().replace("’", "'").removesuffix("'s")
    lower = IRREGULAR.get(lower, NUMBERS.get(lower, lower))
    if lower[0].isdigit():
        return re.sub(r"(?<=\d),(?=\d{3})", "", lower)
    return str(_stemmer().stemWord(lower))


def tokens(text: str) -> list[str]:
    """Words, numbers and unit signs in order, as written; phrases such as "looks after" become one word."""
    for pattern, word in PHRASES:
        text = pattern.sub(word, text)
    return TOKEN.findall(text)


@lru_cache(maxsize=4_000)
def stems(text: str) -> frozenset[str]:
    """All stems of a text."""
    return frozenset(stem(token) for token in tokens(text))


@lru_cache(maxsize=1)
def _families() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, words in enumerate(FAMILIES):
        for word in words.split():
            found.setdefault(stem(word), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


@lru_cache(maxsize=1)
def _kinds() -> dict[str, frozenset[str]]:
    return {stem(kind): frozenset(stem(w) for w in words.split()) for kinds, words in KINDS for kind in kinds.split()}


@lru_cache(maxsize=1)
def _generic() -> frozenset[str]:
    return frozenset(stem(word) for word in GENERIC.split())


@lru_cache(maxsize=1)
def _stopped() -> frozenset[str]:
    return frozenset(STOP_WORDS.split())


def related(one: str, other: str) -> bool:
    """Two stems of one family: `fix` and `repair`."""
    families = _families()
    return not families.get(one, frozenset()).isdisjoint(families.get(other, frozenset()))


def members_of(kind: str) -> frozenset[str]:
    """Stems of what is of a kind: of `colour` `red`, `green`, ..."""
    return _kinds().get(kind, frozenset())


@lru_cache(maxsize=1)
def _exclusive() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(stem(w) for w in words.split()) for words in OPPOSITES) + tuple(_kinds().values())


def excluded_by(word: str, others: frozenset[str]) -> bool:
    """Another of its kind stands there in its place: the mother for the father, the ankle for the knee."""
    return word not in others and any(word in group and not group.isdisjoint(others) for group in _exclusive())


def is_closed(word: str) -> bool:
    """A weekday, month or colour: its neighbour in meaning is a different answer, never a likeness."""
    return any(word in members_of(stem(kind)) for kind in ("weekday", "month", "colour"))


def is_generic(word: str) -> bool:
    """A stem that says little by itself, such as `do`, `go` or `take`."""
    return word in _generic()


def is_stopped(token: str) -> bool:
    return token.casefold().replace("’", "'").removesuffix("'s") in _stopped()


def is_number(word: str) -> bool:
    return word[:1].isdigit()
