"""ERC-4824's documents: the DAO, its members, proposals, activities, contracts and rules, for anybody to read.

Ids are URIs below this server's own. A field without a value is left out, as the standard asks; lists come in pages,
the next one named by `next` and by a Link header. https://eips.ethereum.org/EIPS/eip-4824
"""

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.container import Container
from app.http.governance import governance
from app.http.public import home_of, not_public
from domain.errors import BadInput, NotFound
from domain.pages import MAX_SIZE, Page
from domain.public import Activity, PublicMember, PublicProposal, PublicReads
from schema.cursors import cursor_of, key_of
from schema.ids import global_id, row_id
from schema.scalars import written

DAO_CONTEXT = "http://www.daostar.org/schemas"
CONTEXT = "https://www.daostar.org/schemas"
"""As the standard spells them: the first for the DAO itself, the second for everything else."""
MEMBER = "Person"
"""The kind of id that a member has: no address of a chain."""
JSON_LD, MARKDOWN = "application/ld+json", "text/markdown; charset=utf-8"
PATHS = (
    "/dao",
    "/dao/members",
    "/dao/members/{id}",
    "/dao/proposals",
    "/dao/proposals/{number}",
    "/dao/proposals/{number}/content.md",
    "/dao/activity-log",
    "/dao/contracts",
    "/dao/governance.md",
)

type Json = dict[str, Any]


def erc4824_routes(container: Container) -> APIRouter:
    """404 unless the setting PUBLIC is on."""
    routes = APIRouter()
    if not container.settings.public:
        routes.routes.extend(Route(path, not_public) for path in PATHS)
        return routes
    documents = Documents(container)
    answers = (
        documents.dao,
        documents.members,
        documents.member,
        documents.proposals,
        documents.proposal,
        documents.content,
        documents.activity_log,
        documents.contracts,
        documents.governance,
    )
    routes.routes.extend(Route(path, answer) for path, answer in zip(PATHS, answers, strict=True))
    return routes


class Documents:
    def __init__(self, container: Container) -> None:
        self._container = container

    @property
    def _public(self) -> PublicReads:
        return self._container.public

    async def dao(self, request: Request) -> Response:
        found, root = await self._public.dao(), f"{home_of(request)}/dao"
        return document(
            {
                "@context": DAO_CONTEXT,
                "type": "DAO",
                "name": found.name,
                "membersURI": f"{root}/members",
                "proposalsURI": f"{root}/proposals",
                "activityLogURI": f"{root}/activity-log",
                "governanceURI": f"{root}/governance.md",
                "contractsURI": f"{root}/contracts",
            }
        )

    async def members(self, request: Request) -> Response:
        page = await self._public.member_page(key_of("public-members", cursor(request), "cursor"), size(request))
        listed = {"members": [member_of(row, home_of(request)) for row in page.rows]}
        return paged(request, await self._of_the_dao(listed), page, "public-members")

    async def member(self, request: Request) -> Response:
        found = await self._public.member(row_id("Member", request.path_params["id"], "id"))
        if found is None:
            raise NotFound("There is no such member.", field=("id",))
        return document({"@context": CONTEXT, **member_of(found, home_of(request))})

    async def proposals(self, request: Request) -> Response:
        page = await self._public.proposal_page(key_of("public-proposals", cursor(request), "cursor"), size(request))
        listed = {"proposals": [proposal_of(row, home_of(request)) for row in page.rows]}
        return paged(request, await self._of_the_dao(listed), page, "public-proposals")

    async def proposal(self, request: Request) -> Response:
        return document({"@context": CONTEXT, **proposal_of(await self._numbered(request), home_of(request))})

    async def content(self, request: Request) -> Response:
        found = (await self._numbered(request)).proposal
        return text(f"# {found.title}\n\n{found.draft.body}\n")

    async def activity_log(self, request: Request) -> Response:
        page = await self._public.activity_page(key_of("public-activities", cursor(request), "cursor"), size(request))
        listed = {"activities": [activity_of(row, home_of(request)) for row in page.rows]}
        return paged(request, await self._of_the_dao(listed), page, "public-activities")

    async def contracts(self, request: Request) -> Response:
        """None: this DAO has no contract on any chain."""
        return document(await self._of_the_dao({"contracts": []}))

    async def governance(self, request: Request) -> Response:
        key = self._container.services.receipts.key
        return text(governance(await self._public.dao(), home=home_of(request), key=key))

    async def _of_the_dao(self, listed: Json) -> Json:
        """A list as the standard wants it: part of the DAO, which it names again."""
        return {"@context": CONTEXT, "type": "DAO", "name": (await self._public.dao()).name, **listed}

    async def _numbered(self, request: Request) -> PublicProposal:
        """Raises NotFound."""
        given = request.path_params["number"]
        number = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
        found = await self._public.proposal_by_number(number) if number else None
        if found is None:
            raise NotFound("There is no proposal with this number that is open to all.", field=("number",))
        return found


def member_of(row: PublicMember, home: str) -> Json:
    return {"type": MEMBER, "id": member_uri(row.id, home), "name": row.name, "handle": row.handle}


def proposal_of(shown: PublicProposal, home: str) -> Json:
    """CANCELLED, PASSED and so on, as this DAO calls them: the standard leaves the status free."""
    found = shown.proposal
    return {
        "type": "proposal",
        "id": proposal_uri(found.number, home),
        "name": found.title,
        "contentURI": f"{home}/dao/proposals/{found.number}/content.md",
        "status": found.status.value,
        **({"discussionURI": found.draft.discussion_url} if found.draft.discussion_url else {}),
    }


def activity_of(activity: Activity, home: str) -> Json:
    """`action` and `time` are ours; the standard knows the member and the proposal."""
    return {
        "id": f"{home}/dao/activity-log#{activity.deed.value.lower()}-{activity.key}",
        "type": "activity",
        "proposal": {"type": "proposal", "id": proposal_uri(activity.proposal_number, home)},
        "member": {"type": MEMBER, "id": member_uri(activity.member_id, home)},
        "action": activity.deed.value,
        "time": written(activity.at),
    }


def proposal_uri(number: int, home: str) -> str:
    """The standard's form: the DAO's URI with the proposal's counter."""
    return f"{home}/dao?proposalId={number}"


def member_uri(member_id: int, home: str) -> str:
    return f"{home}/dao/members/{global_id('Member', member_id)}"


def cursor(request: Request) -> str | None:
    return request.query_params.get("cursor") or None


def size(request: Request) -> int:
    """Raises BadInput."""
    given = request.query_params.get("first") or str(MAX_SIZE)
    if not (given.isascii() and given.isdigit() and len(given) < 4 and 1 <= int(given) <= MAX_SIZE):
        raise BadInput(f"first must be between 1 and {MAX_SIZE}.", field=("first",))
    return int(given)


def paged(request: Request, listed: Json, page: Page[Any], tag: str) -> Response:
    """The page, and where the next one is."""
    if not page.has_next:
        return document(listed)
    here = request.url.replace(query="")
    after = here.include_query_params(cursor=cursor_of(tag, page.keys[-1]), first=size(request))
    return document({**listed, "next": str(after)}, next_page=str(after))


def document(body: Json, *, next_page: str | None = None) -> Response:
    return answer(orjson.dumps(body), JSON_LD, [f'<{next_page}>; rel="next"'] if next_page else [])


def text(content: str) -> Response:
    return answer(content.encode(), MARKDOWN, [])


def answer(content: bytes, media_type: str, links: Sequence[str]) -> Response:
    """Pages of any origin may read it; no browser takes members' words for anything but text."""
    headers = {"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
    if links:
        headers["Link"] = ", ".join(links)
    return Response(content, headers=headers, media_type=media_type)
