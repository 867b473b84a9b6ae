"""GET /proposals/open and /proposals/{pid}/status: for those who do not speak GraphQL."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from app.container import Container
from app.http.auth import Bearer
from app.http.bodies import Moment, Told, refusals
from app.http.routes import JsonRoute
from domain.errors import BadInput
from domain.members import Viewer
from domain.pages import Slice
from domain.proposals import Proposal, ProposalFilter, ProposalOrder, Status, unknown_proposal
from domain.rules import VotingSystem
from schema.ids import global_id, row_id
from schema.tally import QuorumState

MOST = 100
RUNNING = (Status.OPEN, Status.VOTING)


class QuorumView(Told):
    """How a vote stands. Null is what means nothing for the system, or is hidden until the close."""

    seq: int = Field(description="Rises with every change.")
    eligible_weight: int = Field(description="All weight that may vote; 0 before voting starts.")
    for_weight: int | None = Field(description="Cast FOR.")
    against_weight: int | None = Field(description="Cast AGAINST.")
    abstain_weight: int | None = Field(description="Cast ABSTAIN.")
    participating_weight: int = Field(description="Cast in all.")
    participation: float = Field(description="Share of the eligible weight that was cast, 0..1.")
    support: float | None = Field(description="Share of FOR among FOR and AGAINST, 0..1.")
    quorum_reached: bool = Field(description="Enough weight takes part.")
    majority_reached: bool | None = Field(description="Enough of FOR and AGAINST is FOR.")
    decided: bool | None = Field(description="The proposal passed or failed; this no longer changes.")
    voters: int = Field(description="How many cast a ballot.")
    as_of: Moment = Field(description="When this state began.")
    by_members: int = Field(description="Participating weight of members who voted themselves.")
    by_twins: int = Field(description="Participating weight of members for whom their twin's ballot stands.")
    by_delegates: int = Field(description="Participating weight of members for whom a delegate's stands.")


class ProposalView(Told):
    """What a member put before the DAO, and how the vote on it stands."""

    id: str = Field(description="Opaque and the same for ever.")
    number: int = Field(description="For people: 1, 2, 3.")
    title: str = Field(description="At most 200 characters.")
    status: Status = Field(description="Its state.")
    system: VotingSystem = Field(description="How its ballots are counted.")
    seq: int = Field(description="Rises with every change, a ballot's included.")
    voting_starts_at: Moment | None = Field(description="When voting started; null before.")
    voting_ends_at: Moment | None = Field(description="When voting ends or would have ended, exclusive.")
    quorum: QuorumView = Field(description="How the vote stands.")

    @classmethod
    def from_domain(cls, proposal: Proposal) -> "ProposalView":
        return cls(
            id=global_id("Proposal", proposal.id),
            number=proposal.number,
            title=proposal.title,
            status=proposal.status,
            system=proposal.system,
            seq=proposal.seq,
            voting_starts_at=proposal.starts_at,
            voting_ends_at=proposal.ends_at,
            quorum=QuorumView.model_validate(QuorumState.of_proposal(proposal)),
        )


class ProposalsView(Told):
    """What is being discussed and voted on."""

    proposals: list[ProposalView] = Field(description=f"Next end of voting first; at most {MOST}.")
    more: bool = Field(description="There are more than these.")


def proposal_routes(container: Container) -> APIRouter:
    routes, documents = APIRouter(route_class=JsonRoute, tags=["proposals"]), ProposalDocuments(container)
    routes.add_api_route("/proposals/open", documents.running, responses=refusals(401), methods=["GET"])
    routes.add_api_route(
        "/proposals/{pid}/status", documents.status, responses=refusals(401, 404, 422), methods=["GET"]
    )
    return routes


class ProposalDocuments:
    def __init__(self, container: Container) -> None:
        self._container = container

    async def running(self, viewer: Bearer) -> ProposalsView:
        """Proposals in OPEN and VOTING, next end of voting first; at most 100."""
        where = ProposalFilter(statuses=RUNNING)
        page = await self._container.reads.proposals.page(viewer, Slice(size=MOST), where, ProposalOrder.ENDING_SOON)
        return ProposalsView(proposals=[ProposalView.from_domain(each) for each in page.rows], more=page.has_next)

    async def status(
        self,
        pid: Annotated[str, Path(description="A proposal's id or its number.", examples=["1"])],
        viewer: Bearer,
    ) -> ProposalView:
        """One proposal, by its id or its number."""
        return ProposalView.from_domain(await self._found(viewer, pid))

    async def _found(self, viewer: Viewer, given: str) -> Proposal:
        """Raises BadInput, NotFound."""
        reads = self._container.reads.proposals
        if given.isascii() and given.isdigit() and len(given) < 10:
            found = await reads.by_number(viewer, int(given))
        else:
            try:
                key = row_id("Proposal", given, "pid")
            except BadInput as error:
                raise BadInput("pid must be a proposal's id or its number.", field=("pid",)) from error
            found = (await reads.by_ids(viewer, [key])).get(key)
        if found is None:
            raise unknown_proposal()
        return found
