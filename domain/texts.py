"""Reading the text of a file."""

from pathlib import Path
from typing import Protocol

MARKDOWN, PLAIN, PDF = "text/markdown", "text/plain", "application/pdf"
MAX_BYTES = 20 * 1024 * 1024


class Texts(Protocol):
    """Extracts the text of a stored file."""

    async def extract(self, path: Path, media_type: str) -> str:
        """The whole text. Raises Unreadable: encrypted, without text, damaged, or too large when unpacked."""
