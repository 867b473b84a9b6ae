"""Frames of texts, against what the websockets library makes of them."""

import pytest
from websockets.frames import Frame, Opcode

from app.http.frames import framed


@pytest.mark.parametrize("text", ["", "x", "x" * 125, "x" * 126, "ü" * 63, "x" * 65_535, "x" * 65_536, "€" * 100_000])
def test_a_text_is_framed_as_the_library_frames_it(text: str) -> None:
    payload = text.encode()
    assert framed(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)
