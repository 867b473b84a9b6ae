"""Votes as they are read: derived while voting runs, sealed while hidden, with power and chains as frozen."""

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select

from adapters.sql.outbox_rows import OutboxRow
from adapters.sql.pages import rows_of
from adapters.sql.proposal_reads import SqlProposalReads
from adapters.sql.resolutions import SqlResolutionReads
from adapters.sql.vote_reads import SqlVoteReads
from domain.drafts import Edit
from domain.errors import Conflict
from domain.members import Role, Viewer
from domain.option_ballots import OptionBallot
from domain.pages import Slice
from domain.rules import EarlyClose, Rules, RulesChoice, VotingSystem
from domain.tally import CastBy, Choice, Tally
from domain.votes import Ballot, Vote, VoteFilter
from evals.hall import Hall, Silence
from services.delegations import Delegations, Mandate
from services.resolutions import Resolutions
from services.topics import Topics
from services.votes import Said
from tests.contracts.sql.times import T0, Clock

BOTH = VotingSystem.APPROVAL


@dataclass
class Chained:
    """ada -> ben -> eve, gus alone; weights 1, 2, 4, 3 (and 90 that nobody casts)."""

    reads: SqlVoteReads
    ada: Viewer
    ben: Viewer
    eve: Viewer
    gus: Viewer


@pytest.fixture
async def chained(database: Hall) -> Chained:
    ada, ben, eve, gus, _ = await database.seat([1, 2, 4, 3, 90])
    for giver, to in ((ada, ben), (ben, eve)):
        await Delegations(database.transact).give(giver, Mandate(to.member_id))
    return Chained(SqlVoteReads(database.reader), ada, ben, eve, gus)


async def started(database: Hall, author: Viewer, edit: Edit) -> int:
    proposal_id = int((await database.proposals.create(author, edit))["proposal"] or 0)
    await database.proposals.open(author, proposal_id)
    await database.proposals.start(author, proposal_id)
    return proposal_id


async def hidden_vote(database: Hall, author: Viewer) -> int:
    return await started(database, author, Edit(title="H", body="B", choice=RulesChoice(hidden_until_close=True)))


async def tally_of(database: Hall, viewer: Viewer, proposal_id: int) -> Tally:
    return (await SqlProposalReads(database.reader).by_ids(viewer, [proposal_id]))[proposal_id].tally


async def derived(database: Hall, proposal_id: int) -> None:
    """As the job after the close does."""
    reads = SqlResolutionReads(database.reader)
    resolution = (await reads.by_proposals([proposal_id]))[proposal_id]
    await Resolutions(database.transact, reads, Silence()).derive(resolution.id)


async def test_what_a_delegate_says_is_the_givers_vote_while_voting_runs(database: Hall, chained: Chained) -> None:
    reads, ada, ben, eve = chained.reads, chained.ada, chained.ben, chained.eve
    proposal_id = await database.put_to_vote(chained.gus, "One")
    assert await reads.own(ada, [proposal_id]) == {}
    cast = await database.votes.cast(eve, proposal_id, Said(Choice.FOR, confidence=0.5, reason="Mine."))
    assert cast.vote is not None
    found = (await reads.own(ada, [proposal_id]))[proposal_id]
    ballot = Ballot(proposal_id, ada.member_id, Choice.FOR, 1, CastBy.DELEGATE)
    way = (ben.member_id, eve.member_id)
    assert found == Vote(found.id, 0, ballot, T0, cast.vote.transaction_id, way)
    assert (await reads.own(ben, [proposal_id]))[proposal_id].via == (eve.member_id,)
    assert (await reads.own(eve, [proposal_id]))[proposal_id] == cast.vote
    assert await reads.own(chained.gus, [proposal_id]) == {}
    assert await tally_of(database, ada, proposal_id) == Tally(100, in_favour=7, voters=1, own_in_favour=4)
    page = await reads.page(ada, Slice(), VoteFilter(proposal_id=proposal_id))
    assert [vote.ballot.member_id for vote in page.rows] == [eve.member_id]


async def test_an_own_ballot_takes_its_chain_along_before_and_after(database: Hall, chained: Chained) -> None:
    reads, ada, ben, eve = chained.reads, chained.ada, chained.ben, chained.eve
    proposal_id = await database.put_to_vote(chained.gus, "One")
    await database.votes.cast(eve, proposal_id, Said(Choice.FOR))
    await database.votes.cast(ben, proposal_id, Said(Choice.AGAINST))
    assert (await reads.own(ada, [proposal_id]))[proposal_id].ballot.choice is Choice.AGAINST
    assert (await reads.chains(ada, [proposal_id]))[proposal_id] == [ada.member_id, ben.member_id]
    assert await tally_of(database, ada, proposal_id) == Tally(
        100, in_favour=4, against=3, voters=2, own_in_favour=4, own_against=2
    )


async def test_in_a_scope_the_delegates_ballot_stands_before_the_own_twins(database: Hall, clock: Clock) -> None:
    ada, ben, eve = await database.seat([1, 2, 90])
    reads, admin = SqlVoteReads(database.reader), Viewer(eve.member_id, Role.ADMIN)
    topic = (await Topics(database.transact).create(admin, "Rent", "To delegate in.", delegable=True))["topic"]
    await Delegations(database.transact).give(ada, Mandate(ben.member_id, int(topic or 0)))
    proposal_id = await started(database, eve, Edit(title="Scoped", body="B", scope_id=int(topic or 0)))
    await database.votes.cast(ada, proposal_id, Said(Choice.FOR), by=CastBy.TWIN)
    assert (await reads.own(ada, [proposal_id]))[proposal_id].ballot.cast_by is CastBy.TWIN
    await database.votes.cast(ben, proposal_id, Said(Choice.AGAINST))
    for _ in ("while voting runs", "after the close"):
        mine = (await reads.own(ada, [proposal_id]))[proposal_id]
        assert (mine.ballot.cast_by, mine.ballot.choice) == (CastBy.DELEGATE, Choice.AGAINST)
        assert mine.via == (ben.member_id,)
        clock.forward(hours=72)
        if await database.proposals.close(proposal_id):
            await derived(database, proposal_id)


async def test_power_chain_and_carrying_are_as_frozen(database: Hall, chained: Chained) -> None:
    reads, ada, ben, eve, gus = chained.reads, chained.ada, chained.ben, chained.eve, chained.gus
    proposal_id = await database.put_to_vote(gus, "One")
    other = await database.propose(gus, "Draft")
    (late,) = await database.seat([5], prefix="late")
    asked = [proposal_id, other, 99]
    powers = [await reads.power(viewer, asked) for viewer in (ada, ben, eve, gus, late)]
    assert powers == [{proposal_id: 1}, {proposal_id: 3}, {proposal_id: 7}, {proposal_id: 3}, {}]
    chains = [await reads.chains(viewer, asked) for viewer in (ada, eve, late)]
    assert chains == [
        {proposal_id: [ada.member_id, ben.member_id, eve.member_id]},
        {proposal_id: [eve.member_id]},
        {},
    ]
    assert [await reads.carried(viewer, asked) for viewer in (ada, ben, eve, late)] == [
        {proposal_id: True},
        {proposal_id: True},
        {},
        {},
    ]


async def test_a_giver_over_the_cap_is_told_and_keeps_its_weight(database: Hall) -> None:
    rules = Rules(delegation_cap_percent=50)
    await database.transact(lambda work: work.daos.save(replace(work.daos.current(), rules=rules)))
    ada, ben, eve = await database.seat([3, 3, 4])
    for giver in (ada, ben):
        await Delegations(database.transact).give(giver, Mandate(eve.member_id))
    proposal_id = await database.put_to_vote(ada, "One")
    reads = SqlVoteReads(database.reader)
    assert [await reads.carried(viewer, [proposal_id]) for viewer in (ada, ben)] == [{proposal_id: False}] * 2
    assert await reads.power(eve, [proposal_id]) == {proposal_id: 4}
    assert await reads.chains(ada, [proposal_id]) == {proposal_id: [ada.member_id]}


async def test_after_the_close_what_delegates_said_is_kept(database: Hall, chained: Chained, clock: Clock) -> None:
    reads, ada, ben, eve, gus = chained.reads, chained.ada, chained.ben, chained.eve, chained.gus
    proposal_id = await database.put_to_vote(gus, "One")
    await database.votes.cast(eve, proposal_id, Said(Choice.FOR, reason="Mine."))
    await database.votes.cast(gus, proposal_id, Said(Choice.ABSTAIN))
    running = [await reads.own(viewer, [proposal_id]) for viewer in (ada, ben, eve, gus)]
    clock.forward(hours=72)
    assert await database.proposals.close(proposal_id)
    for _ in range(2):  # harmless twice
        await derived(database, proposal_id)
        kept = [(await reads.own(viewer, [proposal_id]))[proposal_id] for viewer in (ada, ben, eve, gus)]
        assert [(vote.ballot, vote.via, vote.cast_at) for vote in kept] == [
            (found[proposal_id].ballot, found[proposal_id].via, T0) for found in running
        ]
    page = await reads.page(ada, Slice(), VoteFilter(proposal_id=proposal_id, cast_by=CastBy.DELEGATE))
    assert {vote.ballot.member_id for vote in page.rows} == {ada.member_id, ben.member_id}
    assert await reads.by_ids(gus, [kept[0].id]) == {kept[0].id: kept[0]}
    votes = await reads.of_proposals([proposal_id, proposal_id + 1])
    assert {id: len(of_proposal) for id, of_proposal in votes.items()} == {proposal_id: 4}
    assert {len(ballots) for ballots in (await reads.revisions([vote.id for vote in kept])).values()} == {1}


async def test_of_a_hidden_vote_only_ones_own_is_read(database: Hall, chained: Chained, clock: Clock) -> None:
    reads, ada, ben, eve, gus = chained.reads, chained.ada, chained.ben, chained.eve, chained.gus
    proposal_id = await hidden_vote(database, gus)
    cast = await database.votes.cast(eve, proposal_id, Said(Choice.FOR, confidence=1, reason="Secret."))
    assert cast.vote is not None
    where = VoteFilter(proposal_id=proposal_id)
    for viewer in (ada, gus, Viewer(gus.member_id, Role.ADMIN)):
        page = await reads.page(viewer, Slice(), where)
        assert (page.rows, await page.count(), await reads.by_ids(viewer, [cast.vote_id])) == ([], 0, {})
    assert (await reads.page(eve, Slice(), where)).rows == [cast.vote]
    giver = (await reads.own(ada, [proposal_id]))[proposal_id]
    assert giver.ballot == Ballot(proposal_id, ada.member_id, None, 1, CastBy.DELEGATE)
    assert giver.via == (ben.member_id, eve.member_id)
    assert await tally_of(database, ada, proposal_id) == Tally(100)
    clock.forward(hours=72)
    assert await database.proposals.close(proposal_id)
    assert (await reads.page(ada, Slice(), where)).rows == [cast.vote]
    assert (await reads.own(ada, [proposal_id]))[proposal_id].ballot.choice is Choice.FOR


async def test_a_hidden_ballot_is_announced_by_nothing_and_turnout_comes_in_steps(database: Hall, clock: Clock) -> None:
    seated = await database.seat([1] * 9)
    proposal_id = await hidden_vote(database, seated[0])
    before = len(await rows_of(database.reader, select(OutboxRow)))
    for viewer in seated[:4]:
        await database.votes.cast(viewer, proposal_id, Said(Choice.FOR))
    assert await tally_of(database, seated[0], proposal_id) == Tally(9)
    told = (await rows_of(database.reader, select(OutboxRow)))[before:]
    assert [(row.kind, row.name) for row in told] == [("job", "show")]
    await database.votes.cast(seated[4], proposal_id, Said(Choice.AGAINST))
    turnout = Tally(9, voters=5, on_options=5, own_on_options=5)
    assert await tally_of(database, seated[0], proposal_id) == turnout
    await database.votes.cast(seated[5], proposal_id, Said(Choice.AGAINST))
    assert await tally_of(database, seated[0], proposal_id) == turnout
    assert not await database.votes.show(proposal_id)
    clock.forward(minutes=1)
    assert await database.votes.show(proposal_id)
    assert (await tally_of(database, seated[0], proposal_id)).voters == 6


async def test_options_are_kept_and_counted_one_ballot_a_principal(database: Hall, chained: Chained) -> None:
    reads, ada, eve, gus = chained.reads, chained.ada, chained.eve, chained.gus
    edit = Edit(title="T", body="B", system=BOTH, options=["a", "b", "c"])
    proposal_id = await started(database, gus, edit)
    await database.votes.cast(eve, proposal_id, Said(options=OptionBallot(approved=(3, 1))))
    await database.votes.cast(gus, proposal_id, Said(options=OptionBallot(approved=(1,))))
    proposal = (await SqlProposalReads(database.reader).by_ids(ada, [proposal_id]))[proposal_id]
    assert proposal.rules.early_close is EarlyClose.NEVER
    assert proposal.tally == Tally(100, voters=2, on_options=10, own_on_options=7)
    election = (await reads.elections([proposal]))[proposal_id]
    assert [int(standing.score) for standing in election.standings] == [10, 0, 7]
    assert (await reads.own(ada, [proposal_id]))[proposal_id].ballot.options == OptionBallot(approved=(1, 3))


async def test_a_twins_ballot_yields_to_its_member_and_grows_up(database: Hall, clock: Clock) -> None:
    ada, ben = await database.seat([70, 30])
    proposal_id = await database.put_to_vote(ben, "One")
    reads = SqlVoteReads(database.reader)
    await database.votes.cast(ada, proposal_id, Said(Choice.FOR), by=CastBy.TWIN)
    fresh = Tally(100, in_favour=70, voters=1, by_twins=70, young_in_favour=70)
    assert await tally_of(database, ben, proposal_id) == fresh
    assert not await database.votes.mature(proposal_id)
    await database.votes.cast(ben, proposal_id, Said(Choice.AGAINST))
    with pytest.raises(Conflict, match=r"^The member has voted itself: its twin's ballot would not count.$"):
        await database.votes.cast(ben, proposal_id, Said(Choice.FOR), by=CastBy.TWIN)
    page = await reads.page(ben, Slice(), VoteFilter(proposal_id=proposal_id, cast_by=CastBy.TWIN))
    assert [vote.ballot.member_id for vote in page.rows] == [ada.member_id]
    clock.forward(minutes=1)
    assert await database.votes.mature(proposal_id)
    resolution = (await SqlResolutionReads(database.reader).by_proposals([proposal_id]))[proposal_id]
    assert resolution.passed
    assert resolution.tally == Tally(100, in_favour=70, against=30, voters=2, by_twins=70, own_against=30)
    assert not await database.votes.mature(proposal_id)
