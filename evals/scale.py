"""Ten thousand members, half of whom follow one: `python -m evals.scale [--url URL] [--members 10000] [--repeat 9]`.

Services are called directly, one after the other but for the hot proposal. Goals: startVoting holds the writer for less
than 100 ms; the last ballots cost at most 1.2 times the first ones, a delegate's as much as anybody's; 500 ballots a
second on one proposal.
"""

import asyncio
import gc
import itertools
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click
from sqlalchemy import insert

from adapters.sql.delegations import DelegationRow
from adapters.sql.migrations import upgrade
from domain.members import Viewer
from domain.rules import EarlyClose, Rules
from domain.tally import Choice
from evals.figures import MILLI, Figure, table
from evals.hall import Hall, hall
from evals.votes import cast_for
from services.votes import Said

WINDOW, WARM_UP, HOT_CASTERS, HOT_SECONDS = 200, 300, 200, 5.0
START_MS, DEARER, HOT_MS = 100.0, 1.2, 2.0


async def measure(url: str, *, members: int, repeat: int) -> list[Figure]:
    await upgrade(url)
    async with hall(url) as voting:
        await voting.found(Rules(early_close=EarlyClose.NEVER))
        seated = await voting.seat([1 + number % 5 for number in range(members)], prefix=f"scale{time.time_ns()}-")
        authors = itertools.cycle(seated[members // 2 :])
        await follow(voting, seated[members // 2 :], seated[0])

        async def put_to_vote(title: str) -> int:
            return await voting.put_to_vote(next(authors), title)

        gc.collect()
        gc.freeze()  # as the API does once it has started
        return [
            *await starting(voting, list(itertools.islice(authors, repeat))),
            *await casting(voting, mixed(seated), *[await put_to_vote(title) for title in ("Full", "Empty")]),
            await delegating(voting, seated, await put_to_vote("Delegated")),
            await hot(voting, seated, await put_to_vote("Hot")),
        ]


async def follow(voting: Hall, givers: Sequence[Viewer], delegate: Viewer) -> None:
    """One delegation each, for everything, in one statement."""
    given = DelegationRow(
        giver_id=0,
        receiver_id=delegate.member_id,
        when_inactive=False,
        accepts_twin=True,
        created_at=datetime.now(UTC),
        transaction_id="followed",
    ).model_dump(exclude={"id"})
    rows = [{**given, "giver_id": giver.member_id} for giver in givers]
    await voting.writer(lambda session: session.execute(insert(DelegationRow), rows) and None)


async def starting(voting: Hall, authors: Sequence[Viewer]) -> list[Figure]:
    """The whole answer of startVoting: nobody else writes, so its transaction is all but a millisecond of it."""
    times = []
    for author in authors:
        proposal_id = await voting.propose(author, f"Frozen {author.member_id}")
        await voting.proposals.open(author, proposal_id)
        began = time.perf_counter()
        await voting.proposals.start(author, proposal_id)
        times.append(MILLI * (time.perf_counter() - began))
    return [
        Figure("startVoting answered, median", median(times), "ms", START_MS),
        Figure("startVoting answered, fastest and", min(times), "ms"),
        Figure("slowest", max(times), "ms"),
    ]


def mixed(voters: Sequence[Viewer]) -> list[Viewer]:
    """In an order that is always the same: givers, whose chain is longer, among the first and the last alike."""
    return random.Random(0).sample(voters, len(voters))  # noqa: S311  # a repeatable order


async def casting(voting: Hall, voters: Sequence[Viewer], full: int, empty: int) -> list[Figure]:
    """All vote on one proposal; the last of them, in turns, on an empty one too, as the machine's pace varies."""
    times = [await cast(voting, voter, full) for voter in voters[:-WINDOW]]
    ends = [(await cast(voting, voter, full), await cast(voting, voter, empty)) for voter in voters[-WINDOW:]]
    last, first = (median(each) for each in zip(*ends, strict=True))
    return [
        Figure(f"ballots 1 to {WINDOW}, median", MILLI * median(times[:WINDOW]), "ms"),
        Figure(f"ballots {len(times):,} to {len(voters):,}, median", MILLI * last, "ms"),
        Figure("these against the first on another, in turns", last / first, "times", DEARER),
    ]


async def delegating(voting: Hall, seated: Sequence[Viewer], proposal_id: int) -> Figure:
    """In turns too."""
    pairs = [
        (await cast(voting, seated[0], proposal_id), await cast(voting, seated[1], proposal_id))
        for _ in range(WARM_UP + WINDOW)
    ][WARM_UP:]
    one, other = (median(times) for times in zip(*pairs, strict=True))
    return Figure("a delegate's ballot against anybody's", one / other, "times", DEARER)


async def cast(voting: Hall, voter: Viewer, proposal_id: int) -> float:
    began = time.perf_counter()
    await voting.votes.cast(voter, proposal_id, Said(Choice.FOR))
    return time.perf_counter() - began


async def hot(voting: Hall, voters: Sequence[Viewer], proposal_id: int) -> Figure:
    turns = zip(((voter, proposal_id) for voter in itertools.cycle(voters)), itertools.cycle(Choice), strict=False)
    figures = await cast_for(HOT_SECONDS, voting, turns, casters=HOT_CASTERS)
    return Figure(f"{HOT_CASTERS} casters on one proposal, each ballot", MILLI / figures.rate, "ms", HOT_MS)


@click.command(help=__doc__)
@click.option("--url", help="An empty database for measuring only. [default: a temporary SQLite]")
@click.option("--members", default=10_000, show_default=True)
@click.option("--repeat", default=9, show_default=True, help="How often voting is started.")
def main(url: str | None, members: int, repeat: int) -> None:
    with TemporaryDirectory() as folder:
        temporary = f"sqlite+aiosqlite:///{Path(folder) / 'scale.db'}"
        figures = asyncio.run(measure(url or temporary, members=members, repeat=repeat))
    print(table(figures, f"python -m evals.scale --members {members}"))


if __name__ == "__main__":
    main()
