"""A DAO in a database of its own, with its services called directly: for measuring and for tests."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import insert
from sqlmodel import col

from adapters.sql.clock import Clock, database_clock
from adapters.sql.database import connected
from adapters.sql.members import MemberRow, SqlMemberReads
from adapters.sql.proposal_reads import SqlProposalReads
from adapters.sql.reader import Reader
from adapters.sql.transactions import SqlTransact
from adapters.sql.writer import Writer
from domain.drafts import Edit
from domain.members import Admission, Role, Viewer
from domain.rules import Rules
from services.members import Members
from services.proposals import Proposals
from services.votes import Votes


class Silence:
    """A bus and listener without hints: who watches looks again after a while."""

    async def publish(self, topics: list[str]) -> None: ...

    @asynccontextmanager
    async def listen(self, _topic: str) -> AsyncIterator["Silence"]:
        yield self

    async def wait(self, seconds: float) -> bool:
        await asyncio.sleep(seconds)
        return False


@dataclass(frozen=True, slots=True)
class Hall:
    """One process' reader, writer and services over one migrated database."""

    reader: Reader
    writer: Writer
    transact: SqlTransact
    members: Members
    proposals: Proposals
    votes: Votes

    async def found(self, rules: Rules) -> None:
        await self.transact(lambda work: work.daos.ensure("Hall", rules))

    async def seat(self, weights: Sequence[int], *, prefix: str = "m") -> list[Viewer]:
        """Admitted members with these weights, in one transaction."""
        now = datetime.now(UTC)
        rows = [
            {
                **dict.fromkeys(("subject", "handle", "display_name"), f"{prefix}{number}"),
                "role": Role.MEMBER.value,
                "weight": weight,
                "admitted": True,
                "joined_at": now,
                "last_seen": now,
                "transaction_id": "seated",
            }
            for number, weight in enumerate(weights)
        ]
        made = insert(MemberRow).returning(col(MemberRow.id), sort_by_parameter_order=True)
        ids = await self.writer(lambda session: list(session.scalars(made, rows)))
        return [Viewer(member_id, Role.MEMBER) for member_id in ids]

    async def propose(self, author: Viewer, title: str) -> int:
        """A DRAFT with the DAO's rules."""
        made = await self.proposals.create(author, Edit(title=title, body=f"About {title}."))
        return int(made["proposal"] or 0)

    async def put_to_vote(self, author: Viewer, title: str) -> int:
        proposal_id = await self.propose(author, title)
        await self.proposals.open(author, proposal_id)
        await self.proposals.start(author, proposal_id)
        return proposal_id


@asynccontextmanager
async def hall(url: str, *, clock: Clock = database_clock) -> AsyncIterator[Hall]:
    """Closed at the end; the database stays."""
    reader, writer = connected(url)
    transact = SqlTransact(writer, clock=clock)
    members = Members(transact, SqlMemberReads(reader), admission=Admission.OPEN, now=lambda: datetime.now(UTC))
    proposals = Proposals(transact, SqlProposalReads(reader), Silence())
    try:
        yield Hall(reader, writer, transact, members, proposals, Votes(transact))
    finally:
        await writer.close()
        await reader.close()
