"""The demo DAO, planted on an empty database without a worker."""

from pathlib import Path

import pytest

from adapters.sql import migrations
from app.container import Container
from app.demo.content import people
from app.demo.seed import seed
from app.settings import Settings, load_settings
from domain.members import Role, Viewer
from domain.pages import Slice
from domain.proposals import ProposalFilter, ProposalOrder

ADMIN = Viewer(1, Role.ADMIN)
ALL = Slice(size=100)


@pytest.fixture
async def settings(redis_url: str, tmp_path: Path) -> Settings:
    server = redis_url.removeprefix("redis://").split("/")[0]
    settings = load_settings(
        data_dir=tmp_path, redis_url=redis_url, graph_url=f"falkordb://{server}", memory_url=f"falkordb://{server}"
    )
    await migrations.upgrade(settings.database)
    return settings


async def planted(settings: Settings, *, renew: bool = False) -> list[str]:
    return [line async for line in seed(settings, renew=renew)]


async def statuses(settings: Settings) -> list[tuple[str, str]]:
    async with Container(settings) as container:
        page = await container.reads.proposals.page(ADMIN, ALL, ProposalFilter(), ProposalOrder.CREATED_ASC)
        return [(proposal.title.split(" (tabled")[0], proposal.status.value) for proposal in page.rows]


async def test_seeding_twice_changes_nothing_and_renewing_puts_the_running_to_the_vote_again(
    settings: Settings,
) -> None:
    await planted(settings)
    first = await statuses(settings)
    assert sorted(status for _, status in first) == ["FAILED", "PASSED", "VOTING", "VOTING"]
    again = await planted(settings)
    assert again[:3] == ["12 members", "0 new documents", "0 new chat lines"]
    assert await statuses(settings) == first
    await planted(settings, renew=True)
    renewed = await statuses(settings)
    assert sorted(status for _, status in renewed) == ["CANCELLED", "CANCELLED", "FAILED", "PASSED", "VOTING", "VOTING"]
    await planted(settings)
    assert await statuses(settings) == renewed


def test_the_demo_has_twelve_people_and_ten_voices() -> None:
    everybody = people()
    assert len({person.handle for person in everybody}) == 12
    assert sum(len(person.lines) >= 60 for person in everybody) == 10
    assert all(person.papers for person in everybody)
