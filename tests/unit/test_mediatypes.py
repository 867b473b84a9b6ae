"""Media types by content."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import BadInput, UnsupportedMediaType
from domain.mediatypes import Sniffer, media_type_of


def fed(content: bytes, filename: str, *, step: int) -> str:
    sniffer = Sniffer()
    for at in range(0, len(content), step):
        sniffer.feed(content[at : at + step])
    return sniffer.media_type(filename)


def archive() -> bytes:
    """A ZIP whose stored member is a PDF, so that `%PDF-` stands near its start."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("a.pdf", b"%PDF-1.4\n")
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "filename", "expected"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "minutes.pdf", "application/pdf"),
        (b"%PDF-1.7\n\x00\xff", "minutes.md", "application/pdf"),
        (b"\xef\xbb\xbf\n%PDF-1.4\n\xff", "minutes", "application/pdf"),
        (b"\x00\xffjunk" * 20 + b"%PDF-1.4", "scan.bin", "application/pdf"),
        (b"junk before\n%PDF-1.4\n", "minutes.pdf", "application/pdf"),
        (b"A PDF starts with %PDF-1.4.\n", "notes.txt", "text/plain"),
        (b"# Bylaws\n", "bylaws.md", "text/markdown"),
        (b"# Bylaws\n", "BYLAWS.MarkDown", "text/markdown"),
        (b"# Bylaws\n", "bylaws.pdf", "text/plain"),
        ("\ufeffÇa va?\f\r\n".encode(), "chat.log", "text/plain"),
    ],
)
def test_content_decides_the_type(content: bytes, filename: str, expected: str) -> None:
    assert media_type_of(content, filename) == expected


def test_an_empty_file_is_bad_input() -> None:
    with pytest.raises(BadInput, match=r"^The file is empty") as refused:
        Sniffer().media_type("empty.txt")
    assert refused.value.field == ("file",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (archive(), "a ZIP archive or an Office document"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a PNG image"),
        (b"\xff\xd8\xff\xe0", "a JPEG image"),
        ("Bylaws".encode("utf-16"), "UTF-16 text"),
        ("Où est l'imprimante".encode("latin-1"), "neither a PDF nor UTF-8 text"),
        (b"text and \0 a NUL", "binary data"),
        (b"\x01\x02\x03\x04abc", "binary data"),
        ("half a character é".encode()[:-1], "neither a PDF nor UTF-8 text"),
    ],
)
def test_what_is_neither_pdf_nor_text_is_refused_with_the_remedy(content: bytes, said: str) -> None:
    with pytest.raises(UnsupportedMediaType, match=said) as refused:
        media_type_of(content, "minutes.pdf")
    assert refused.value.field == ("file",)
    assert "save it as UTF-8" in refused.value.message


@settings(deadline=None)
@given(text=st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs", "Cc"])), step=st.integers(1, 7))
def test_chunks_of_any_size_give_the_same_answer(text: str, step: int) -> None:
    if not text.encode().startswith((b"PK", b"GIF8", b"7z", b"%PDF-")):
        assert fed(text.encode(), "a.md", step=step) == media_type_of(text.encode(), "a.md") == "text/markdown"


def test_a_large_text_is_told_with_constant_memory() -> None:
    sniffer = Sniffer()
    for _ in range(2_000):
        sniffer.feed("Ünïcode line\n".encode() * 100)
    assert sniffer.media_type("long.txt") == "text/plain"
    assert sum(len(value) for value in vars(sniffer).values() if isinstance(value, bytes | str)) == 1024
