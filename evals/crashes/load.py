"""What members do at once in one seed: upload, chat, delegate, propose, vote, change their minds, delete."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from hashlib import sha256

from evals.crashes.members import GaveUp, Member, Refused, whole
from evals.crashes.record import Cast, Record, Said, Told

CLOSED = {"ALREADY_RESOLVED", "VOTING_CLOSED"}
CHOICES = ("FOR", "FOR", "FOR", "AGAINST", "ABSTAIN")
BROKEN = b"%PDF-1.4 this is none"
LENGTHS = (2, 4, 8, 40)
"""Sentences of a document."""


class Load:
    """Of one seed; `record` says what was acknowledged. `hasten` lets the votes that run end soon.

    `abandoned`: SHA-256 of uploads that got no answer and were not asked for again.
    """

    def __init__(
        self, members: list[Member], chance: random.Random, *, seed: int, hasten: Callable[[], Awaitable[None]]
    ) -> None:
        self.members = members
        self.hasten = hasten
        self.chance = chance
        self.seed = seed
        self.record = Record()
        self.abandoned: set[str] = set()
        self._texts = 0

    async def run(self) -> None:
        """Until all have done what they came for."""
        authors = self.chance.sample(self.members, 2)
        doing = [self._uploads(member) for member in self.chance.sample(self.members, 3)]
        doing += [self._chats(member) for member in self.chance.sample(self.members, 2)]
        doing += [self._delegates(member) for member in self.chance.sample(self.members, 2)]
        doing += [self._decides(author, early=self.chance.choice(["ON_QUORUM", "NEVER"])) for author in authors]
        await asyncio.gather(*doing)

    def _sentence(self) -> str:
        """One that nobody ever said before."""
        self._texts += 1
        number = f"{self.seed}-{self._texts}"
        what = self.chance.choice(["kiln", "loom", "lathe", "press", "printer", "oven"])
        return f"The {what} number {number} of the guild needs {self.chance.randint(2, 90)} bolts and a new belt."

    async def _uploads(self, member: Member) -> None:
        for number in range(self.chance.randint(1, 2)):
            await member.pause(1.5)
            broken = self.chance.random() < 0.15
            sentences = [self._sentence() for _ in range(self.chance.choice(LENGTHS))]
            content = BROKEN + str(self._texts).encode() if broken else " ".join(sentences).encode()
            name = f"{self.seed}-{member.handle}-{number}.{'pdf' if broken else 'txt'}"
            visibility = self.chance.choice(["PRIVATE", "PRIVATE", "DAO"])
            for _ in range(self.chance.choice([1, 1, 1, 2])):
                try:
                    document = await member.upload(name, content, visibility=visibility)
                except GaveUp:
                    self.abandoned.add(sha256(content).hexdigest())
                    continue
                self.record.documents[document] = Told(member.handle, "FAILED" if broken else "DONE")
            mine = [id for id, told in self.record.documents.items() if told.member == member.handle]
            if mine and self.chance.random() < 0.3:
                await member.pause(1.0)
                await self._deletes(member, self.chance.choice(mine))

    async def _deletes(self, member: Member, document: str) -> None:
        """With its duplicates."""
        gone = [document]
        query = "query ($id: ID!) { document(id: $id) { sha256 duplicateOf { id } } }"
        found = (await member.ask(query, id=document))["document"]
        if found is None:
            return
        if found["duplicateOf"] is None:
            gone = [
                other for other in list(self.record.documents)
                if other == document or await self._copies(member, other, document)
            ]  # fmt: skip
        for each in gone:
            self.record.documents[each].unsure = True
        try:
            await member.done("deleteDocument DeleteDocumentInput deletedId", documentId=document)
        except GaveUp:
            return
        for each in gone:
            self.record.documents[each].deleted = True

    async def _copies(self, member: Member, document: str, original: str) -> bool:
        query = "query ($id: ID!) { document(id: $id) { duplicateOf { id } } }"
        found = (await member.ask(query, id=document))["document"]
        return bool(found and found["duplicateOf"] and found["duplicateOf"]["id"] == original)

    async def _chats(self, member: Member) -> None:
        twin = (await member.ask("{ viewer { twin { id } } }"))["viewer"]["twin"]["id"]
        try:
            session = (await member.done("startChat StartChatInput session { id }", twinId=twin))["session"]["id"]
            for _ in range(self.chance.randint(1, 3)):
                await member.pause(0.5)
                await self._talks(member, session)
            if self.chance.random() < 0.15:
                self.record.unsure_sessions.add(session)
                await member.done("deleteChat DeleteChatInput deletedId", sessionId=session)
                self.record.deleted_sessions.add(session)
        except GaveUp:
            return

    async def _talks(self, member: Member, session: str) -> None:
        text = f"{self._sentence()} What does the kiln number {self.seed}-1 need?"
        try:
            sent = await member.done(
                "sendMessage SendMessageInput message { id } replyId", sessionId=session, text=text
            )
        except GaveUp:
            return
        except Refused as refused:
            if refused.code != "CONFLICT":  # one that was given up is being answered still
                raise
            return
        reply = sent["replyId"]
        self.record.messages[sent["message"]["id"]] = Said(member.handle, session, text, reply)
        if self.chance.random() < 0.15:
            await member.pause(0.5)
            await member.done("cancelReply CancelReplyInput message { id }", replyId=reply)
        if wrong := whole([event async for event in member.follow(reply)]):
            self.record.wrong.append(f"reply {reply}, as it was followed: {wrong}")

    async def _delegates(self, member: Member) -> None:
        """Somebody, and perhaps takes it back."""
        other = self.chance.choice([each for each in self.members if each is not member])
        to = (await other.ask("{ viewer { id } }"))["viewer"]["id"]
        try:
            given = await member.done("delegate DelegateInput delegation { id }", to=to)
            delegation = given["delegation"]["id"]
            self.record.delegations[delegation] = member.handle
            if self.chance.random() < 0.4:
                await member.pause(1.0)
                await member.done("revokeDelegation RevokeDelegationInput delegation { id }", delegationId=delegation)
        except GaveUp:
            return
        except Refused as refused:
            if refused.code not in ("DELEGATION_CYCLE", "CONFLICT"):
                raise

    async def _decides(self, author: Member, *, early: str) -> None:
        title = f"Proposal {self.seed} of {author.handle}"
        try:
            await self._tidies(author)
            fields = {"title": title, "body": self._sentence(), "rules": {"earlyClose": early}}
            made = await author.done("createProposal CreateProposalInput proposal { id }", **fields)
            proposal = made["proposal"]["id"]
            self.record.proposals[proposal] = title
            await author.done("openProposal ProposalIdInput proposal { id }", proposalId=proposal)
            await author.done("startVoting ProposalIdInput proposal { id }", proposalId=proposal)
        except GaveUp:
            return
        self.record.started.add(proposal)
        if early == "NEVER" and self.chance.random() < 0.5:
            await self.hasten()
        voters = self.chance.sample(self.members, self.chance.randint(3, len(self.members)))
        await asyncio.gather(*(self._votes(voter, proposal) for voter in voters))

    async def _tidies(self, author: Member) -> None:
        """What it gave up in earlier seeds stays OPEN, and only three may be."""
        viewer = (await author.ask("{ viewer { id } }"))["viewer"]["id"]
        query = "query ($me: ID!) { proposals(filter: { author: $me, status: [OPEN] }) { nodes { id } } }"
        for left in (await author.ask(query, me=viewer))["proposals"]["nodes"]:
            await author.done("cancelProposal CancelProposalInput proposal { id }", proposalId=left["id"])

    async def _votes(self, voter: Member, proposal: str) -> None:
        for _ in range(self.chance.choice([1, 1, 2, 3])):
            await voter.pause(1.5)
            choice = self.chance.choice(CHOICES)
            cast = self.record.ballots.setdefault((proposal, voter.handle), Cast())
            cast.choices.append(choice)
            try:
                fields = {"proposalId": proposal, "choice": choice, "reason": f"Seed {self.seed}."}
                await voter.done("castVote CastVoteInput vote { choice }", **fields)
            except GaveUp:
                continue
            except Refused as refused:
                cast.choices.remove(choice)
                if refused.code not in CLOSED:
                    raise
                return
            cast.choices[:] = [choice]
            cast.acknowledged = True
