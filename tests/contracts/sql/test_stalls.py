"""The safety net tells what it finds: once in the audit log, once as an alert."""

from datetime import timedelta

import pytest

from adapters.sql.audits import SqlAuditReads
from adapters.sql.proposal_reads import SqlProposalReads
from domain.alerts import AlertCode
from domain.audits import Act
from domain.outbox import OutboxEntry
from domain.pages import Slice
from domain.tally import Choice
from evals.hall import Hall, Silence
from services.proposals import Proposals
from services.stalls import Stalls
from services.votes import Said
from tests.contracts.sql.sharing import voting
from tests.contracts.sql.times import T0, Clock


class Heard:
    """Port `Alerts`."""

    def __init__(self) -> None:
        self.alerts: list[tuple[AlertCode, str]] = []

    def raise_(self, code: AlertCode, *, subject: str, message: str) -> None:
        self.alerts.append((code, subject))


class Late:
    """Port `Backlog`: one event waits."""

    async def projectable(self, *, limit: int) -> list[OutboxEntry]:
        return await self.stalled(seconds=0, limit=limit)

    async def stalled(self, *, seconds: float, limit: int) -> list[OutboxEntry]:
        return [OutboxEntry(7, "event", "BallotCast", {"vote_id": 1}, 1, "t", T0)]


class Broken(Late):
    """Port `Backlog`: it cannot be read."""

    async def stalled(self, *, seconds: float, limit: int) -> list[OutboxEntry]:
        raise RuntimeError("No backlog.")


async def test_what_fails_in_a_sweep_keeps_no_vote_open(database: Hall, clock: Clock) -> None:
    _, proposal_id = await voting(database, members=2)
    proposals = Proposals(database.transact, SqlProposalReads(database.reader), Silence(), alerts=Heard())
    stalls = Stalls(database.transact, proposals, Broken(), alerts=Heard(), jumped=lambda: None)
    clock.forward(days=8)
    with pytest.raises(ExceptionGroup) as failed:
        await stalls.sweep()
    assert [str(failure) for failure in failed.value.exceptions] == ["No backlog."]
    assert not await proposals.close(proposal_id)


async def test_what_stalls_is_told_once_however_often_it_is_seen(database: Hall, clock: Clock) -> None:
    """A projection that waits, a clock that was set, and a vote that nobody closed at its end."""
    viewers, proposal_id = await voting(database, members=2)
    await database.votes.cast(viewers[0], proposal_id, Said(Choice.FOR))
    heard = Heard()
    proposals = Proposals(database.transact, SqlProposalReads(database.reader), Silence(), alerts=heard)
    stalls = Stalls(database.transact, proposals, Late(), alerts=heard, jumped=lambda: timedelta(hours=2))
    clock.forward(days=8)
    for _ in range(3):
        await stalls.sweep()
    assert heard.alerts == [
        ("VOTE_ERROR", "clock"),
        ("SYNC_ERROR", "event:7"),
        ("VOTE_ERROR", f"proposal:{proposal_id}"),
    ]
    noted = (await SqlAuditReads(database.reader).page(Slice())).rows
    assert {each.act for each in noted} >= {Act.CLOCK_JUMPED, Act.PROJECTION_STALLED, Act.PROPOSAL_CLOSED_LATE}
