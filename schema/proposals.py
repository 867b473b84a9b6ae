"""Proposals as the viewer may see them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.drafts import MAX_TITLE
from domain.errors import BadInput
from domain.inputs import check_storable
from domain.proposals import Proposal, ProposalFilter, ProposalOrder, Status, StatusChange
from domain.rules import VotingSystem
from schema.actions import ProposalAction, action_type
from schema.commands import CommandInput, Payload
from schema.context import Info
from schema.elections import OptionResult
from schema.enums import described
from schema.fields import field
from schema.ids import global_id, row_id
from schema.nodes import Node, present
from schema.pages import After, Before, Connection, First, Last, connection, wanted
from schema.resolutions import ResolutionType
from schema.rules import VotingRulesType
from schema.tally import QuorumState
from schema.topics import PolicyTopicType
from schema.viewer_can import Standing, ViewerCan, viewer_can
from schema.votes import VoteConnection, VoteType

if TYPE_CHECKING:
    from schema.members import MemberType

described(
    Status,
    "ProposalStatus",
    "A proposal's state.",
    DRAFT="Seen and edited by its author; ADMIN sees it too.",
    OPEN="Seen by all and fixed; not yet put to the vote.",
    VOTING="Ballots are taken.",
    PASSED="Decided: passed.",
    FAILED="Decided: failed.",
    IMPLEMENTED="Passed and done.",
    CANCELLED="Taken back before it was decided.",
)
described(
    ProposalOrder,
    "ProposalOrder",
    "The order of proposals.",
    CREATED_DESC="Newest first.",
    CREATED_ASC="Oldest first.",
    ENDING_SOON="Next end of voting first; those without an end last.",
)


@strawberry.type(name="StatusChange", description="One step of a proposal's way.")
class StatusChangeType:
    change: strawberry.Private[StatusChange]
    status: Status = strawberry.field(description="The state that it reached.")
    at: datetime = strawberry.field(description="When.")
    reason: str | None = strawberry.field(description="Why, where somebody said so.")

    @field("Who; null: the vote itself, or its time.")
    async def by(self, info: Info) -> Annotated["MemberType", strawberry.lazy("schema.members")] | None:
        return None if self.change.by_id is None else await info.context.loaders.members.load(self.change.by_id)

    @classmethod
    def from_domain(cls, change: StatusChange) -> "StatusChangeType":
        return cls(change=change, status=change.status, at=change.at, reason=change.reason)


@strawberry.type(name="Proposal", description="What a member puts before the DAO.")
class ProposalType(Node):
    proposal: strawberry.Private[Proposal]
    seq: int = strawberry.field(description="Rises with every change, a ballot's included.")
    number: int = strawberry.field(description="For people: 1, 2, 3.")
    title: str = strawberry.field(description="At most 200 characters.")
    body: str = strawberry.field(description="At most 50,000 characters of Markdown.")
    status: Status = strawberry.field(description="Its state.")
    created_at: datetime = strawberry.field(description="When it was drafted.")
    voting_starts_at: datetime | None = strawberry.field(description="When voting started; null before.")
    voting_ends_at: datetime | None = strawberry.field(description="When voting ends or would have ended, exclusive.")
    system: VotingSystem = strawberry.field(description="How its ballots are counted.")
    options: list[str] = strawberry.field(description="What to choose among; empty for BASIC.")
    discussion_url: str | None = strawberry.field(description="Where it is talked about.")
    rules: VotingRulesType = strawberry.field(description="What it needs to pass.")
    quorum: QuorumState = strawberry.field(description="How the vote stands.")

    @field("Who wrote it.")
    async def author(self, info: Info) -> Annotated["MemberType", strawberry.lazy("schema.members")]:
        return await present(info.context.loaders.members.load(self.proposal.author_id))

    @field("Tags, at most five; they have no effect on the vote.")
    async def topics(self, info: Info) -> list[PolicyTopicType]:
        found = await info.context.loaders.topics.load_many(self.proposal.topic_ids)
        return [topic for topic in found if topic]

    @field(
        "Effective votes, first cast first. Those of givers join at the close; until then each finds its own in "
        "myVote. While ballots are hidden, only the viewer's own."
    )
    async def votes(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> VoteConnection:
        asked = wanted("votes", first, after, last, before)
        page = await info.context.loaders.votes_of_proposals.load((asked, self.proposal.id))
        return connection("votes", page, VoteType.from_domain)

    @field("How the options stand, in their order; empty for BASIC and while ballots are hidden.")
    async def results(self, info: Info) -> list[OptionResult]:
        if self.proposal.system is VotingSystem.BASIC or self.proposal.hidden:
            return []
        election = await info.context.loaders.elections.load(self.proposal)
        return OptionResult.all_of(election, self.proposal.draft.options)

    @field("What it does when it passes; null: it only says so.")
    def action(self) -> ProposalAction | None:
        action = self.proposal.draft.action
        return None if action is None else action_type(action)

    @field("The topic in which delegations count before global ones.")
    async def scope(self, info: Info) -> PolicyTopicType | None:
        key = self.proposal.draft.scope_id
        return None if key is None else await info.context.loaders.topics.load(key)

    @field("Members who back it, first come first.")
    async def sponsors(self, info: Info) -> list[Annotated["MemberType", strawberry.lazy("schema.members")]]:
        ids = await info.context.loaders.sponsors.load(self.proposal.id)
        found = await info.context.loaders.members.load_many(ids)
        return [member for member in found if member]

    @field("What the viewer may do now, and why not.")
    async def viewer_can(self, info: Info) -> ViewerCan:
        context, loaders, key = info.context, info.context.loaders, self.proposal.id
        member = await present(loaders.members.load(context.viewer.member_id))
        vote = await loaders.own_votes.load(key)
        who = Standing(
            context.viewer,
            member.member,
            running=await loaders.running.load(context.viewer.member_id),
            sponsors=len(await loaders.sponsors.load(key)),
            power=await loaders.powers.load(key),
            vote=None if vote is None else vote.vote,
            at=context.now(),
        )
        return viewer_can(self.proposal, who)

    @field("SHA-256, in hex, of what is immutable from OPEN on: docs/receipts.md says of which bytes.")
    def content_hash(self) -> str:
        return self.proposal.draft.content_hash(self.proposal.rules)

    @field("Why it was taken back.")
    async def cancelled_reason(self, info: Info) -> str | None:
        return await self._said(info, Status.CANCELLED)

    @field("What shows that it was done.")
    async def evidence(self, info: Info) -> str | None:
        return await self._said(info, Status.IMPLEMENTED)

    async def _said(self, info: Info, status: Status) -> str | None:
        history = await info.context.loaders.histories.load(self.proposal.id)
        return next((change.reason for change in history if change.status is status), None)

    @field("Its states, oldest first.")
    async def history(self, info: Info) -> list[StatusChangeType]:
        return [
            StatusChangeType.from_domain(each) for each in await info.context.loaders.histories.load(self.proposal.id)
        ]

    @field("The weight that the viewer would cast: own and delegated, frozen when voting starts; null before.")
    async def my_voting_power(self, info: Info) -> int | None:
        if self.proposal.starts_at is None:
            return None
        return await info.context.loaders.powers.load(self.proposal.id) or 0

    @field("Whose ballot stands for the viewer's now: the viewer first, then delegates up to the first who voted.")
    async def my_chain(self, info: Info) -> list[Annotated["MemberType", strawberry.lazy("schema.members")]]:
        ids = await info.context.loaders.chains.load(self.proposal.id)
        found = await info.context.loaders.members.load_many(ids or [])
        return [member for member in found if member]

    @field("False when a cap, or a delegate without a vote, left the viewer's delegation out; null without one.")
    async def my_delegation_carried(self, info: Info) -> bool | None:
        return await info.context.loaders.carried.load(self.proposal.id)

    @field("How it ended; null until it is decided.")
    async def resolution(self, info: Info) -> ResolutionType | None:
        return await info.context.loaders.outcomes.load(self.proposal.id)

    @field("The viewer's own, whoever cast it.")
    async def my_vote(self, info: Info) -> VoteType | None:
        return await info.context.loaders.own_votes.load(self.proposal.id)

    @classmethod
    def from_domain(cls, proposal: Proposal) -> "ProposalType":
        return cls(
            id=global_id("Proposal", proposal.id),
            proposal=proposal,
            seq=proposal.seq,
            number=proposal.number,
            title=proposal.title,
            body=proposal.draft.body,
            status=proposal.status,
            created_at=proposal.created_at,
            voting_starts_at=proposal.starts_at,
            voting_ends_at=proposal.ends_at,
            system=proposal.system,
            options=list(proposal.draft.options),
            discussion_url=proposal.draft.discussion_url,
            rules=VotingRulesType.from_domain(proposal.rules),
            quorum=QuorumState.of_proposal(proposal),
        )


ProposalConnection = Connection[ProposalType]


@strawberry.input(name="ProposalFilter", description="Which proposals; every condition that is given must hold.")
class ProposalFilterInput:
    status: list[Status] | None = strawberry.field(description="In any of these states.", default=None)
    author: strawberry.ID | None = strawberry.field(description="By this Member.", default=None)
    topic: strawberry.ID | None = strawberry.field(description="With this PolicyTopic.", default=None)
    title_contains: str | None = strawberry.field(
        description="With these letters in the title, 200 at most.", default=None
    )
    created_after: datetime | None = strawberry.field(description="Drafted after this moment.", default=None)

    @staticmethod
    def domain_of(where: "ProposalFilterInput | None") -> ProposalFilter:
        """Raises BadInput."""
        if where is None:
            return ProposalFilter()
        return ProposalFilter(
            statuses=tuple(where.status or ()),
            author_id=None if where.author is None else row_id("Member", where.author, "filter", "author"),
            topic_id=None if where.topic is None else row_id("PolicyTopic", where.topic, "filter", "topic"),
            title_contains=part_of_a_title(where.title_contains),
            created_after=where.created_after,
        )


def part_of_a_title(text: str | None) -> str | None:
    """Raises BadInput: what is longer than every title would cost a search to find nothing."""
    if text is not None:
        check_storable(text, "filter", "titleContains")
        if len(text) > MAX_TITLE:
            raise BadInput(f"Give titleContains in at most {MAX_TITLE} characters.", field=("filter", "titleContains"))
    return text


@strawberry.input(description="Which proposal.")
class ProposalIdInput(CommandInput):
    proposal_id: strawberry.ID = strawberry.field(description="A proposal of the viewer's.")


@strawberry.input(description="Which proposal to back.")
class SponsorProposalInput(CommandInput):
    proposal_id: strawberry.ID = strawberry.field(description="An OPEN proposal of another member's.")


@strawberry.input(description="Which proposal to count again, and why.")
class ResolveStalledInput(CommandInput):
    proposal_id: strawberry.ID = strawberry.field(description="A proposal in VOTING; ADMIN only.")
    reason: str = strawberry.field(description="1 to 2,000 characters, for all to read.")


@strawberry.input(description="Which proposal to take back, and why.")
class CancelProposalInput(CommandInput):
    proposal_id: strawberry.ID = strawberry.field(
        description="The viewer's own before VOTING; for an ADMIN any undecided."
    )
    reason: str = strawberry.field(description="1 to 2,000 characters, for all to read.")


@strawberry.input(description="Which passed proposal is done.")
class MarkImplementedInput(CommandInput):
    proposal_id: strawberry.ID = strawberry.field(description="A proposal that PASSED; ADMIN only.")
    evidence: str = strawberry.field(description="What shows that it was done; 1 to 2,000 characters.")


@strawberry.type(description="The new draft, or why there is none.")
class CreateProposalPayload(Payload):
    proposal: ProposalType | None = strawberry.field(description="Null when it was refused.", default=None)


@strawberry.type(description="The proposal as it is now, or why nothing changed.")
class ProposalPayload(Payload):
    proposal: ProposalType | None = strawberry.field(description="Null when it was refused.", default=None)
