"""Cases of `make fault-test`: an engine that is killed under load costs nothing, and the system is well by itself.

Whether nothing is lost is looked at here, not how long it takes: a busy machine may take six times as long.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from evals.engines.servers import Unavailable
from evals.faults.cases import Case, reconciled, stopped, tried
from evals.faults.system import running
from evals.faults.worlds import world
from tests.conftest import absent

pytestmark = pytest.mark.slow

SECONDS, SLACK = 2.0, 6.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not one of pytest's: Postgres runs as another user."""
    folder = Path(tempfile.mkdtemp(prefix="frontier-faults-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


async def test_redis_and_the_database_killed_under_load_lose_nothing(folder: Path) -> None:
    try:
        async with world("light", folder) as engines, running(engines, folder, each=1) as system:
            for number, engine in enumerate(("redis", "postgres")):
                killed = await tried(system, Case(engine, "kill", SECONDS, SLACK), number)
                assert (killed.wrong, killed.acknowledged > 10) == ([], True)
            await reconciled(system, killed)
            await stopped(system, killed)
            assert (killed.wrong, killed.differences) == ([], 0)
    except Unavailable as lack:
        absent(str(lack))
