"""A few seeds of `make crash-test`: a whole system killed under load loses, doubles and orphans nothing."""

import pytest

from evals.crashes.seeds import tried
from evals.crashes.system import running

pytestmark = pytest.mark.slow


async def test_a_system_that_is_killed_under_load_keeps_what_it_acknowledged() -> None:
    async with running("sqlite") as system:
        for number in (3, 7):
            seed = await tried(system, number)
            assert (seed.wrong, seed.record.acknowledged > 10, len(seed.deaths) > 0) == ([], True, True)
