"""GET /resolutions/{id}/receipt.json: a receipt, byte for byte as it is signed; with PUBLIC, for anybody."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.container import Container
from app.http.auth import Access
from app.http.errors import error_response
from app.receipts import resolution_of
from domain.errors import DomainError, NotFound, Unauthenticated

PATH = "/resolutions/{id}/receipt.json"


def receipt_routes(container: Container) -> APIRouter:
    routes = APIRouter()
    routes.routes.append(Route(PATH, ReceiptDocuments(container).answer))
    return routes


class ReceiptDocuments:
    def __init__(self, container: Container) -> None:
        self._container = container
        self._access = Access(container)

    async def answer(self, request: Request) -> Response:
        """The file, or the refusal. A sealed receipt never changes."""
        try:
            await self._check_reader(request)
            content = await self._found(request.path_params["id"])
        except DomainError as error:
            return error_response(error)
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        if self._container.settings.public:
            headers["Access-Control-Allow-Origin"] = "*"
        return Response(content, headers=headers, media_type="application/json")

    async def _check_reader(self, request: Request) -> None:
        """A bad token is refused even where none is needed. Raises Unauthenticated."""
        viewer = await self._access.viewer_of(request.headers.get("authorization"))
        if viewer is None and not self._container.settings.public:
            raise Unauthenticated("Send a bearer token: `Authorization: Bearer T`.")

    async def _found(self, given: str) -> bytes:
        """Raises BadInput, NotFound."""
        receipts = self._container.services.receipts
        resolution_id = await resolution_of(receipts, given)
        content = await receipts.file(resolution_id) if resolution_id else None
        if content is None:
            raise NotFound("There is no sealed receipt of such a resolution.", field=("id",))
        return content
