"""A vote in which nobody has weight: it ends as any other, whatever is asked of it on the way."""

from dataclasses import replace

import pytest

from adapters.sql.receipts import SqlReceiptReads
from adapters.sql.resolutions import SqlResolutionReads
from adapters.sql.vote_reads import SqlVoteReads
from domain.drafts import Edit
from domain.errors import NoVotingPower
from domain.members import Role, Viewer
from domain.option_ballots import OptionBallot
from domain.recounts import mismatches
from domain.rules import VotingSystem
from domain.tally import Choice, Tally
from evals.hall import Hall, Silence
from services.resolutions import Resolutions
from services.votes import Said
from tests.contracts.sql.times import Clock

SAID = {VotingSystem.BASIC: Said(Choice.FOR), VotingSystem.APPROVAL: Said(options=OptionBallot(approved=(1,)))}


@pytest.mark.parametrize("system", SAID)
async def test_it_fails_for_want_of_weight(database: Hall, clock: Clock, system: VotingSystem) -> None:
    (ada,) = await database.seat([0])
    admin = Viewer(ada.member_id, Role.ADMIN)
    options = () if system is VotingSystem.BASIC else ("A", "B")
    made = await database.proposals.create(ada, Edit(title="T", body="B", system=system, options=options))
    proposal_id = int(made["proposal"] or 0)
    await database.proposals.open(ada, proposal_id)
    await database.proposals.start(ada, proposal_id)
    with pytest.raises(NoVotingPower):
        await database.votes.cast(ada, proposal_id, SAID[system])
    assert not await database.votes.mature(proposal_id)
    running = await database.transact(lambda work: work.proposals.locked(proposal_id))
    if system is not VotingSystem.BASIC:
        counted = await SqlVoteReads(database.reader).elections([running])
        assert [each.score for each in counted[proposal_id].standings] == [0, 0]
    clock.forward(days=3)
    await database.proposals.resolve_stalled(admin, proposal_id, "It looks stuck.")
    resolutions = Resolutions(database.transact, SqlResolutionReads(database.reader), Silence())
    await resolutions.derive(1)
    receipt = await SqlReceiptReads(database.reader).receipt(1, previous=None)
    assert receipt is not None
    assert (receipt.decision.passed, receipt.decision.reason, receipt.tally) == (False, "NO_ELIGIBLE_WEIGHT", Tally())
    assert mismatches(receipt) == []
    assert mismatches(replace(receipt, tally=Tally(eligible=1))) != []
