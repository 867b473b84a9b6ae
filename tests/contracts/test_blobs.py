"""The port Blobs: one suite for every store that is built."""

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.blobs.disk import DiskBlobs
from domain.errors import BadInput, IngestionFailed

KEY = "7/" + "ab" * 32

OUTSIDE = ["/etc/passwd", "..", "../x", "7/../../x", "7/..", "./x", ".drafts/x"]
NO_KEYS = [*OUTSIDE, "", "/", "7//x", "7/", "a\\b", "a\x00b", "a\n", "a b", "ü", "a/b/c/d/e", "x" * 129]


@pytest.fixture
def blobs(tmp_path: Path) -> DiskBlobs:
    return DiskBlobs(tmp_path / "blobs")


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def content_of(blobs: DiskBlobs, key: str) -> bytes:
    async with blobs.local(key) as path:
        return path.read_bytes()


async def test_blob_is_read_as_it_was_put(blobs: DiskBlobs) -> None:
    await blobs.put(KEY, pieces(b"one ", b"", b"two"))
    assert await content_of(blobs, KEY) == b"one two"


async def test_empty_blob_is_kept(blobs: DiskBlobs) -> None:
    await blobs.put(KEY, pieces())
    assert await content_of(blobs, KEY) == b""


async def test_later_put_replaces(blobs: DiskBlobs) -> None:
    await blobs.put(KEY, pieces(b"first"))
    await blobs.put(KEY, pieces(b"second"))
    assert await content_of(blobs, KEY) == b"second"


async def test_missing_blob_is_file_not_found(blobs: DiskBlobs) -> None:
    with pytest.raises(FileNotFoundError):
        await content_of(blobs, KEY)


async def test_removed_blob_is_gone_and_removing_again_is_no_error(blobs: DiskBlobs) -> None:
    await blobs.put(KEY, pieces(b"x"))
    await blobs.remove(KEY)
    await blobs.remove(KEY)
    with pytest.raises(FileNotFoundError):
        await content_of(blobs, KEY)


async def test_reader_sees_nothing_until_all_is_there(blobs: DiskBlobs) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"first half"
        with pytest.raises(FileNotFoundError):
            await content_of(blobs, KEY)
        yield b", second half"

    await blobs.put(KEY, slow())
    assert await content_of(blobs, KEY) == b"first half, second half"


async def test_broken_upload_leaves_nothing(blobs: DiskBlobs, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await blobs.put(KEY, broken())
    assert [files for _, _, files in os.walk(tmp_path) if files] == []


@pytest.mark.parametrize("key", NO_KEYS)
async def test_key_that_is_none_is_refused(blobs: DiskBlobs, key: str) -> None:
    with pytest.raises(BadInput, match="A blob's key is"):
        await blobs.put(key, pieces(b"x"))
    with pytest.raises(BadInput):
        await blobs.remove(key)
    with pytest.raises(BadInput):
        await content_of(blobs, key)


@given(st.text(alphabet="./\\~ab%\x00", max_size=12))
async def test_no_key_leads_outside(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    root = tmp_path_factory.getbasetemp() / "fence"
    blobs = DiskBlobs(root / "inside")
    try:
        await blobs.put(key, pieces(b"x"))
    except (BadInput, IsADirectoryError, NotADirectoryError, FileExistsError):
        return  # a name that is no key, or that an earlier example took for a folder
    finally:
        assert [path.name for path in root.iterdir()] == ["inside"]


async def test_full_disk_is_refused_before_a_byte_is_taken(tmp_path: Path) -> None:
    taken = []

    async def counted() -> AsyncIterator[bytes]:
        taken.append(1)
        yield b"x"

    with pytest.raises(IngestionFailed, match="The disk is nearly full") as failed:
        await DiskBlobs(tmp_path, reserve=1 << 60).put(KEY, counted())
    assert failed.value.retryable
    assert taken == []


async def test_a_blob_is_removed_only_in_the_version_that_was_seen(blobs: DiskBlobs) -> None:
    await blobs.put(KEY, pieces(b"first"))
    first = await blobs.version(KEY)
    await blobs.put(KEY, pieces(b"first"))
    second = await blobs.version(KEY)
    await blobs.remove(KEY, version=first)
    assert await content_of(blobs, KEY) == b"first"
    assert await blobs.renew(KEY)
    await blobs.remove(KEY, version=second)
    assert await content_of(blobs, KEY) == b"first"
    third = await blobs.version(KEY)
    assert third is not None
    assert len({first, second, third}) == 3
    await blobs.remove(KEY, version=third)
    assert await blobs.version(KEY) is None
    await blobs.remove(KEY, version=third)
    assert not await blobs.renew(KEY)
    assert list((blobs._folder / ".drafts").iterdir()) == []


async def test_abandoned_drafts_are_swept_and_fresh_ones_kept(tmp_path: Path) -> None:
    drafts = tmp_path / ".drafts"
    drafts.mkdir()
    for name, age in (("old", 7200), ("fresh", 60)):
        (drafts / name).write_bytes(b"x")
        os.utime(drafts / name, (time.time() - age,) * 2)
    DiskBlobs(tmp_path)
    assert [path.name for path in drafts.iterdir()] == ["fresh"]


async def test_blobs_are_listed_in_order_and_in_slices(blobs: DiskBlobs) -> None:
    keys = ["10/aa", "7/aa", "7/bb", "7/c/d", "70/aa", "x"]
    assert await blobs.held("", limit=10) == []
    for key in reversed(keys):
        await blobs.put(key, pieces(key.encode()))
    (blobs._folder / ".drafts" / "unfinished").write_bytes(b"x")
    assert [blob.key for blob in await blobs.held("", limit=10)] == keys
    for after in range(len(keys)):
        assert [blob.key for blob in await blobs.held(keys[after], limit=2)] == keys[after + 1 : after + 3]
    await blobs.remove("7/bb")
    assert [blob.key for blob in await blobs.held("7/bb", limit=1)] == ["7/c/d"]


async def test_listed_blobs_tell_their_size_and_when_they_were_written(blobs: DiskBlobs) -> None:
    await blobs.put(KEY, pieces(b"four"))
    found = await blobs.of_keys([KEY, "7/absent"])
    assert found == {KEY: (await blobs.held("", limit=1))[0]}
    assert found[KEY].bytes == 4
    assert abs(found[KEY].written_at.timestamp() - time.time()) < 60
