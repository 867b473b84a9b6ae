"""GET /resolutions/{id}/receipt.json: a receipt, byte for byte as it is signed; with PUBLIC, for anybody."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.container import Container
from app.http.auth import Visitor
from app.http.bodies import refusals
from app.http.routes import JsonRoute
from app.receipts import resolution_of
from domain.errors import NotFound, Unauthenticated

PATH = "/resolutions/{id}/receipt.json"
FILE = {
    "description": "The file, byte for byte as it is signed. docs/receipts.md says what stands in it.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}


def receipt_routes(container: Container) -> APIRouter:
    routes = APIRouter(route_class=JsonRoute, tags=["receipts"])
    routes.add_api_route(
        PATH,
        ReceiptDocuments(container).answer,
        methods=["GET"],
        response_class=Response,
        responses={200: FILE, **refusals(401, 404, 422)},
        openapi_extra={"security": [{"bearer": []}, {}]} if container.settings.public else None,
    )
    return routes


class ReceiptDocuments:
    def __init__(self, container: Container) -> None:
        self._container = container

    async def answer(
        self, id: Annotated[str, Path(description="A resolution's id or its number.", examples=["0"])], visitor: Visitor
    ) -> Response:
        """A sealed receipt never changes. A bad token is refused even where none is needed."""
        if visitor is None and not self._container.settings.public:
            raise Unauthenticated("Send a bearer token: `Authorization: Bearer T`.")
        content = await self._found(id)
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
        if self._container.settings.public:
            headers["Access-Control-Allow-Origin"] = "*"
        return Response(content, headers=headers, media_type="application/json")

    async def _found(self, given: str) -> bytes:
        """Raises BadInput, NotFound."""
        receipts = self._container.services.receipts
        resolution_id = await resolution_of(receipts, given)
        content = await receipts.file(resolution_id) if resolution_id else None
        if content is None:
            raise NotFound("There is no sealed receipt of such a resolution.", field=("id",))
        return content
