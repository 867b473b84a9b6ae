"""Every way in which the files can differ from the documents."""

import os
import time
from pathlib import Path

from domain.reconciliation import Counts, Store
from tests.contracts.reconciliation.world import House

ROWS = 2
HOURS = 3600


async def test_a_lost_or_cut_file_is_told_each_time_as_nothing_can_make_it_again(house: House) -> None:
    house.blob("notes").unlink()
    os.truncate(house.blob("rules"), 7)
    damaged = await house.held()
    for _ in range(2):
        assert await house.look(Store.BLOBS) == Counts(ROWS, missing=2)
        assert await house.run(Store.BLOBS) == Counts(ROWS, missing=2)
        assert await house.held() == damaged


async def test_an_old_file_of_no_document_is_removed_and_a_young_one_is_left(house: House) -> None:
    whole = await house.held()
    old, young = (orphan(house, name, age) for name, age in (("a" * 64, 2 * HOURS), ("b" * 64, 0)))
    assert await house.look(Store.BLOBS) == Counts(ROWS, extra=1)
    assert (old.exists(), young.exists()) == (True, True)
    assert await house.run(Store.BLOBS) == Counts(ROWS, extra=1, mended=1)
    assert (old.exists(), young.exists()) == (False, True)
    assert await house.run(Store.BLOBS) == Counts(ROWS)
    young.unlink()
    assert await house.held() == whole


async def test_old_files_of_documents_stay(house: House) -> None:
    for name in ("notes", "rules"):
        aged(house.blob(name), 50 * HOURS)
    assert await house.run(Store.BLOBS) == Counts(ROWS)
    assert house.blob("notes").exists()


def orphan(house: House, name: str, age: float) -> Path:
    path = house.container.settings.blob_folder / "1" / name
    path.write_bytes(b"An upload that nobody finished.")
    return aged(path, age)


def aged(path: Path, seconds: float) -> Path:
    os.utime(path, (time.time() - seconds,) * 2)
    return path
