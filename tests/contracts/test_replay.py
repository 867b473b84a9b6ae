"""At least once made exactly once by keys: everything shown again, by two at once, changes neither store."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import col

from adapters.embedded.falkordb import free_port
from adapters.sql import migrations
from adapters.sql.outbox_rows import OutboxRow
from app.container import Container
from app.settings import Settings
from domain.drafts import Edit
from domain.members import DAO_GROUP, Claims, Role, Viewer, member_group
from domain.tally import Choice
from jobs.projections import Projector
from jobs.stores import Stores
from services.votes import Said
from tests.contracts.graph_engines import FalkorSeen, snapshot
from tests.contracts.indexes import serving
from tests.statements import statements


@pytest.fixture
async def container(tmp_path: Path) -> AsyncIterator[Container]:
    """On a server of its own: the DAO's graph is compared as a whole."""
    address = f"127.0.0.1:{(port := free_port())}"
    folder = tmp_path / "falkordb"
    folder.mkdir()
    with serving(folder, port):
        falkordb = f"falkordb://{address}"
        settings = Settings(
            _env_file=None,  # type: ignore[call-arg]  # pydantic-settings takes it, its plugin does not know
            data_dir=tmp_path,
            redis_url=f"redis://{address}/0",
            graph_url=falkordb,
            memory_url=falkordb,
        )
        await migrations.upgrade(settings.database)
        async with Container(settings) as container:
            yield container


async def login(container: Container, handle: str) -> Viewer:
    return await container.services.members.login(Claims(f"local|{handle}", handle, Role.MEMBER, container.now()))


async def lived(container: Container) -> list[Viewer]:
    """Members who talk, propose, vote, change their minds, decide and forget."""
    services = container.services
    ana, bo, cy = [await login(container, handle) for handle in ("ana", "bo", "cy")]
    session = int((await services.chats.start(ana, ana.member_id, None))["session"] or 0)
    await services.chats.send(ana, session, "I prefer PLA over ABS. The night shift is quiet.")
    forgotten = int((await services.chats.start(bo, bo.member_id, None))["session"] or 0)
    await services.chats.send(bo, forgotten, "My safe's code is 4417.")
    await services.chats.delete(bo, forgotten)
    made = await services.proposals.create(ana, Edit(title="Buy a printer", body="A resin one."))
    proposal = int(made["proposal"] or 0)
    await services.proposals.open(ana, proposal)
    await services.proposals.start(ana, proposal)
    await services.votes.cast(ana, proposal, Said(Choice.AGAINST))
    await services.votes.cast(ana, proposal, Said(Choice.FOR))
    await services.votes.cast(bo, proposal, Said(Choice.FOR))
    return [ana, bo, cy]


async def shown(container: Container, *, projectors: int) -> None:
    """All open events, in small batches, so that several have something to do."""
    loops = [
        Projector(container.outbox, container.bus, container.services.projections, Stores(), alerts=container.alerts)
        for _ in range(projectors)
    ]
    for loop in loops:
        loop.BATCH = 3
        loop.GATHER_SECONDS = 0.0
    tasks = [asyncio.create_task(loop.run()) for loop in loops]
    for _ in range(3000):
        if not await container.outbox.projectable(limit=1):
            break
        await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await container.outbox.projectable(limit=1) == []


async def again(container: Container) -> None:
    """Every event that was ever projected, as if it had never been."""
    events = (
        update(OutboxRow).where(col(OutboxRow.kind) == "event").values(done_at=None, due_at=col(OutboxRow.created_at))
    )
    await container.database.writer(lambda session: session.execute(events))


async def state(container: Container, members: list[Viewer]) -> list[object]:
    groups = [DAO_GROUP, *(member_group(member.member_id) for member in members)]
    seen = FalkorSeen(container.settings.graph)
    graphs = await asyncio.to_thread(lambda: [snapshot(seen, group) for group in groups])
    memories = [await container.index.ids(group) for group in groups]
    return [graphs, memories]


async def test_everything_shown_again_by_two_at_once_changes_nothing(container: Container) -> None:
    members = await lived(container)
    await shown(container, projectors=1)
    first = await state(container, members)
    assert sum(map(len, first[1])) == 2  # type: ignore[call-overload]  # what ana said; bo's is forgotten
    for _ in range(2):
        await again(container)
        await shown(container, projectors=2)
        assert await state(container, members) == first


async def reads_of(container: Container, ana: Viewer, *, proposals: int) -> int:
    """How many statements it takes to gather what so many proposals, votes and resolutions look like."""
    services, outbox = container.services, container.outbox
    for number in range(proposals):
        made = await services.proposals.create(ana, Edit(title=f"Buy {proposals} of {number}", body="Now."))
        await services.proposals.open(ana, int(made["proposal"] or 0))
        await services.proposals.start(ana, int(made["proposal"] or 0))
        await services.votes.cast(ana, int(made["proposal"] or 0), Said(Choice.FOR))
    events = await outbox.claim_events(limit=500, lease_seconds=60)
    assert sum(event.name == "ProposalResolved" for event in events) == proposals
    with statements() as found:
        await services.projections.project(events)
    await outbox.projected(events)
    return len(found)


async def test_what_waited_for_a_store_is_read_at_once_however_many_proposals(container: Container) -> None:
    ana = await login(container, "ana")
    await shown(container, projectors=1)
    few = await reads_of(container, ana, proposals=1)
    assert await reads_of(container, ana, proposals=5) == few > 0
