"""Where entities stand in a text: characters of a window, UTF-8 bytes of the whole."""

from collections.abc import Iterable, Iterator

from domain.entities import Mention

WINDOW = 20_000
"""Characters that are read at once; spaCy takes a million, at about 1 GB for each 100,000 words."""

type Span = tuple[int, int, str]
"""First and last character but one, and the type."""


def mentions(text: str, spans: Iterable[Span], extractor: str) -> list[Mention]:
    """`spans` in order. Bytes are counted on from the mention before, so that a long text is encoded once."""
    found = []
    at = byte = 0
    for start, end, label in spans:
        byte += len(text[at:start].encode("utf-8", "surrogatepass"))
        size = len(text[start:end].encode("utf-8", "surrogatepass"))
        found.append(Mention(text[start:end], label, byte, byte + size, extractor))
        at, byte = end, byte + size
    return found


def windows(text: str) -> Iterator[tuple[int, int]]:
    """Parts of at most WINDOW characters, cut at a line or word border where there is one."""
    start = 0
    while len(text) - start > WINDOW:
        end = max(text.rfind(border, start + WINDOW // 2, start + WINDOW) for border in ("\n", " ")) + 1
        end = end or start + WINDOW
        yield start, end
        start = end
    if text[start:].strip():
        yield start, len(text)
