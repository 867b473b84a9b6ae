"""What every reader of files promises."""

import asyncio
from pathlib import Path

import pytest

from adapters.text.files import FileTexts
from adapters.text.tokens import Cl100kTokens
from domain.errors import Unreadable
from domain.texts import MARKDOWN, PDF, PLAIN, Texts


@pytest.fixture
def texts() -> Texts:
    return FileTexts()


def stored(folder: Path, content: bytes) -> Path:
    (folder / "file").write_bytes(content)
    return folder / "file"


@pytest.mark.parametrize("media_type", [MARKDOWN, PLAIN])
@pytest.mark.parametrize("text", ["# Bylaws\r\n\r\nQuorum: 60 %.\n", "\ufeffÇa\tva 🖨️?\n\n", "x"])
async def test_a_text_file_is_given_back_byte_for_byte(
    texts: Texts, tmp_path: Path, media_type: str, text: str
) -> None:
    extracted = await texts.extract(stored(tmp_path, text.encode()), media_type)
    assert extracted.encode() == text.encode()


@pytest.mark.parametrize("content", [b"", b" \n\t\r\n", b"\xef\xbb\xbf\n"])
async def test_a_text_of_blanks_is_unreadable(texts: Texts, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Unreadable, match="no text"):
        await texts.extract(stored(tmp_path, content), PLAIN)


async def test_a_text_that_is_not_utf8_is_unreadable(texts: Texts, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="save it as UTF-8"):
        await texts.extract(stored(tmp_path, b"\xff\xfea\0"), PLAIN)


async def test_a_damaged_pdf_is_unreadable(texts: Texts, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="damaged"):
        await texts.extract(stored(tmp_path, b"%PDF-1.4\nnothing"), PDF)


async def test_several_files_are_read_at_once(texts: Texts, tmp_path: Path) -> None:
    path = stored(tmp_path, b"Hello.")
    assert await asyncio.gather(*(texts.extract(path, PLAIN) for _ in range(5))) == ["Hello."] * 5


def test_tokens_are_those_of_cl100k(tmp_path: Path) -> None:
    tokens = Cl100kTokens(tmp_path / "bpe")
    assert [tokens.count(text) for text in ("", "hello world", "<|endoftext|>", "Überdruck 🖨️")] == [0, 2, 7, 8]
    assert [path.name for path in (tmp_path / "bpe").iterdir()] == ["9b5ad71b2ce5302211f9c61530b329a4922fc6a4"]
