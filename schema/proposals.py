"""Proposals as the viewer may see them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.proposals import Proposal, ProposalFilter, ProposalOrder, Status
from schema.commands import CommandInput, Payload
from schema.context import Info
from schema.enums import described
from schema.fields import field
from schema.ids import global_id, row_id
from schema.nodes import Node, present
from schema.pages import After, Before, Connection, First, Last, connection, wanted
from schema.resolutions import ResolutionType
from schema.tally import QuorumState, VotingRulesInput, VotingRulesType
from schema.topics import PolicyTopicType
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
    rules: VotingRulesType = strawberry.field(description="What it needs to pass.")
    quorum: QuorumState = strawberry.field(description="How the vote stands.")

    @field("Who wrote it.")
    async def author(self, info: Info) -> Annotated["MemberType", strawberry.lazy("schema.members")]:
        return await present(info.context.loaders.members.load(self.proposal.author_id))

    @field("Tags, at most five; they have no effect on the vote.")
    async def topics(self, info: Info) -> list[PolicyTopicType]:
        found = await info.context.loaders.topics.load_many(self.proposal.topic_ids)
        return [topic for topic in found if topic]

    @field("Effective votes, first cast first.")
    async def votes(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> VoteConnection:
        asked = wanted("votes", first, after, last, before)
        page = await info.context.reads.votes.page(info.context.viewer, self.proposal.id, asked)
        return connection("votes", page, VoteType.from_domain)

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
            body=proposal.body,
            status=proposal.status,
            created_at=proposal.created_at,
            voting_starts_at=proposal.starts_at,
            voting_ends_at=proposal.ends_at,
            rules=VotingRulesType.from_domain(proposal.rules),
            quorum=QuorumState.of_proposal(proposal),
        )


ProposalConnection = Connection[ProposalType]


@strawberry.input(name="ProposalFilter", description="Which proposals; every condition that is given must hold.")
class ProposalFilterInput:
    status: list[Status] | None = strawberry.field(description="In any of these states.", default=None)
    author: strawberry.ID | None = strawberry.field(description="By this Member.", default=None)
    topic: strawberry.ID | None = strawberry.field(description="With this PolicyTopic.", default=None)
    title_contains: str | None = strawberry.field(description="With these letters in the title.", default=None)
    created_after: datetime | None = strawberry.field(description="Drafted after this moment.", default=None)

    @staticmethod
    def domain_of(given: "ProposalFilterInput | None") -> ProposalFilter:
        """Raises BadInput."""
        if given is None:
            return ProposalFilter()
        return ProposalFilter(
            statuses=tuple(given.status or ()),
            author_id=None if given.author is None else row_id("Member", given.author, "filter", "author"),
            topic_id=None if given.topic is None else row_id("PolicyTopic", given.topic, "filter", "topic"),
            title_contains=given.title_contains,
            created_after=given.created_after,
        )


@strawberry.input(description="A new DRAFT.")
class CreateProposalInput(CommandInput):
    title: str = strawberry.field(description="1 to 200 characters.")
    body: str = strawberry.field(description="1 to 50,000 characters of Markdown.")
    topics: list[str] | None = strawberry.field(
        description="At most five titles of 1 to 80 characters, tags without effect on votes.", default=None
    )
    rules: VotingRulesInput | None = strawberry.field(description="Null: the DAO's rules.", default=None)


@strawberry.input(description="Changes of a draft; what is left out stays.")
class UpdateProposalInput(CommandInput):
    proposal_id: strawberry.ID = strawberry.field(description="A DRAFT of the viewer's.")
    title: str | None = strawberry.field(description="1 to 200 characters.", default=None)
    body: str | None = strawberry.field(description="1 to 50,000 characters of Markdown.", default=None)
    topics: list[str] | None = strawberry.field(
        description="At most five titles, in place of those before.", default=None
    )
    rules: VotingRulesInput | None = strawberry.field(
        description="In place of the draft's; a field left out is the DAO's rule.", default=None
    )


@strawberry.input(description="Which proposal.")
class ProposalIdInput(CommandInput):
    proposal_id: strawberry.ID = strawberry.field(description="A proposal of the viewer's.")


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
