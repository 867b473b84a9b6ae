"""Runs of the reconciliation, as an ADMIN asks for them and nobody else may."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from app.container import Container
from app.settings import Settings
from domain.reconciliation import Counts, Store
from domain.transactions import Work
from tests.api.client import Api, code_of

RUNS = """query($limit: Int) {
    reconciliations(limit: $limit) { ranAt store checked missing extra mended interruptions } }"""


async def ended(settings: Settings) -> None:
    """A run of each store, an hour from now and later than whatever ran before."""

    def command(work: Work, number: int, store: Store) -> None:
        at = work.now() + timedelta(hours=1 + number)
        progress = work.reconciliations.begin(store, at=at, until=at)
        assert progress is not None
        counts = Counts(checked=number, missing=3, extra=2, mended=1)
        assert work.reconciliations.finish(replace(progress, counts=counts, interruptions=number))

    async with Container(settings) as container:
        for number, store in enumerate(Store):
            await container.database.transact(partial(command, number=number, store=store))


def test_an_admin_reads_the_newest_first_and_nobody_else_does(api: Api, settings: Settings) -> None:
    asyncio.run(ended(settings))
    boss = api.token("boss-of-stores", admin=True)
    runs = api.data(RUNS, token=boss, limit=2)["reconciliations"]
    assert [(run["store"], run["checked"]) for run in runs] == [("graph", 2), ("memories", 1)]
    assert [run["interruptions"] for run in runs] == [2, 1]
    assert {(run["missing"], run["extra"], run["mended"]) for run in runs} == {(3, 2, 1)}
    assert runs[0]["ranAt"] > runs[1]["ranAt"]
    assert api.data("{ reconciliations { store } }", token=boss)["reconciliations"][2] == {"store": "blobs"}
    for token in (api.token("reader-of-stores"), None):
        answer = api.ask(RUNS, token=token)
        assert (answer["data"], code_of(answer)) == (
            {"reconciliations": None},
            "FORBIDDEN" if token else "UNAUTHENTICATED",
        )


@pytest.mark.parametrize("limit", [0, -1, 51])
def test_a_limit_out_of_bounds_is_refused_with_its_bounds(api: Api, limit: int) -> None:
    answer = api.ask(RUNS, token=api.token("boss-of-stores", admin=True), limit=limit)
    assert code_of(answer) == "BAD_USER_INPUT"
    assert answer["errors"][0]["message"] == "limit must be between 1 and 50."
