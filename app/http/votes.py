"""POST /vote: a member's ballot, or its change of mind."""

import strawberry
from fastapi import APIRouter
from pydantic import Field

from app.container import Container
from app.http.auth import Bearer
from app.http.ballots import BallotGiven, BallotView
from app.http.bodies import Given, Moment, Number, Told, refusals
from app.http.errors import blaming
from app.http.keys import KEY, IdempotencyKey
from app.http.proposals import ProposalView
from app.http.routes import JsonRoute
from domain.errors import NotFound
from domain.members import Viewer
from domain.proposals import Proposal, unknown_proposal
from domain.tally import CastBy, Choice
from domain.votes import Vote
from resolvers.commands import once_of
from schema.elections import BallotInput
from schema.ids import global_id, row_id
from schema.votes import CastVoteInput
from services.votes import Counted, Said


class VoteGiven(Given):
    """A ballot: `choice` for a BASIC proposal, `ballot` for any other."""

    proposal_id: str = Field(description="A proposal in VOTING.")
    choice: Choice | None = Field(default=None, description="BASIC: FOR, AGAINST or ABSTAIN.")
    ballot: BallotGiven | None = Field(default=None, description="Any other system: the ballot.")
    confidence: Number | None = Field(
        default=None, description="How sure the member is, 0..1.", json_schema_extra={"minimum": 0, "maximum": 1}
    )
    reason: str | None = Field(
        default=None, description="At most 2,000 characters, for all to read.", json_schema_extra={"maxLength": 2_000}
    )

    def to_input(self, key: str | None) -> CastVoteInput:
        """As GraphQL reads the same, so that an idempotency key means the same."""
        return CastVoteInput(
            idempotency_key=key,
            proposal_id=strawberry.ID(self.proposal_id),
            choice=self.choice,
            ballot=None if self.ballot is None else self.ballot.to_input(),
            confidence=self.confidence,
            reason=self.reason,
        )


class VoteView(Told):
    """A member's vote: one a proposal and member, its id stable when the member changes it."""

    id: str = Field(description="Opaque and the same for ever.")
    choice: Choice | None = Field(description="BASIC: what it says.")
    ballot: BallotView | None = Field(description="Any other system: what it says.")
    weight: int = Field(description="The member's own, frozen when voting started.")
    confidence: float | None = Field(description="How sure its caster was, 0..1.")
    cast_at: Moment = Field(description="When this revision was cast.")
    cast_by: CastBy = Field(description="Whose hand cast it.")
    reason: str | None = Field(description="In the caster's words.")
    acknowledgement: str | None = Field(
        description="Ed25519 signature of the DAO, base64url, over canonicalBallot; null for what a delegate said."
    )
    canonical_ballot: str | None = Field(
        description="The bytes that it signs, with the receipt's opaque id; null where there is no signature."
    )

    @classmethod
    def of(cls, vote: Vote, acknowledged: tuple[str, bytes] | None) -> "VoteView":
        ballot, (signature, content) = vote.ballot, acknowledged or (None, None)
        return cls(
            id=global_id("Vote", vote.id),
            choice=ballot.choice,
            ballot=None if ballot.options is None else BallotView.from_domain(ballot.options),
            weight=ballot.weight,
            confidence=ballot.confidence,
            cast_at=vote.cast_at,
            cast_by=ballot.cast_by,
            reason=ballot.reason,
            acknowledgement=signature,
            canonical_ballot=None if content is None else content.decode(),
        )


class CountedView(Told):
    """The vote, and how the proposal stands with it."""

    vote: VoteView = Field(description="As it counts now.")
    proposal: ProposalView = Field(description="With the quorum that this ballot made.")


def vote_routes(container: Container) -> APIRouter:
    routes = APIRouter(route_class=JsonRoute, tags=["votes"])
    may = refusals(401, 403, 404, 409, 413, 422)
    routes.add_api_route("/vote", Ballots(container).cast, responses=may, methods=["POST"])
    return routes


class Ballots:
    def __init__(self, container: Container) -> None:
        self._container = container

    async def cast(self, given: VoteGiven, viewer: Bearer, key: IdempotencyKey = None) -> CountedView:
        """Cast or change your ballot. The deciding ballot resolves the proposal at once."""
        proposal_id, input = row_id("Proposal", given.proposal_id, "proposalId"), given.to_input(key)
        said = Said(input.choice, BallotInput.domain_of(input.ballot), input.confidence, input.reason)
        with blaming(idempotencyKey=KEY):
            once = once_of(viewer, "castVote", input)
            counted = await self._container.services.votes.cast(viewer, proposal_id, said, once=once)
        vote, proposal = await self._read(viewer, counted, proposal_id)
        acknowledged = self._container.services.receipts.acknowledge(vote, proposal)
        return CountedView(vote=VoteView.of(vote, acknowledged), proposal=ProposalView.from_domain(proposal.sealed))

    async def _read(self, viewer: Viewer, counted: Counted, proposal_id: int) -> tuple[Vote, Proposal]:
        """What was just written need not be read again. Raises NotFound."""
        if counted.vote and counted.proposal:
            return counted.vote, counted.proposal
        reads = self._container.reads
        vote = (await reads.votes.by_ids(viewer, [counted.vote_id])).get(counted.vote_id)
        proposal = (await reads.proposals.by_ids(viewer, [proposal_id])).get(proposal_id)
        if vote is None:
            raise NotFound("The vote that this key cast is no longer there.", field=(KEY,))
        if proposal is None:
            raise unknown_proposal()
        return vote, proposal
