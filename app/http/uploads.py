"""POST /upload: a file for the viewer's twin, or for the DAO."""

from fastapi import APIRouter
from pydantic import Field
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from app.container import Container
from app.http.auth import Bearer
from app.http.bodies import Told, refusals
from app.http.keys import IdempotencyKey
from app.http.routes import FileRoute
from domain.documents import IngestionStatus, Visibility
from domain.errors import BadInput, NotFound
from domain.members import Viewer
from resolvers.commands import MAX_KEY, given_key, row
from schema.ids import global_id

FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {
                        "type": "string",
                        "format": "binary",
                        "description": "PDF, or UTF-8 text or Markdown; at most 20 MiB.",
                    },
                    "visibility": {
                        "type": "string",
                        "enum": [each.value for each in Visibility],
                        "default": Visibility.PRIVATE.value,
                        "description": "PRIVATE: for your own twin; DAO: for all members and twins.",
                    },
                    "idempotencyKey": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": MAX_KEY,
                        "description": "As the header Idempotency-Key, which goes before it.",
                    },
                },
            },
            "encoding": {"file": {"contentType": "application/pdf, text/plain, text/markdown"}},
        }
    },
}


class AcceptedView(Told):
    """A document that waits to be read."""

    id: str = Field(description="Of the Document; follow it with GraphQL's documentChanged.")
    status: IngestionStatus = Field(description="QUEUED, or DONE when the same bytes were read before.")


def upload_routes(container: Container) -> APIRouter:
    routes = APIRouter(route_class=FileRoute, tags=["documents"])
    routes.add_api_route(
        "/upload",
        Upload(container).answer,
        methods=["POST"],
        status_code=202,
        responses=refusals(401, 404, 409, 413, 415, 422),
        openapi_extra={"requestBody": FORM},
    )
    return routes


class Upload:
    def __init__(self, container: Container) -> None:
        self._container = container

    async def answer(self, request: Request, viewer: Bearer, key: IdempotencyKey = None) -> AcceptedView:
        """Hand over a file; it is read in the background."""
        async with request.form(max_files=1, max_fields=10) as form:
            return await self._accept(viewer, form, key or key_in(form))

    async def _accept(self, viewer: Viewer, form: FormData, key: str | None) -> AcceptedView:
        file, documents = given_file(form), self._container.services.documents
        ids = await documents.accept(viewer, file, file.filename or "", visibility(form), key=key)
        document_id = row(ids, "document")
        document = (await self._container.reads.documents.by_ids(viewer, [document_id])).get(document_id)
        if document is None:
            raise NotFound("The document that this key made has been deleted since.", field=("idempotencyKey",))
        return AcceptedView(id=global_id("Document", document_id), status=document.status)


def given_file(form: FormData) -> UploadFile:
    """Raises BadInput."""
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise BadInput("Send the file as the part `file` of multipart/form-data.", field=("file",))
    return file


def visibility(form: FormData) -> Visibility:
    """PRIVATE unless given. Raises BadInput."""
    given = form.get("visibility", Visibility.PRIVATE.value)
    if not isinstance(given, str) or given not in Visibility:
        raise BadInput("visibility must be PRIVATE or DAO.", field=("visibility",))
    return Visibility(given)


def key_in(form: FormData) -> str | None:
    """Raises BadInput."""
    given = form.get("idempotencyKey")
    if isinstance(given, UploadFile):
        raise BadInput("idempotencyKey must be a text.", field=("idempotencyKey",))
    return None if given is None else given_key(given)
