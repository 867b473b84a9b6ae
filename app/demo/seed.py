"""Planting the demo DAO through the services, at the times its files tell; each step first looks if it is done."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from adapters.sql.clock import PastClock
from app.container import Container
from app.demo.content import DAO_KEEPER, Motion, Paper, Person, dao_papers, motions, people
from app.settings import Settings
from domain.documents import Visibility
from domain.drafts import Edit
from domain.members import Claims, Role, Viewer
from domain.pages import Slice
from domain.proposals import Proposal, ProposalFilter, ProposalOrder, Status
from domain.rules import RulesChoice
from domain.transactions import Work
from services.chats import said
from services.votes import Said

CHAT_TITLE = "Thinking aloud"
LINES_AT_ONCE = 20
ALL = Slice(size=100)
MOST_EVENTS = 2_000
PROGRESS_SECONDS = 5.0


class SetClock(PastClock):
    """The database's clock, set by hand: the demo's past is told in order."""

    def __init__(self, now: datetime) -> None:
        self.now = self.at = now

    def __call__(self, _session: object) -> datetime:
        return self.at

    def set_ago(self, **span: float) -> None:
        self.at = self.now - timedelta(**span)


async def seed(settings: Settings, *, renew: bool = False) -> AsyncIterator[str]:
    """Lines that say what was planted, as it goes. Twice changes nothing; `renew` puts what ran to the vote anew.

    Where a worker runs, the documents are read when this ends.
    """
    clock = SetClock(datetime.now(UTC).replace(microsecond=0))
    async with Container(settings, clock=clock) as container:
        async for line in Planting(container, clock).run(renew=renew):
            yield line
        async for line in read_through(container):
            yield line


async def read_through(container: Container) -> AsyncIterator[str]:
    """Wait for the worker to read the documents and to project what was said and decided."""
    if not await container.queue.alive():
        yield "the worker reads the documents once it runs"
        return
    said = ""
    while True:
        waiting = await container.reads.documents.unread()
        events = len(await container.outbox.projectable(limit=MOST_EVENTS))
        if not waiting and not events:
            return
        line = f"still to be read: {waiting} documents; to be remembered: {events} events"
        if line != said:
            yield line
        said = line
        await asyncio.sleep(PROGRESS_SECONDS)


class Planting:
    def __init__(self, container: Container, clock: SetClock) -> None:
        self._services = container.services
        self._reads = container.reads
        self._transact = container.database.transact
        self._clock = clock
        self._viewers: dict[str, Viewer] = {}

    async def run(self, *, renew: bool) -> AsyncIterator[str]:
        everybody = people()
        for person in everybody:
            await self._join(person)
        yield f"{len(everybody)} members"
        papers = [await self._hand_in(person.handle, person.papers, Visibility.PRIVATE) for person in everybody]
        shared = await self._hand_in(DAO_KEEPER, tuple(dao_papers()), Visibility.DAO)
        yield f"{sum(papers) + shared} new documents"
        yield f"{sum([await self._talk(person) for person in everybody])} new chat lines"
        planned = motions()
        if renew:
            planned = [again async for again in self._renewed(planned)]
        for motion in planned:
            await self._table(motion)
        yield f"{len(planned)} proposals, {sum(motion.running for motion in planned)} of them running"

    async def _join(self, person: Person) -> None:
        self._clock.set_ago(days=person.joined_days_ago)
        lasting = self._clock.now + timedelta(days=1)
        claims = Claims(f"local|{person.handle}", person.handle, person.role, lasting)
        known = await self._reads.members.by_subject(claims.subject)
        if known is None:
            viewer = await self._services.members.login(claims)
            await self._services.members.update_profile(viewer, person.name)
        else:
            viewer = Viewer(known.id, person.role)
        self._viewers[person.handle] = viewer

    async def _hand_in(self, handle: str, papers: tuple[Paper, ...], visibility: Visibility) -> int:
        viewer = self._viewers[handle]
        page = await self._reads.documents.page(viewer, ALL)
        there = {document.upload.filename for document in page.rows if document.member_id == viewer.member_id}
        missing = [paper for paper in papers if paper.path.name not in there]
        for paper in missing:
            self._clock.set_ago(days=paper.days_ago)
            await self._services.documents.accept(viewer, FileOnDisk(paper.path), paper.path.name, visibility)
        return len(missing)

    async def _talk(self, person: Person) -> int:
        """The member's lines in one session, going on where an interrupted planting stopped."""
        viewer = self._viewers[person.handle]
        self._clock.set_ago(days=person.first_days_ago)
        sessions = (await self._reads.chats.page(viewer, ALL)).rows
        found = [session for session in sessions if session.title == CHAT_TITLE]
        if found:
            session_id = found[0].id
        else:
            started = await self._services.chats.start(viewer, viewer.member_id, CHAT_TITLE)
            session_id = int(started["session"] or 0)
        done = await (await self._reads.chats.page_messages(viewer, session_id, Slice(size=1))).count()
        for first in range(done, len(person.lines), LINES_AT_ONCE):
            numbers = range(first, min(first + LINES_AT_ONCE, len(person.lines)))
            await self._transact(partial(self._say, person=person, session_id=session_id, numbers=numbers))
        return len(person.lines) - done

    def _say(self, work: Work, person: Person, session_id: int, numbers: range) -> None:
        viewer = self._viewers[person.handle]
        session = work.chats.session(viewer, session_id)
        span = person.first_days_ago - person.last_days_ago
        for number in numbers:
            self._clock.set_ago(days=person.first_days_ago - span * number / len(person.lines))
            said(work, viewer, session, person.lines[number])

    async def _table(self, motion: Motion) -> None:
        """Create, open, start, vote and close, each unless it is done."""
        author = self._viewers[motion.author]
        self._clock.set_ago(minutes=motion.opened_ago)
        proposal = await self._found(motion) or await self._created(motion)
        if proposal.status is Status.DRAFT:
            await self._services.proposals.open(author, proposal.id)
            proposal = replace(proposal, status=Status.OPEN)
        self._clock.set_ago(minutes=motion.started_ago)
        if proposal.status is Status.OPEN:
            await self._services.proposals.start(author, proposal.id)
            proposal = replace(proposal, status=Status.VOTING)
        if proposal.status is Status.VOTING:
            await self._vote(motion, proposal.id)

    async def _vote(self, motion: Motion, proposal_id: int) -> None:
        votes = (await self._reads.votes.of_proposals([proposal_id])).get(proposal_id, [])
        cast = {vote.ballot.member_id for vote in votes}
        for vote in motion.votes:
            viewer = self._viewers[vote.handle]
            if viewer.member_id not in cast:
                self._clock.set_ago(minutes=motion.started_ago - vote.minutes)
                await self._services.votes.cast(viewer, proposal_id, Said(vote.choice, reason=vote.reason))
        if not motion.running:
            self._clock.set_ago(minutes=motion.started_ago - motion.voting_minutes)
            await self._services.proposals.close(proposal_id)

    async def _found(self, motion: Motion) -> Proposal | None:
        """The author's newest proposal of that title, or of that title tabled again, that was not cancelled."""
        author = self._viewers[motion.author]
        where = ProposalFilter(author_id=author.member_id, title_contains=motion.title)
        page = await self._reads.proposals.page(author, ALL, where, ProposalOrder.CREATED_DESC)
        alive = [one for one in page.rows if one.title.startswith(motion.title) and one.status is not Status.CANCELLED]
        return alive[0] if alive else None

    async def _created(self, motion: Motion) -> Proposal:
        author = self._viewers[motion.author]
        rules = RulesChoice(voting_minutes=motion.voting_minutes)
        ids = await self._services.proposals.create(author, Edit(motion.title, motion.body, list(motion.topics), rules))
        return (await self._reads.proposals.any_by_ids([int(ids["proposal"] or 0)])).popitem()[1]

    async def _renewed(self, planned: list[Motion]) -> AsyncIterator[Motion]:
        """What was running is cancelled and tabled again, in words that no failed proposal had."""
        keeper = self._viewers[DAO_KEEPER]
        for motion in planned:
            old = await self._found(motion)
            if not motion.running or old is None:
                yield motion
                continue
            self._clock.set_ago()
            if old.status in (Status.DRAFT, Status.OPEN, Status.VOTING):
                admin = replace(keeper, role=Role.ADMIN)
                await self._services.proposals.cancel(admin, old.id, "The demo was renewed.")
            again = f"{motion.title} (tabled again on {self._clock.now:%d %B %Y at %H:%M:%S})"
            yield replace(motion, title=again)


class FileOnDisk:
    """A file as the upload service reads it."""

    def __init__(self, path: Path) -> None:
        self._content, self._at = path.read_bytes(), 0

    async def read(self, size: int, /) -> bytes:
        piece = self._content[self._at : self._at + size]
        self._at += len(piece)
        return piece

    async def seek(self, offset: int, /) -> None:
        self._at = offset
