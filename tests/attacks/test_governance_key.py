"""The DAO's key is lost or exchanged, by accident or not: nothing starts with another one, and the doctor says why."""

import asyncio
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from adapters.auth.ed25519 import Ed25519Signer
from app.cli import frontier
from app.container import Container
from app.doctor import receipts
from app.settings import BadSettings, Settings
from tests.attacks.conftest import Found
from tests.attacks.houses import House

REMEDY = "put the DAO's key back from a backup, or mount the data folder that has it"


@pytest.fixture
async def house(found: Found) -> House:
    """One resolution, with its receipt."""
    made = await found()
    (member,) = await made.seat(1)
    await member.cast(await member.tables("First"))
    await made.works()
    return made


async def starts(settings: Settings) -> str:
    """Why it does not; empty when it does."""
    try:
        async with Container(settings):
            return ""
    except BadSettings as error:
        return str(error)


async def test_with_the_key_that_signed_it_starts_and_the_doctor_names_it(house: House) -> None:
    settings = house.container.settings
    assert await starts(settings) == ""
    probe = await receipts(settings)
    shown = (await house.boss.ask("{ dao { verifyKey } }"))["dao"]["verifyKey"]
    assert (probe.chosen, probe.found, probe.remedy) == ("dao.key", f"key {shown}", "")
    settings.receipt_key.chmod(0o644)
    assert (await receipts(settings)).remedy == f"chmod 600 {settings.receipt_key}"


async def test_a_lost_key_is_not_replaced_in_silence(house: House) -> None:
    settings = house.container.settings
    settings.receipt_key.unlink()
    why = f"{settings.receipt_key} is missing, and receipts up to 0 are signed with it"
    assert await starts(settings) == f"{why}: {REMEDY}."
    probe = await receipts(settings)
    assert (probe.found, probe.remedy) == (why, REMEDY)
    arguments = ["verify", "0", "--data-dir", str(settings.data_dir)]
    done = await asyncio.to_thread(CliRunner().invoke, frontier, arguments, env={"DATABASE_URL": settings.database})
    assert why in str(done.exception)
    assert not settings.receipt_key.exists()


async def test_another_key_is_refused(house: House) -> None:
    settings = house.container.settings
    settings.receipt_key.unlink()
    Ed25519Signer(settings.receipt_key)
    why = f"{settings.receipt_key} is not the key that signed receipt 0"
    assert await starts(settings) == f"{why}: {REMEDY}."
    probe = await receipts(settings)
    assert (probe.found, probe.remedy) == (why, REMEDY)


async def test_a_key_that_is_lost_for_good_is_replaced_by_hand_and_every_hash_stays(house: House) -> None:
    """The way of docs/receipts.md."""
    settings, database = house.container.settings, house.container.database
    before = await database.receipts.last()
    assert before is not None
    settings.receipt_key.unlink()
    await database.writer(lambda session: session.connection().execute(text("DELETE FROM receipt")) and None)
    async with Container(settings) as container:
        assert len(await container.services.receipts.seal()) == 1
        after = await container.reads.receipts.last()
    assert after is not None
    assert (after.hash, after.signature != before.signature) == (before.hash, True)
    assert (await receipts(settings)).remedy == ""


async def test_a_damaged_key_is_told(house: House) -> None:
    settings = house.container.settings
    settings.receipt_key.write_bytes(b"no key")
    probe = await receipts(settings)
    assert probe.found == f"{settings.receipt_key} holds no Ed25519 key"
    assert probe.remedy == "put the DAO's key back from a backup"


async def test_a_rewritten_record_does_not_stop_the_start(house: House) -> None:
    """It is no proof against the key; `verifyResolution` finds it."""
    rewrite = text("UPDATE ballot SET choice = 'AGAINST'")
    assert await house.container.database.writer(lambda session: session.connection().execute(rewrite).rowcount) == 1
    assert await starts(house.container.settings) == ""


async def test_before_the_first_start_there_is_no_key(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)  # type: ignore[call-arg]  # pydantic-settings takes it
    probe = await receipts(settings)
    assert (probe.found, probe.remedy) == ("waits for the database", "see database")
    assert os.listdir(tmp_path) == []
