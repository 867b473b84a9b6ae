"""Resolutions: one a proposal, numbered without a gap, sealed as they were decided."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.sql.resolutions import SqlResolutionReads
from domain.decisions import Decision, ResolutionReason
from domain.pages import Slice
from domain.resolutions import Resolution
from domain.rules import Rules
from domain.tally import Choice, Tally
from domain.transactions import Work
from evals.hall import Hall, Silence, hall
from services.resolutions import Resolutions
from services.votes import Said
from tests.contracts.sql.times import T0, Clock

FAILED = Decision(passed=False, reason=ResolutionReason.NO_QUORUM)


async def test_a_resolution_is_sealed_as_it_was_decided(database: Hall) -> None:
    (ada,) = await database.seat([3])
    proposal_id = await database.put_to_vote(ada, "One")
    await database.votes.cast(ada, proposal_id, Said(Choice.FOR))
    reads = SqlResolutionReads(database.reader)
    resolution = (await reads.by_proposals([proposal_id]))[proposal_id]
    assert resolution == Resolution(
        id=resolution.id,
        seq=0,
        proposal_id=proposal_id,
        passed=True,
        reason=ResolutionReason.QUORUM_AND_MAJORITY,
        rules=Rules(),
        tally=Tally(3, in_favour=3, voters=1, own_in_favour=3),
        tally_seq=4,
        decided_at=T0,
        transaction_id=resolution.transaction_id,
    )
    assert await reads.by_ids([resolution.id, 99]) == {resolution.id: resolution}


async def test_without_resolutions_the_last_seq_is_minus_one(database: Hall) -> None:
    reads = SqlResolutionReads(database.reader)
    assert (await reads.last_seq(), await reads.after(-1)) == (-1, [])


async def test_a_second_resolution_of_a_proposal_is_impossible(database: Hall) -> None:
    def again(work: Work) -> None:
        work.resolutions.add(proposal_id, FAILED, rules=Rules(), tally=Tally(), tally_seq=9, at=T0)

    (ada,) = await database.seat([1])
    proposal_id = await database.put_to_vote(ada, "One")
    await database.votes.cast(ada, proposal_id, Said(Choice.FOR))
    with pytest.raises(IntegrityError):
        await database.transact(again)
    assert await SqlResolutionReads(database.reader).last_seq() == 0


async def test_seqs_leave_no_gap_when_decisions_race_and_some_roll_back(database: Hall, url: str, clock: Clock) -> None:
    voters = await database.seat([1] * 30)
    proposals = [await database.put_to_vote(author, f"P{author.member_id}") for author in voters]

    def broken(work: Work) -> None:
        work.resolutions.add(proposals[0], FAILED, rules=Rules(), tally=Tally(), tally_seq=9, at=T0)
        raise RuntimeError("rolled back")

    clock.forward(hours=72)
    async with hall(url, clock=clock) as other:
        closes = [one.proposals.close(proposal_id) for proposal_id in proposals for one in (database, other)]
        breaks = [one.transact(broken) for _ in range(5) for one in (database, other)]
        outcomes = await asyncio.gather(*breaks, *closes, return_exceptions=True)
    assert outcomes.count(True) == outcomes.count(False) == 30
    reads = SqlResolutionReads(database.reader)
    resolutions = await reads.after(-1)
    assert [one.seq for one in resolutions] == list(range(30))
    assert {one.proposal_id for one in resolutions} == set(proposals)
    assert await reads.last_seq() == 29
    assert [one.seq for one in await reads.after(26)] == [27, 28, 29]
    assert [one.seq for one in (await reads.page(Slice(size=2))).rows] == [29, 28]


async def test_a_decision_waits_for_its_proposal_without_holding_the_dao(database: Hall, url: str) -> None:
    """Who holds a proposal goes on to the DAO's row. On SQLite whatever writes takes turns anyway."""
    if url.startswith("sqlite"):
        pytest.skip("SQLite has one writer")

    def decide(work: Work) -> int:
        return work.resolutions.add(proposal_id, FAILED, rules=Rules(), tally=Tally(), tally_seq=9, at=T0).seq

    (ada,) = await database.seat([1])
    proposal_id = await database.put_to_vote(ada, "One")
    engine = create_async_engine(url)
    async with engine.begin() as ballot:
        await ballot.execute(text("SELECT id FROM proposal FOR UPDATE"))
        deciding = asyncio.ensure_future(database.transact(decide))
        done, _ = await asyncio.wait({deciding}, timeout=0.3)
        assert not done
        await ballot.execute(text("SELECT id FROM dao FOR UPDATE NOWAIT"))
    assert await asyncio.wait_for(deciding, 10) == 0
    await engine.dispose()


async def test_a_watch_gives_a_long_backlog_without_waiting(database: Hall, clock: Clock) -> None:
    voters = await database.seat([1] * 240)
    for start in range(0, 240, 40):
        for author in voters[start : start + 40]:
            await database.put_to_vote(author, f"P{author.member_id}")
        clock.forward(hours=72)
        assert await database.proposals.sweep() == 40
    watch = Resolutions(database.transact, SqlResolutionReads(database.reader), Silence()).watch(2)
    async with asyncio.timeout(4):  # less than a recheck
        seqs = [(await anext(watch)).seq for _ in range(237)]
    assert seqs == list(range(3, 240))
