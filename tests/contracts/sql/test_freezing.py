"""An electorate and what changes it take turns: nobody's word is both given back and counted."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from domain.members import Viewer
from evals.hall import Hall
from services.delegations import Delegations, Mandate

type Act = Callable[[Delegations, Viewer, Viewer], Awaitable[object]]
ACTS: dict[str, Act] = {
    "give": lambda delegations, giver, _: delegations.give(giver, Mandate(to=None)),
    "revoke": lambda delegations, giver, _: delegations.revoke(giver, 1),
    "decline": lambda delegations, _, receiver: delegations.decline(receiver, 1),
}


@pytest.mark.parametrize("act", ACTS)
async def test_who_changes_a_delegation_waits_for_a_freeze(database: Hall, url: str, act: str) -> None:
    """A freeze holds the DAO's row. On SQLite whatever writes takes turns anyway."""
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer")
    giver, receiver = await database.seat([1, 1])
    delegations = Delegations(database.transact)
    await delegations.give(giver, Mandate(to=receiver.member_id))
    engine = create_async_engine(url)
    async with engine.begin() as freeze:
        await freeze.execute(text("SELECT id FROM dao FOR UPDATE"))
        changing = asyncio.ensure_future(ACTS[act](delegations, giver, receiver))
        done, _ = await asyncio.wait({changing}, timeout=0.3)
        assert not done
    await asyncio.wait_for(changing, 10)
    await engine.dispose()
