"""Twins' ballots of the last minute: young until the very end, counted at it like any other."""

from datetime import timedelta

import pytest

from adapters.sql.receipts import SqlReceiptReads
from domain.recounts import mismatches
from domain.rules import Rules
from domain.tally import CastBy, Choice
from evals.hall import Hall
from services.votes import Said
from tests.contracts.sql.times import Clock

MS = timedelta(milliseconds=1)
YES = Said(Choice.FOR)


@pytest.mark.parametrize("before", [timedelta(minutes=1) + MS, timedelta(minutes=1), timedelta(minutes=1) - MS, MS])
async def test_what_matures_at_the_end_or_not_before_it_counts_at_the_end(
    database: Hall, clock: Clock, before: timedelta
) -> None:
    """overrideMinutes is 1: cast a minute before the end, it would be old enough at the instant of the close."""
    ada, ben, _ = await database.seat([1, 1, 1])
    proposal_id = await database.put_to_vote(ada, "One")
    began = clock.at
    ends = began + timedelta(minutes=Rules().voting_minutes)
    clock.at = ends - before
    for twin in (ada, ben):
        await database.votes.cast(twin, proposal_id, YES, by=CastBy.TWIN)
    early = before > timedelta(minutes=1)
    clock.at = ends - MS
    assert await database.votes.mature(proposal_id) is early
    clock.at = ends
    assert not await database.votes.mature(proposal_id)
    assert await database.proposals.close(proposal_id) is not early
    assert not await database.proposals.close(proposal_id)
    receipt = await SqlReceiptReads(database.reader).receipt(1, previous=None)
    assert receipt is not None
    assert (receipt.decision.passed, receipt.decided_at) == (True, ends - MS if early else ends)
    assert {ballot.young for ballot in receipt.ballots} == {not early}
    assert mismatches(receipt) == []


async def test_a_member_says_otherwise_in_the_last_millisecond(database: Hall, clock: Clock) -> None:
    ada, ben, _ = await database.seat([1, 1, 1])
    proposal_id = await database.put_to_vote(ada, "One")
    clock.at += timedelta(minutes=Rules().voting_minutes) - MS
    for twin in (ada, ben):
        await database.votes.cast(twin, proposal_id, YES, by=CastBy.TWIN)
    await database.votes.cast(ben, proposal_id, Said(Choice.AGAINST))
    clock.at += MS
    assert await database.proposals.close(proposal_id)
    receipt = await SqlReceiptReads(database.reader).receipt(1, previous=None)
    assert receipt is not None
    assert (receipt.decision.passed, receipt.tally.in_favour, receipt.tally.against) == (False, 1, 1)
    assert mismatches(receipt) == []
