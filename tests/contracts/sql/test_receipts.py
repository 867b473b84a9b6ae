"""Receipts over the record: sealed in order and once, valid, and a changed record is found."""

import asyncio
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.auth.ed25519 import Ed25519Signer, Ed25519Verifier
from adapters.sql.proposal_reads import SqlProposalReads
from adapters.sql.receipts import SqlReceiptReads
from adapters.sql.resolutions import SqlResolutionReads
from domain.drafts import Edit
from domain.members import Viewer
from domain.option_ballots import OptionBallot
from domain.receipts import opaque_id
from domain.rules import EarlyClose, RulesChoice, VotingSystem
from domain.tally import CastBy, Choice
from domain.verifications import TRUSTED, Verification, chained, verify
from evals.hall import Hall, Silence, hall
from services.delegations import Delegations, Mandate
from services.receipts import UNSEALED, Receipts
from services.resolutions import Resolutions
from services.votes import Said
from tests.contracts.sql.times import Clock

FOR, AGAINST = Said(Choice.FOR), Said(Choice.AGAINST)
WAITING = RulesChoice(early_close=EarlyClose.NEVER)


def receipts_of(voting: Hall, folder: Path) -> Receipts:
    signer = Ed25519Signer(folder / "receipt.key")
    return Receipts(voting.transact, SqlReceiptReads(voting.reader), signer, Ed25519Verifier())


@pytest.fixture
def receipts(database: Hall, tmp_path: Path) -> Receipts:
    return receipts_of(database, tmp_path)


async def asked(voting: Hall, author: Viewer, title: str, *options: str, system: VotingSystem | None = None) -> int:
    """The id of a proposal in VOTING that waits for its end."""
    edit = Edit(title=title, body="For a receipt.", choice=WAITING, system=system, options=options)
    proposal_id = int((await voting.proposals.create(author, edit))["proposal"] or 0)
    await voting.proposals.open(author, proposal_id)
    await voting.proposals.start(author, proposal_id)
    return proposal_id


async def close(voting: Hall, clock: Clock, *proposal_ids: int) -> list[int]:
    """Ids of the resolutions."""
    clock.forward(hours=72)
    assert [await voting.proposals.close(proposal_id) for proposal_id in proposal_ids] == [True] * len(proposal_ids)
    found = await SqlResolutionReads(voting.reader).by_proposals(list(proposal_ids))
    return [found[proposal_id].id for proposal_id in proposal_ids]


async def delegated(voting: Hall, clock: Clock) -> tuple[list[Viewer], int, int]:
    """Two votes with own ballots, twins', delegates', a change of mind and silence; the second among options."""
    members = await voting.seat([5, 3, 2, 4, 1, 7])
    ada, ben, cem, dan, eve, _fay = members
    delegations = Delegations(voting.transact)
    await delegations.give(ben, Mandate(ada.member_id))
    await delegations.give(cem, Mandate(dan.member_id, accepts_twin=True))
    await delegations.give(eve, Mandate(cem.member_id, accepts_twin=False))
    basic = await asked(voting, ada, "Shall we?")
    options = await asked(voting, ben, "Which?", "A", "B", "C", system=VotingSystem.QUADRATIC)
    for viewer, said, by in (
        (ada, AGAINST, CastBy.MEMBER),
        (dan, FOR, CastBy.TWIN),
        (eve, AGAINST, CastBy.TWIN),
        (eve, FOR, CastBy.MEMBER),
        (ada, FOR, CastBy.MEMBER),
    ):
        clock.forward(seconds=1)
        await voting.votes.cast(viewer, basic, said, by=by)
    for viewer, shares in ((ada, ((1, 3), (2, 1))), (dan, ((2, 1), (3, 5)))):
        await voting.votes.cast(viewer, options, Said(options=OptionBallot(shares=shares)))
    return members, basic, options


async def test_receipts_of_what_was_decided_are_valid(database: Hall, clock: Clock, receipts: Receipts) -> None:
    _, *proposals = await delegated(database, clock)
    ids = await close(database, clock, *proposals)
    unsealed = await receipts.verify(ids[0])
    assert unsealed is not None
    assert (unsealed.stored, unsealed.mismatches) == (None, (UNSEALED,))
    assert await receipts.file(ids[0]) is None
    assert await receipts.seal() == ids
    assert await receipts.seal() == []
    for resolution_id in ids:
        found, content = await receipts.verify(resolution_id), await receipts.file(resolution_id)
        assert found is not None
        assert content is not None
        assert found.mismatches == ()
        assert verify(content, Ed25519Verifier(), key=receipts.key) == found
        assert verify(content, Ed25519Verifier()).remarks == (TRUSTED,)
    assert await receipts.verify(99) is None
    assert await receipts.file(99) is None
    assert [await receipts.resolution_at(seq) for seq in (0, 1, 2)] == [*ids, None]


async def test_a_receipt_holds_opaque_ids_only_and_stays_when_derived_votes_are_written(
    database: Hall, clock: Clock, receipts: Receipts
) -> None:
    members, basic, options = await delegated(database, clock)
    (first, _) = await close(database, clock, basic, options)
    await receipts.seal()
    before = await receipts.file(first)
    assert before is not None
    resolutions = Resolutions(database.transact, SqlResolutionReads(database.reader), Silence())
    await resolutions.derive(first)
    assert await receipts.file(first) == before
    receipt = json.loads(before)["receipt"]
    proposal = (await SqlProposalReads(database.reader).any_by_ids([basic]))[basic]
    assert proposal.salt is not None
    names = [opaque_id(proposal.salt, member.member_id) for member in members]
    ada, ben, cem, dan, eve, _ = names
    assert [place["id"] for place in receipt["electorate"]] == sorted(names)
    assert {place["id"]: place["to"] for place in receipt["electorate"] if place["to"]} == {
        ben: ada,
        cem: dan,
        eve: cem,
    }
    said = {ballot["id"]: (ballot["choice"], ballot["castBy"], ballot["revision"]) for ballot in receipt["ballots"]}
    assert said == {ada: ("FOR", "MEMBER", 2), dan: ("FOR", "TWIN", 1), eve: ("FOR", "MEMBER", 2)}
    assert receipt["proposal"]["contentHash"] == proposal.draft.content_hash(proposal.rules)


async def test_an_acknowledged_ballot_is_in_the_receipt(database: Hall, clock: Clock, receipts: Receipts) -> None:
    (ada,) = await database.seat([1])
    proposal_id = await asked(database, ada, "One")
    counted = await database.votes.cast(ada, proposal_id, FOR)
    proposal = (await SqlProposalReads(database.reader).any_by_ids([proposal_id]))[proposal_id]
    assert counted.vote is not None
    acknowledged = receipts.acknowledge(counted.vote, proposal)
    assert acknowledged is not None
    signature, content = acknowledged
    assert Ed25519Verifier().verify(content, signature, receipts.key)
    (resolution_id,) = await close(database, clock, proposal_id)
    await receipts.seal()
    (ballot,) = json.loads(await receipts.file(resolution_id) or b"")["receipt"]["ballots"]
    told = json.loads(content)
    assert {name: told[name] for name in ballot if name != "young"} == {
        name: value for name, value in ballot.items() if name != "young"
    }
    assert (told["number"], told["format"], told["version"]) == (proposal.number, "frontier-ballot", 1)
    derived = replace(counted.vote, ballot=replace(counted.vote.ballot, cast_by=CastBy.DELEGATE))
    assert receipts.acknowledge(derived, proposal) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE ballot SET choice = 'AGAINST' WHERE cast_by = 'TWIN'", "outcome.tally.inFavour is "),
        (
            "UPDATE vote SET weight = weight + 1 WHERE member_id = 6",
            "outcome.tally.eligible is 22, but the ballots give 23.",
        ),
        ("UPDATE vote SET delegate_id = NULL", "outcome.tally.inFavour is "),
        ("DELETE FROM ballot WHERE revision = 2", "outcome.tally.voters is 3, but the ballots give 1."),
        ("UPDATE resolution SET passed = NOT passed", "The outcome is "),
        ("UPDATE receipt SET hash = previous WHERE seq = 1", "The hash is "),
        ("UPDATE receipt SET previous = signature WHERE seq = 1", "The chain is broken: "),
        ("UPDATE proposal SET title = 'Another'", "The hash is "),
    ],
)
async def test_a_changed_record_is_found(
    database: Hall, clock: Clock, receipts: Receipts, change: str, said: str
) -> None:
    _, *proposals = await delegated(database, clock)
    ids = await close(database, clock, *proposals)
    await receipts.seal()
    await database.writer(lambda session: session.execute(text(change)))
    found = [result for result in [await receipts.verify(each) for each in ids] if result is not None]
    mismatches = [mismatch for result in found for mismatch in result.mismatches]
    assert any(mismatch.startswith(said) for mismatch in mismatches), mismatches


async def test_two_workers_seal_each_resolution_once_and_in_order(
    database: Hall, clock: Clock, receipts: Receipts, url: str, tmp_path: Path
) -> None:
    members = await database.seat([1] * 5)
    proposals = [await asked(database, author, f"Number {author.member_id}") for author in members]
    for viewer, proposal_id in zip(members, proposals, strict=True):
        await database.votes.cast(viewer, proposal_id, FOR)
    ids = await close(database, clock, *proposals)
    async with hall(url, clock=clock) as other:
        works = [receipts, receipts_of(other, tmp_path), receipts, receipts_of(other, tmp_path)]
        sealed = await asyncio.gather(*(each.seal() for each in works))
    assert sorted(each for part in sealed for each in part) == ids
    files = {str(each): await receipts.file(each) or b"" for each in ids}
    results = chained({name: verify(content, Ed25519Verifier(), key=receipts.key) for name, content in files.items()})
    assert [result.mismatches for result in results.values()] == [()] * 5
    assert all(linked(*pair) for pair in pairwise(results.values()))


def linked(before: Verification, after: Verification) -> bool:
    return after.previous == before.computed
