"""GET /proposals/open and /proposals/{pid}/status: for those who do not speak GraphQL."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.container import Container
from app.http.auth import Access
from app.http.errors import error_response
from domain.errors import BadInput, DomainError, Unauthenticated
from domain.members import Viewer
from domain.pages import Slice
from domain.proposals import Proposal, ProposalFilter, ProposalOrder, Status, unknown_proposal
from domain.rules import VotingSystem
from schema.ids import global_id, row_id
from schema.scalars import written

MOST = 100
RUNNING = (Status.OPEN, Status.VOTING)


def proposal_routes(container: Container) -> APIRouter:
    routes, documents = APIRouter(), ProposalDocuments(container)
    routes.routes.append(Route("/proposals/open", documents.running))
    routes.routes.append(Route("/proposals/{pid}/status", documents.status))
    return routes


class ProposalDocuments:
    def __init__(self, container: Container) -> None:
        self._container = container
        self._access = Access(container)

    async def running(self, request: Request) -> Response:
        """Proposals in OPEN and VOTING, next end of voting first; at most 100."""
        try:
            viewer = await self._viewer(request)
            where = ProposalFilter(statuses=RUNNING)
            reads = self._container.reads.proposals
            page = await reads.page(viewer, Slice(size=MOST), where, ProposalOrder.ENDING_SOON)
        except DomainError as error:
            return error_response(error)
        return JSONResponse({"proposals": [told(proposal) for proposal in page.rows], "more": page.has_next})

    async def status(self, request: Request) -> Response:
        """One proposal, by its id or its number."""
        try:
            viewer = await self._viewer(request)
            proposal = await self._found(viewer, request.path_params["pid"])
        except DomainError as error:
            return error_response(error)
        return JSONResponse(told(proposal))

    async def _viewer(self, request: Request) -> Viewer:
        """Raises Unauthenticated."""
        viewer = await self._access.viewer_of(request.headers.get("authorization"))
        if viewer is None:
            raise Unauthenticated("Send a bearer token: `Authorization: Bearer T`.")
        return viewer

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


def told(proposal: Proposal) -> dict[str, Any]:
    """Weights of choices only where they mean something and are not hidden."""
    tally, criteria = proposal.tally, proposal.rules.criteria
    counts = proposal.system is VotingSystem.BASIC and not proposal.hidden
    return {
        "id": global_id("Proposal", proposal.id),
        "number": proposal.number,
        "title": proposal.title,
        "status": proposal.status.value,
        "system": proposal.system.value,
        "seq": proposal.seq,
        "votingStartsAt": proposal.starts_at and written(proposal.starts_at),
        "votingEndsAt": proposal.ends_at and written(proposal.ends_at),
        "quorum": {
            "eligibleWeight": tally.eligible,
            "participatingWeight": tally.participating,
            "participation": tally.participation,
            "quorumReached": tally.quorum_reached(criteria),
            "forWeight": tally.in_favour if counts else None,
            "againstWeight": tally.against if counts else None,
            "abstainWeight": tally.abstain if counts else None,
            "majorityReached": tally.majority_reached(criteria) if counts else None,
        },
    }
