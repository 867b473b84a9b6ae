"""Many cast at once from two processes, or are killed at it: nothing acknowledged is lost, nothing counts twice."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlmodel import col

from adapters.sql.pages import rows_of
from adapters.sql.proposals import ProposalRow
from adapters.sql.resolutions import ResolutionRow
from adapters.sql.votes import BallotRow, VoteRow
from domain.errors import Refused
from domain.members import Role, Viewer
from domain.rules import EarlyClose, Rules
from domain.tally import Choice, Tally
from evals.hall import Hall, hall
from services.votes import Said

ROOT = Path(__file__).parents[2]
CASTERS, PROPOSALS, EACH = 30, 6, 14
"""Casters a process, proposals, and ballots a caster: 840 in all."""


@dataclass(frozen=True, slots=True)
class Ack:
    """What a caster was told: a vote's id, or the code of a refusal."""

    proposal_id: int
    member_id: int
    choice: Choice
    vote: int | None
    code: str | None


# The casting process: `python test_vote_races.py URL SEED MEMBERS PROPOSALS`.


async def cast_much(url: str, seed: int, members: list[int], proposals: list[int]) -> None:
    async with hall(url) as voting, asyncio.TaskGroup() as casters:
        for number, member_id in enumerate(members):
            chance = random.Random(seed * 1_000 + number)  # noqa: S311  # a repeatable order
            casters.create_task(cast_some(voting, member_id, proposals, chance))


async def cast_some(voting: Hall, member_id: int, proposals: list[int], chance: random.Random) -> None:
    viewer = Viewer(member_id, Role.MEMBER)
    for _ in range(EACH):
        proposal_id, choice = chance.choice(proposals), chance.choices(list(Choice), [7, 2, 1])[0]
        told: dict[str, Any] = {"proposal_id": proposal_id, "member_id": member_id, "choice": choice}
        try:
            told |= {"vote": (await voting.votes.cast(viewer, proposal_id, Said(choice))).vote_id, "code": None}
        except Refused as refused:
            told |= {"vote": None, "code": refused.code}
        os.write(sys.stdout.fileno(), (json.dumps(told) + "\n").encode())  # at once: the process may be killed


def casting(url: str, seed: int, members: list[int], proposals: list[int]) -> subprocess.Popen[bytes]:
    arguments = [url, str(seed), json.dumps(members), json.dumps(proposals)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, __file__, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment)


def acks_of(process: subprocess.Popen[bytes]) -> Iterator[Ack]:
    """Whole lines; a process killed in the middle of one told nobody."""
    assert process.stdout is not None
    with process.stdout as pipe:
        for line in pipe:
            if line.endswith(b"\n"):
                told = json.loads(line)
                yield Ack(**{**told, "choice": Choice(told["choice"])})


def all_acks(process: subprocess.Popen[bytes]) -> list[Ack]:
    acks = list(acks_of(process))
    assert process.wait(30) == 0
    return acks


async def prepared(voting: Hall, early_close: EarlyClose) -> tuple[list[int], list[int]]:
    """Members of different weights and proposals in VOTING."""
    await voting.found(Rules(early_close=early_close))
    voters = await voting.seat([1 + number % 5 for number in range(2 * CASTERS)])
    return [viewer.member_id for viewer in voters], [
        await voting.put_to_vote(voters[number], f"Proposal {number}") for number in range(PROPOSALS)
    ]


async def recounted(voting: Hall, proposal_id: int) -> Tally:
    """From the newest revision of every ballot and the frozen weights, without the counters."""
    rows = await rows_of(voting.reader, select(VoteRow).where(col(VoteRow.proposal_id) == proposal_id))
    votes = {row.id: row for row in rows}
    ballots = await rows_of(
        voting.reader, select(BallotRow).where(col(BallotRow.vote_id).in_(votes)).order_by(col(BallotRow.revision))
    )
    newest = {row.vote_id: row for row in ballots}
    said: Counter[str | None] = Counter()
    for vote_id, row in newest.items():
        assert (votes[vote_id].revision, votes[vote_id].choice) == (row.revision, row.choice)
        said[row.choice] += votes[vote_id].weight
    in_favour, against, abstain = (said[choice] for choice in (Choice.FOR, Choice.AGAINST, Choice.ABSTAIN))
    return Tally(
        eligible=sum(row.weight for row in rows),
        in_favour=in_favour,
        against=against,
        abstain=abstain,
        voters=len(newest),
        own_in_favour=in_favour,
        own_against=against,
        own_abstain=abstain,
    )


async def check_counts(voting: Hall, acks: list[Ack]) -> None:
    """Tallies are recounts, revisions have no gap, and every acknowledged ballot is there."""
    for row in await rows_of(voting.reader, select(ProposalRow)):
        assert row.to_domain().tally == await recounted(voting, row.id)
    ballots = await rows_of(voting.reader, select(BallotRow))
    revisions = Counter(row.vote_id for row in ballots)
    assert all(row.revision <= revisions[row.vote_id] for row in ballots)
    kept = Counter((row.vote_id, row.choice) for row in ballots)
    told = Counter((ack.vote, ack.choice.value) for ack in acks if ack.vote is not None)
    assert told <= kept


async def test_two_processes_decide_every_proposal_once(url: str) -> None:
    async with hall(url) as voting:
        members, proposals = await prepared(voting, EarlyClose.ON_QUORUM)
        processes = [casting(url, 1, members[:CASTERS], proposals), casting(url, 2, members[CASTERS:], proposals)]
        one, other = await asyncio.gather(*(asyncio.to_thread(all_acks, process) for process in processes))
        acks = one + other

        assert len(acks) == 2 * CASTERS * EACH
        assert {ack.code for ack in acks} == {None, "ALREADY_RESOLVED"}
        await check_counts(voting, acks)
        assert len(await rows_of(voting.reader, select(BallotRow))) == sum(ack.vote is not None for ack in acks)
        resolutions = await rows_of(voting.reader, select(ResolutionRow).order_by(col(ResolutionRow.seq)))
        assert [row.seq for row in resolutions] == list(range(PROPOSALS))
        assert sorted(row.proposal_id for row in resolutions) == proposals
        for row in resolutions:
            sealed = row.to_domain()
            assert (sealed.passed, sealed.tally) == (True, await recounted(voting, row.proposal_id))
            assert sealed.tally.quorum_reached(sealed.rules.criteria)
            assert sealed.tally.majority_reached(sealed.rules.criteria)


async def test_what_a_killed_process_acknowledged_is_all_there(url: str) -> None:
    async with hall(url) as voting:
        members, proposals = await prepared(voting, EarlyClose.NEVER)
        processes = [casting(url, seed, members[seed * 20 : seed * 20 + 20], proposals) for seed in range(3)]
        kills = (asyncio.to_thread(killed_after, process, 40 + 30 * seed) for seed, process in enumerate(processes))
        acks = [ack for part in await asyncio.gather(*kills) for ack in part]
        assert len(acks) >= 210
        assert {ack.code for ack in acks} == {None}
        await check_counts(voting, acks)
        await voting.votes.cast(
            Viewer(members[0], Role.MEMBER), proposals[0], Said(Choice.FOR)
        )  # no lock was left behind
        if url.startswith("sqlite"):
            check = text("PRAGMA integrity_check")
            assert await voting.reader(lambda session: session.scalars(check).one()) == "ok"


def killed_after(process: subprocess.Popen[bytes], count: int) -> list[Ack]:
    """All that it acknowledged: killed with -9 after so many, then the pipe is read to its end."""
    acks: list[Ack] = []
    for ack in acks_of(process):
        acks.append(ack)
        if len(acks) == count:
            process.send_signal(signal.SIGKILL)
    assert process.wait(30) == -signal.SIGKILL
    return acks


if __name__ == "__main__":
    asyncio.run(cast_much(sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]), json.loads(sys.argv[4])))
