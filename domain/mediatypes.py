"""What a file is, told by its content; the name only tells Markdown from plain text."""

import codecs

from domain.errors import BadInput, UnsupportedMediaType
from domain.texts import MARKDOWN, PDF, PLAIN

HEAD_BYTES = 1024
"""Readers of PDF accept the header anywhere in the first 1,024 bytes (ISO 32000-1, annex H.3.4.1)."""

CONTROLS = [chr(code) for code in [*range(1, 9), 11, *range(14, 32), 127]]
"""What text does not hold: C0 without tab, line feed, form feed and carriage return. NUL is counted apart."""

SIGNATURES = {
    b"PK\x03\x04": "a ZIP archive or an Office document",
    b"PK\x05\x06": "an empty ZIP archive",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}

REMEDY = "Upload a PDF, or save it as UTF-8 text or Markdown and upload that."


class Sniffer:
    """Looks at a file while it is received; holds its first 1,024 bytes and counts, whatever the file's size."""

    def __init__(self) -> None:
        self._head = b""
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._utf8 = True
        self._characters = self._controls = self._nuls = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes, of any number."""
        if len(self._head) < HEAD_BYTES:
            self._head += chunk[: HEAD_BYTES - len(self._head)]
        if self._utf8 and not self._is_plainly_pdf():
            self._decode(chunk, final=False)

    def media_type(self, filename: str) -> str:
        """The type of all that was fed. Raises BadInput for an empty file, UnsupportedMediaType."""
        if not self._head:
            raise BadInput("The file is empty: choose one that holds text.", field=("file",))
        if self._is_plainly_pdf():
            return PDF
        foreign = next((what for start, what in SIGNATURES.items() if self._head.startswith(start)), None)
        if foreign:
            raise UnsupportedMediaType(f"The file is {foreign}. {REMEDY}", field=("file",))
        return self._text_or_late_pdf(filename.casefold())

    def _text_or_late_pdf(self, name: str) -> str:
        """A text that only speaks of `%PDF-` is text; anything else with that header is a PDF after some junk."""
        self._decode(b"", final=True)
        readable = self._utf8 and not self._nuls and self._controls * 100 <= self._characters
        if b"%PDF-" in self._head and not (readable and not name.endswith(".pdf")):
            return PDF
        if not self._utf8:
            raise UnsupportedMediaType(f"The file is neither a PDF nor UTF-8 text. {REMEDY}", field=("file",))
        if not readable:
            raise UnsupportedMediaType(f"The file is binary data, not text. {REMEDY}", field=("file",))
        return MARKDOWN if name.endswith((".md", ".markdown")) else PLAIN

    def _is_plainly_pdf(self) -> bool:
        return self._head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"%PDF-")

    def _decode(self, chunk: bytes, *, final: bool) -> None:
        try:
            text = self._decoder.decode(chunk, final) if self._utf8 else ""
        except UnicodeDecodeError:
            self._utf8 = False
            return
        self._characters += len(text)
        self._nuls += text.count("\0")
        self._controls += sum(map(text.count, CONTROLS))


def media_type_of(content: bytes, filename: str) -> str:
    """The type of a file that is at hand whole. Raises BadInput, UnsupportedMediaType."""
    sniffer = Sniffer()
    sniffer.feed(content)
    return sniffer.media_type(filename)
