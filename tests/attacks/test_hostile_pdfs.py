"""PDFs that lock, loop, expand or lie: each ends within the reader's own limits and with words that help."""

import asyncio
import io
import os
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from adapters.text import pdf_child
from adapters.text.files import FileTexts
from adapters.text.pdf import PdfLimits, pdf_text
from domain.errors import IngestionFailed, UnsupportedMediaType
from domain.errors import Unreadable as Refusal
from domain.mediatypes import media_type_of
from domain.texts import PDF

SMALL = PdfLimits(address_space=256 * 1024 * 1024, cpu_seconds=3, wall_seconds=6.0, text_bytes=1_000_000)

CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>"
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(content), content)


def deflated(content: bytes, times: int = 1) -> bytes:
    for _ in range(times):
        content = zlib.compress(content, 9)
    return stream(content, b"/Filter[%s]" % (b"/FlateDecode" * times))


def pdf(*objects: bytes, trailer: bytes = b"/Root 1 0 R") -> bytes:
    """A PDF of numbered objects with a right cross-reference table."""
    made = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(made)
    rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    made += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, rows)
    made += b"trailer<</Size %d%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(made)


def page_with(contents: bytes, *more: bytes, page: bytes = PAGE, trailer: bytes = b"/Root 1 0 R") -> bytes:
    return pdf(CATALOG, PAGES, page, contents, FONT, *more, trailer=trailer)


def shown(text: bytes) -> bytes:
    return stream(b"BT /F1 12 Tf 72 700 Td (%s) Tj ET" % text)


def encrypted_with(entries: bytes) -> bytes:
    return page_with(shown(b"secret"), entries, trailer=b"/Root 1 0 R/ID[<01><01>]/Encrypt 6 0 R")


def form_calling_itself() -> bytes:
    resources = b"/Resources<</XObject<</X 6 0 R>>>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R%s>>" % resources
    form = stream(b"/X Do /X Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]" + resources)
    return page_with(stream(b"/X Do"), form, page=page)


def forms_calling_twice(depth: int) -> bytes:
    """Each form draws the next one twice: 2 ** depth drawings from a small file."""
    forms = [
        stream(
            b"/X Do /X Do" if level < depth else b"q Q",
            b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>" % (7 + level),
        )
        for level in range(depth + 1)
    ]
    page = PAGE.replace(b"<</Font<</F1 5 0 R>>>>", b"<</XObject<</X 6 0 R>>>>")
    return page_with(stream(b"/X Do"), *forms, page=page)


GARBAGE_KEYS = b"<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>" % (b"41" * 32, b"42" * 32)
BOMB = deflated(b"\0" * 300_000_000)

HOSTILE = {
    "locked by a password": (encrypted_with(GARBAGE_KEYS), "encrypted"),
    "locked without keys": (encrypted_with(b"<</Filter/Standard/V 1/R 2>>"), "encrypted"),
    "locked by an unknown handler": (encrypted_with(b"<</Filter/Acme.Lock/V 4>>"), "encrypted"),
    "a scan": (page_with(stream(b"q 612 0 0 792 0 0 cm /Im1 Do Q")), "run OCR"),
    "an empty page": (page_with(stream(b"")), "run OCR"),
    "a header only": (b"%PDF-1.7\n", "damaged"),
    "noise after the header": (b"%PDF-1.7\n" + bytes(range(256)) * 50, "damaged"),
    "cut before its pages": (page_with(shown(b"Hello"))[:60], "damaged"),
    "no pages": (pdf(CATALOG, b"<</Type/Pages/Kids[]/Count 0>>"), "damaged"),
    "pages that are their own kids": (pdf(CATALOG, b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>"), "damaged"),
    "an object that is itself": (pdf(CATALOG, b"2 0 R"), "damaged"),
    "a catalog of the wrong kind": (pdf(b"[1 2 3]"), "damaged"),
    "deep arrays": (page_with(shown(b"x"), b"[" * 200_000 + b"]" * 200_000), "run OCR|damaged|expanding"),
    "a deep page tree": (
        pdf(CATALOG, *[b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (number + 3) for number in range(3_000)]),
        "expanding or looping",
    ),
    "a flate bomb": (page_with(BOMB), "expanding or looping"),
    "a bomb in a bomb": (page_with(deflated(b"\0" * 400_000_000, 3)), "expanding or looping"),
    "forms that double": (forms_calling_twice(26), "expanding or looping"),
    "too much text": (
        page_with(deflated(b"BT /F1 12 Tf 72 700 Td " + b"(aaaaaaaaaaaaaaaaaaaa) Tj " * 400_000 + b"ET")),
        "expanding or looping",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_pdf_is_refused_with_a_reason(tmp_path: Path, name: str) -> None:
    content, reason = HOSTILE[name]
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(Refusal, match=reason) as refused:
        await FileTexts(SMALL).extract(tmp_path / "file", PDF)
    assert refused.value.code == "INGESTION_ERROR"
    assert not refused.value.retryable
