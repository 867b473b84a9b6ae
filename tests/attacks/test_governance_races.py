"""Two hundred cast on one proposal at once; fifty proposals are decided at once by everybody who may decide them."""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from adapters.sql.clock import database_clock
from adapters.sql.pages import rows_of
from adapters.sql.proposals import ProposalRow
from adapters.sql.resolutions import ResolutionRow
from adapters.sql.votes import BallotRow, VoteRow
from domain.casting import recount
from domain.errors import Refused
from domain.members import Role, Viewer
from domain.proposals import Status
from domain.rules import EarlyClose, Rules
from domain.tally import CastBy, Choice, Tally
from domain.transactions import Work
from domain.votes import tally_of
from evals.hall import Hall, hall
from services.delegations import Delegations, Mandate
from services.votes import Said

ROOT = Path(__file__).parents[2]
CASTERS, PROPOSALS, VOTERS = 200, 50, 24
"""Casters on the one proposal; proposals that are decided together, and who votes on each of them."""
CLOSED = {"ALREADY_RESOLVED", "VOTING_CLOSED"}


@dataclass(frozen=True, slots=True)
class Ack:
    """What a caster was told: a vote's id, or the code of a refusal."""

    proposal_id: int
    choice: str
    vote: int | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """What one process does: every member casts on every proposal; one that `works` closes and matures them."""

    members: list[int]
    proposals: list[int]
    works: bool
    seed: int


# A process of its own: `python test_governance_races.py URL PART`.


async def take_part(url: str, part: Part) -> list[Ack]:
    async with hall(url) as voting, asyncio.TaskGroup() as tasks:
        chance = random.Random(part.seed)  # noqa: S311  # a repeatable order
        pairs = [(member, proposal) for member in part.members for proposal in part.proposals]
        chance.shuffle(pairs)
        casts = [tasks.create_task(cast_one(voting, *pair, chance)) for pair in pairs]
        if part.works:
            tasks.create_task(work_off(voting))
    return [cast.result() for cast in casts]


async def cast_one(voting: Hall, member_id: int, proposal_id: int, chance: random.Random) -> Ack:
    choice = chance.choices(list(Choice), [8, 1, 1])[0]
    by = CastBy.TWIN if chance.random() < 0.2 else CastBy.MEMBER
    try:
        cast = await voting.votes.cast(Viewer(member_id, Role.MEMBER), proposal_id, Said(choice), by=by)
    except Refused as refused:
        return Ack(proposal_id, choice, None, refused.code)
    return Ack(proposal_id, choice, cast.vote_id, None)


async def work_off(voting: Hall) -> None:
    """As the deferred jobs and the sweep of one worker, without a pause until nothing runs any more."""
    running = select(ProposalRow).where(col(ProposalRow.status) == Status.VOTING.value)
    while rows := await rows_of(voting.reader, running):
        await asyncio.gather(*(voting.votes.mature(row.id) for row in rows))
        await asyncio.gather(*(voting.proposals.close(row.id) for row in rows))


def started(url: str, part: Part) -> subprocess.Popen[bytes]:
    command = [sys.executable, __file__, url, json.dumps(asdict(part))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment)


async def acks_of(processes: list[subprocess.Popen[bytes]]) -> list[Ack]:
    """All ended well; what each was told."""
    said = await asyncio.gather(*(asyncio.to_thread(process.communicate, timeout=120) for process in processes))
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [Ack(**told) for out, _ in said for told in json.loads(out)]


async def prepared(voting: Hall, rules: Rules, *, members: int, proposals: int) -> tuple[list[int], list[int]]:
    """Members of different weights, every third of whom follows another, and proposals in VOTING."""
    await voting.found(rules)
    voters = await voting.seat([1 + number % 5 for number in range(members)])
    given = Delegations(voting.transact)
    for number in range(3, members, 3):
        await given.give(voters[number], Mandate(voters[number - 2].member_id))
    ids = [await voting.put_to_vote(voters[number % members], f"Proposal {number}") for number in range(proposals)]
    return [viewer.member_id for viewer in voters], ids


async def recounted(voting: Hall, proposal_id: int) -> Tally:
    def command(work: Work) -> Tally:
        nodes = work.ballots.nodes(work.proposals.locked(proposal_id))
        return tally_of(recount(nodes)[1], sum(node.weight for node in nodes))

    return await voting.transact(command)


async def check(voting: Hall, acks: list[Ack]) -> dict[int, ResolutionRow]:
    """Tallies are recounts, every acknowledged ballot and no other is there; resolutions by proposal, one at most."""
    for row in await rows_of(voting.reader, select(ProposalRow)):
        assert row.to_domain().tally == await recounted(voting, row.id)
    votes = {row.id: row for row in await rows_of(voting.reader, select(VoteRow))}
    ballots = await rows_of(voting.reader, select(BallotRow))
    told = Counter((ack.vote, ack.proposal_id, ack.choice) for ack in acks if ack.vote is not None)
    assert Counter((row.vote_id, votes[row.vote_id].proposal_id, row.choice) for row in ballots) == told
    resolutions = await rows_of(voting.reader, select(ResolutionRow).order_by(col(ResolutionRow.seq)))
    assert [row.seq for row in resolutions] == list(range(len(resolutions)))
    by_proposal = {row.proposal_id: row for row in resolutions}
    assert len(by_proposal) == len(resolutions)
    for proposal_id, resolution in by_proposal.items():
        assert resolution.to_domain().tally == await recounted(voting, proposal_id)
    return by_proposal


async def test_two_hundred_cast_at_once_on_one_proposal(url: str) -> None:
    async with hall(url) as voting:
        rules = Rules(early_close=EarlyClose.NEVER)
        members, [proposal_id] = await prepared(voting, rules, members=CASTERS, proposals=1)
        halves = [members[::2], members[1::2]]
        parts = [Part(half, [proposal_id], works=False, seed=seed) for seed, half in enumerate(halves)]
        acks = await acks_of([started(url, part) for part in parts])
        assert [ack.code for ack in acks] == [None] * CASTERS
        assert await check(voting, acks) == {}


async def test_the_deciding_one_of_two_hundred_decides_once(url: str) -> None:
    """Every member casts in both processes, by its own hand or its twin's, while both look whether it is decided."""
    async with hall(url) as voting:
        members, [proposal_id] = await prepared(voting, Rules(), members=CASTERS, proposals=1)
        parts = [Part(members, [proposal_id], works=True, seed=seed) for seed in range(2)]
        acks = await acks_of([started(url, part) for part in parts])
        assert len(acks) == 2 * CASTERS
        assert {ack.code for ack in acks} <= {None, "ALREADY_RESOLVED", "CONFLICT"}  # CONFLICT: a twin after its member
        [(decided, row)] = (await check(voting, acks)).items()
        assert (decided, row.passed, row.reason) == (proposal_id, True, "QUORUM_AND_MAJORITY")
        assert Counter(ack.code for ack in acks)["ALREADY_RESOLVED"] > 0


async def test_fifty_are_decided_at_once_by_two_apis_and_two_workers(url: str) -> None:
    """Some by their ballots, the others because their window ends in the middle of it."""
    async with hall(url) as voting:
        members, proposals = await prepared(voting, Rules(), members=VOTERS, proposals=PROPOSALS)
        apis = [started(url, Part(members[seed::2], proposals, works=False, seed=seed)) for seed in (0, 1)]
        workers = [started(url, Part([], proposals, works=True, seed=seed)) for seed in (2, 3)]
        await ballots_cast(voting, VOTERS * PROPOSALS // 3)
        await end_now(voting, proposals[::2])
        acks = await acks_of(apis)
        await end_now(voting, proposals)
        assert await acks_of(workers) == []

        assert len(acks) == VOTERS * PROPOSALS
        codes = {ack.code for ack in acks}
        assert None in codes
        assert codes - {None} <= CLOSED  # each member casts once, so there is no other reason
        assert codes & CLOSED
        resolutions = await check(voting, acks)
        assert sorted(resolutions) == proposals


async def ballots_cast(voting: Hall, count: int) -> None:
    counted = select(func.count()).select_from(BallotRow)
    async with asyncio.timeout(60):
        while await voting.reader(lambda session: session.scalars(counted).one()) < count:  # noqa: ASYNC110  # of other processes
            await asyncio.sleep(0.01)


async def end_now(voting: Hall, proposals: list[int]) -> None:
    """Their windows end at this moment, if they still run; each by itself, to wait for nobody who waits for us."""
    running = update(ProposalRow).where(col(ProposalRow.status) == Status.VOTING.value)

    def end(session: Session, *, id: int) -> None:
        session.execute(running.where(col(ProposalRow.id) == id).values(ends_at=database_clock(session)))

    for id in proposals:
        await voting.writer(partial(end, id=id))


if __name__ == "__main__":
    told = asyncio.run(take_part(sys.argv[1], Part(**json.loads(sys.argv[2]))))
    sys.stdout.write(json.dumps([asdict(ack) for ack in told]))
