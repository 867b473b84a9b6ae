"""The text of stored files, by their media type."""

import asyncio
from pathlib import Path

from adapters.text.pdf import PdfLimits, pdf_text
from domain.errors import Unreadable
from domain.texts import PDF


class FileTexts:
    """Markdown and plain text as they are, PDF through a child process with limits."""

    def __init__(self, limits: PdfLimits | None = None) -> None:
        self._limits = limits or PdfLimits()

    async def extract(self, path: Path, media_type: str) -> str:
        """The whole text. A text file is given back unaltered, so that offsets are those of the file itself.

        Raises Unreadable, IngestionFailed.
        """
        if media_type == PDF:
            return await pdf_text(path, self._limits)
        return decoded(await asyncio.to_thread(path.read_bytes))


def decoded(content: bytes) -> str:
    """A byte order mark stays in the text (it counts in offsets); chunking leaves it out of every passage."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("The file is not UTF-8 text: save it as UTF-8 and upload it again.") from error
    if not text.strip("\ufeff \t\r\n\f\v"):
        raise Unreadable("The file has no text: it holds nothing but blanks.")
    return text
