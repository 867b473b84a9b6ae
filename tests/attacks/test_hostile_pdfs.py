"""PDFs that lock, loop, expand or lie: each ends within the reader's own limits and with words that help."""

import asyncio
import io
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.text.files import FileTexts
from adapters.text.pdf import CHILD, PdfLimits
from domain.errors import IngestionFailed, Unreadable, UnsupportedMediaType
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


def drawing_itself() -> bytes:
    resources = b"/Resources<</XObject<</X 6 0 R>>>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R%s>>" % resources
    form = stream(b"/X Do /X Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]" + resources)
    return page_with(stream(b"/X Do"), form, page=page)


def drawing_twice(depth: int) -> bytes:
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


def two_pages(first: bytes, second: bytes) -> bytes:
    return pdf(
        CATALOG,
        b"<</Type/Pages/Kids[3 0 R 6 0 R]/Count 2>>",
        PAGE,
        shown(first),
        FONT,
        PAGE.replace(b"4 0 R", b"7 0 R"),
        shown(second),
    )


GARBAGE_KEYS = b"<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>" % (b"41" * 32, b"42" * 32)

HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "locked by a password": (lambda: encrypted_with(GARBAGE_KEYS), "encrypted: remove its password"),
    "locked without keys": (lambda: encrypted_with(b"<</Filter/Standard/V 1/R 2>>"), "encrypted"),
    "locked by an unknown handler": (lambda: encrypted_with(b"<</Filter/Acme.Lock/V 4>>"), "encrypted"),
    "a scan": (lambda: page_with(stream(b"q 612 0 0 792 0 0 cm /Im1 Do Q")), "no text.*run OCR"),
    "an empty page": (lambda: page_with(stream(b"")), "no text"),
    "a form that draws itself": (drawing_itself, "no text"),
    "a header only": (lambda: b"%PDF-1.7\n", "damaged"),
    "noise after the header": (lambda: b"%PDF-1.7\n" + bytes(range(256)) * 50, "damaged"),
    "cut before its pages": (lambda: page_with(shown(b"Hello"))[:60], "damaged"),
    "cut before its table": (lambda: page_with(shown(b"Hello"))[:-300], "damaged"),
    "no pages": (lambda: pdf(CATALOG, b"<</Type/Pages/Kids[]/Count 0>>"), "damaged"),
    "pages that are their own kids": (lambda: pdf(CATALOG, b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>"), "damaged"),
    "a catalog of the wrong kind": (lambda: pdf(b"[1 2 3]"), "damaged"),
    "an object that is itself": (lambda: pdf(CATALOG, b"2 0 R"), "looping"),
    "a deep page tree": (
        lambda: pdf(CATALOG, *[b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (number + 3) for number in range(3_000)]),
        "looping",
    ),
    "forms that double": (lambda: drawing_twice(26), "looping"),
    "a flate bomb": (lambda: page_with(deflated(b"\0" * 300_000_000)), "expanding"),
    "a bomb in a bomb": (lambda: page_with(deflated(b"\0" * 300_000_000, 3)), "expanding"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_pdf_is_refused_with_a_reason(tmp_path: Path, name: str) -> None:
    content, reason = HOSTILE[name]
    with pytest.raises(Unreadable, match=reason) as refused:
        await text_of(tmp_path, content(), SMALL)
    assert refused.value.code == "INGESTION_ERROR"
    assert not refused.value.retryable


GOOD: dict[str, tuple[Callable[[], bytes], str]] = {
    "plain": (lambda: page_with(shown(b"The reserve is 12 percent.")), "The reserve is 12 percent."),
    "deflated": (lambda: page_with(deflated(b"BT /F1 12 Tf 72 700 Td (Hello) Tj ET")), "Hello"),
    "after junk": (lambda: b"junk\n" * 9 + page_with(shown(b"Hello")), "Hello"),
    "with deep arrays aside": (lambda: page_with(shown(b"Hello"), b"[" * 100_000 + b"]" * 100_000), "Hello"),
    "with a table that loops": (lambda: page_with(shown(b"Hi"), trailer=b"/Root 1 0 R/Prev 600"), "Hi"),
    "cut in its trailer": (lambda: page_with(shown(b"Hello")).partition(b"startxref")[0], "Hello"),
    "of two pages": (lambda: two_pages(b"First page.", b"Second page."), "First page.\n\nSecond page."),
}


@pytest.mark.parametrize("name", GOOD)
async def test_an_honest_or_mendable_pdf_gives_its_text(tmp_path: Path, name: str) -> None:
    content, text = GOOD[name]
    assert await text_of(tmp_path, content(), SMALL) == text


async def test_more_text_or_pages_than_allowed_is_refused(tmp_path: Path) -> None:
    content = two_pages(b"First page.", b"Second page.")
    for limits in (replace(SMALL, text_bytes=20), replace(SMALL, pages=1)):
        with pytest.raises(Unreadable, match="expanding"):
            await text_of(tmp_path, content, limits)


async def test_the_clock_ends_a_child_that_hangs(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="looping"):
        await text_of(tmp_path, drawing_twice(40), replace(SMALL, wall_seconds=0.5))
    assert not readers_running()


async def test_a_cancelled_reading_leaves_no_process(tmp_path: Path) -> None:
    reading = asyncio.create_task(text_of(tmp_path, drawing_twice(40), SMALL))
    while not readers_running():  # noqa: ASYNC110  # a process that starts sets no Event of ours
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not readers_running()


async def test_a_reader_that_cannot_start_is_retried_and_not_blamed_on_the_file(tmp_path: Path) -> None:
    with pytest.raises(IngestionFailed) as failed:
        await text_of(tmp_path, page_with(shown(b"Hello")), replace(SMALL, address_space=40_000_000))
    assert failed.value.retryable


def test_the_reader_can_reach_neither_network_nor_processes_nor_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    attempts = [
        "socket.socket()",
        "os.system('true')",
        "os.fork()",
        "subprocess.run(['true'])",
        f"open({str(tmp_path / 'secret')!r})",
        f"open({str(tmp_path / 'new')!r}, 'w')",
    ]
    for attempt in attempts:
        code = (
            f"import os, runpy, socket, subprocess, sys; child = runpy.run_path({str(CHILD)!r}); "
            f"sys.addaudithook(child['refuse_outside'])\n"
            f"try: {attempt}\nexcept PermissionError: print('refused')"
        )
        ran = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
        assert ran.stdout == "refused\n", attempt
    assert not (tmp_path / "new").exists()


def test_a_zip_named_pdf_is_told_by_its_content() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("inner.pdf", page_with(shown(b"Hello")))
    with pytest.raises(UnsupportedMediaType, match="ZIP archive"):
        media_type_of(target.getvalue(), "minutes.pdf")


async def text_of(folder: Path, content: bytes, limits: PdfLimits) -> str:
    path = folder / "file"
    path.write_bytes(content)
    return await FileTexts(limits).extract(path, PDF)


def readers_running() -> list[str]:
    """Command lines of our own children that are PDF readers."""
    children = [pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]
    lines = [Path(f"/proc/{pid}/cmdline").read_text() for pid in children]
    return [line for line in lines if CHILD.name in line]
