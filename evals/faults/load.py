"""What members do while an engine is ill: read, search, upload, chat, propose, vote and listen, until they are told."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from itertools import count

import httpx

from evals.crashes.load import CLOSED
from evals.crashes.members import Refused, whole
from evals.crashes.record import Cast, Record, Said, Told
from evals.faults.callers import AGAIN_SECONDS, Caller, Documented, Failed, Undocumented
from evals.faults.diary import Diary, Outcome

READ = "{ viewer { id displayName } proposals(first: 5) { nodes { number status quorum { participatingWeight } } } }"
TWIN = "{ viewer { twin { id } } }"
FACTS = '{ searchFacts(query: "Who needs bolts?", days: null) { text } }'
MEMORIES = 'query ($twin: ID!) { searchMemories(twinId: $twin, query: "bolts") { score } }'
CHANGES = "subscription ($id: ID!) { documentChanged(documentId: $id) { status error { code message } } }"
REPLY = "query ($id: ID!) { node(id: $id) { ... on ChatMessage { degraded } } }"
RESOLVED = "subscription ($after: Int!) { resolved(afterSeq: $after) { seq proposal { id } } }"
NEWEST = "{ resolutions(last: 1) { nodes { seq } } }"
SINGLES = ("read", "facts", "memories", "vote", "upload", "message", "propose", "health")
"""Kinds that are one question and one answer."""
HEALTH_SECONDS = 5.0
"""How long health may take to say what is wrong."""
PACE = 0.3


class Load:
    """`record` says what was acknowledged. `hasten` lets the votes that run end soon. `name` is this case's alone."""

    def __init__(
        self, callers: list[Caller], urls: list[str], diary: Diary, *, hasten: Callable[[], Awaitable[None]], name: str
    ) -> None:
        self.callers, self.urls, self.diary, self.name = callers, urls, diary, name
        self.hasten = hasten
        self.record = Record()
        self.stopping = asyncio.Event()
        self._number = count(1)
        self._decided: dict[str, asyncio.Event] = {}
        self._doing: list[asyncio.Task[None]] = []
        self._listening: asyncio.Task[None]

    def start(self) -> None:
        authors, readers = self.callers[:2], self.callers[2:]
        doing = [self._reads(readers[0]), self._searches(readers[1])]
        doing += [
            self._uploads(readers[0]),
            self._uploads(readers[1]),
            self._chats(readers[1]),
            self._chats(readers[2]),
        ]
        doing += [self._decides(authors[0], early="ON_QUORUM"), self._decides(authors[1], early="NEVER")]
        doing += [self._looks(url) for url in self.urls]
        self._doing = [asyncio.create_task(each) for each in doing]
        self._listening = asyncio.create_task(self._listens(readers[0]))

    def abandon(self) -> None:
        """Clients go away in the middle of what they do."""
        self.stopping.set()
        for task in (*self._doing, self._listening):
            task.cancel()
        for entry in self.diary.entries:
            entry.ended = entry.ended or time.monotonic()

    async def end(self, seconds: float) -> list[str]:
        """What is begun is let finish; what has not by then is a finding, as is whatever a client did not expect."""
        self.stopping.set()
        _, late = await asyncio.wait(self._doing, timeout=seconds)
        for task in (*late, self._listening):
            task.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)
        ends = await asyncio.gather(*self._doing, return_exceptions=True)
        unexpected = [f"a client met {type(error).__name__}: {error}" for error in ends if isinstance(error, Exception)]
        hanging = sorted({entry.kind for entry in self.diary.entries if not entry.ended})
        return unexpected + (
            [f"not over {seconds:.0f} s after the end: {', '.join(hanging) or 'a client'}"] if late else []
        )

    @property
    def going(self) -> bool:
        return not self.stopping.is_set()

    def _sentence(self) -> str:
        return f"The press number {self.name}-{next(self._number)} of the guild needs forty bolts and a new belt."

    async def _reads(self, caller: Caller) -> None:
        while self.going:
            await tried(caller.ask("read", READ))
            await asyncio.sleep(PACE)

    async def _searches(self, caller: Caller) -> None:
        twin = (await caller.asked("read", TWIN))["viewer"]["twin"]["id"]
        while self.going:
            await asyncio.gather(tried(caller.ask("facts", FACTS)), tried(caller.ask("memories", MEMORIES, twin=twin)))
            await asyncio.sleep(PACE)

    async def _looks(self, url: str) -> None:
        """At health, which must always answer at once, and say what it is."""
        patience = HEALTH_SECONDS * self.diary.slack
        async with httpx.AsyncClient(base_url=url, timeout=patience, trust_env=False) as client:
            while self.going:
                entry = self.diary.begin("health")
                try:
                    status = (await client.get("/health/ready")).json()["status"]
                except httpx.HTTPError as error:
                    self.diary.end(entry, Outcome.WRONG, f"{type(error).__name__} after {entry.seconds:.1f} s")
                else:
                    self.diary.end(entry, Outcome.OK if status == "ready" else Outcome.DEGRADED, status)
                await asyncio.sleep(PACE)

    async def _uploads(self, caller: Caller) -> None:
        while self.going:
            text = " ".join(self._sentence() for _ in range(3))
            entry = self.diary.begin("document")
            document = await caller.upload(f"{self.name}-{next(self._number)}.txt", text.encode())
            self.record.documents[document] = Told(caller.handle, "DONE")
            await self._read(caller, document)
            self.diary.end(entry, Outcome.OK, single=False)
            await asyncio.sleep(PACE)

    async def _read(self, caller: Caller, document: str) -> None:
        """Until it is, heard at one process or, should that subscription break, at the other."""
        for at in count():
            try:
                async with aclosing(caller.listen(CHANGES, at=at, id=document)) as changes:
                    async for change in changes:
                        found = change["documentChanged"]
                        if found["status"] == "DONE":
                            return
                        if found["status"] == "FAILED":
                            self.diary.wrong.append(f"document {document} FAILED: {found['error']}")
                            return
            except Documented:
                await asyncio.sleep(AGAIN_SECONDS)
            except Undocumented as error:
                self.diary.wrong.append(f"document {document}: {error}")
                await asyncio.sleep(AGAIN_SECONDS)

    async def _chats(self, caller: Caller) -> None:
        twin = (await caller.asked("read", TWIN))["viewer"]["twin"]["id"]
        asked = await caller.done("message", "startChat StartChatInput session { id }", twinId=twin)
        session = asked["session"]["id"]
        for turn in count():
            if not self.going:
                return
            await self._talks(caller, session, at=turn)
            await asyncio.sleep(PACE)

    async def _talks(self, caller: Caller, session: str, *, at: int) -> None:
        text = f"{self._sentence()} What does the press number {self.name}-1 need?"
        entry = self.diary.begin("reply")
        mutation = "sendMessage SendMessageInput message { id } replyId"
        sent = await caller.done("message", mutation, sessionId=session, text=text)
        reply = sent["replyId"]
        self.record.messages[sent["message"]["id"]] = Said(caller.handle, session, text, reply)
        await self._follows(caller, reply, at=at)
        less = (await caller.asked("read", REPLY, id=reply))["node"]["degraded"]
        self.diary.end(entry, Outcome.DEGRADED if less else Outcome.OK, single=False)

    async def _follows(self, caller: Caller, reply: str, *, at: int) -> None:
        while True:
            try:
                wrong = whole([event async for event in caller.follow(reply, at=at)])
            except Documented:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            except Undocumented as error:
                wrong = str(error)
            if wrong:
                self.diary.wrong.append(f"reply {reply}, as it was followed: {wrong}")
            return

    async def _listens(self, caller: Caller) -> None:
        """To every resolution from now on, at one process all the time."""
        newest = (await caller.asked("read", NEWEST))["resolutions"]["nodes"]
        last = newest[0]["seq"] if newest else -1
        while self.going:
            try:
                async with aclosing(caller.listen(RESOLVED, at=1, after=last)) as resolutions:
                    async for each in resolutions:
                        found = each["resolved"]
                        if found["seq"] != last + 1:
                            self.diary.wrong.append(f"resolution {found['seq']} was heard after {last}")
                        last = found["seq"]
                        self._decided.setdefault(found["proposal"]["id"], asyncio.Event()).set()
            except (Documented, Undocumented) as error:
                self.diary.wrong.append(f"resolved ended: {error}")
                await asyncio.sleep(AGAIN_SECONDS)

    async def _decides(self, author: Caller, *, early: str) -> None:
        while self.going:
            entry = self.diary.begin("decision")
            proposal = await self._starts(author, early)
            decided = self._decided.setdefault(proposal, asyncio.Event())
            voters = [asyncio.create_task(self._votes(voter, proposal)) for voter in self.callers]
            await asyncio.gather(*voters)
            if early == "NEVER":
                await self.hasten()
            await decided.wait()
            self.diary.end(entry, Outcome.OK, single=False)
            await asyncio.sleep(PACE)

    async def _starts(self, author: Caller, early: str) -> str:
        title = f"Proposal {self.name}-{next(self._number)}"
        fields = {"title": title, "body": self._sentence(), "rules": {"earlyClose": early}}
        made = await author.done("propose", "createProposal CreateProposalInput proposal { id }", **fields)
        proposal: str = made["proposal"]["id"]
        self.record.proposals[proposal] = title
        await author.done("propose", "openProposal ProposalIdInput proposal { id }", proposalId=proposal)
        await author.done("propose", "startVoting ProposalIdInput proposal { id }", proposalId=proposal)
        self.record.started.add(proposal)
        return proposal

    async def _votes(self, voter: Caller, proposal: str) -> None:
        for choice in ("AGAINST", "FOR"):
            await asyncio.sleep(PACE)
            cast = self.record.ballots.setdefault((proposal, voter.handle), Cast())
            cast.choices.append(choice)
            fields = {"proposalId": proposal, "choice": choice, "reason": f"Case {self.name}."}
            try:
                await voter.done("vote", "castVote CastVoteInput vote { choice }", **fields)
            except Refused as refused:
                cast.choices.remove(choice)
                if refused.code not in CLOSED:
                    raise
                return
            cast.choices[:] = [choice]
            cast.acknowledged = True


async def tried(asking: Awaitable[object]) -> None:
    """Its failure stands in the diary."""
    try:
        await asking
    except Failed:
        await asyncio.sleep(AGAIN_SECONDS)


async def hasty(hasten: Callable[[], Awaitable[None]]) -> None:
    """However long the database is away: it is asked by us, not by a client."""
    until = time.monotonic() + 300
    while True:
        try:
            return await hasten()
        except Exception:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(AGAIN_SECONDS)
