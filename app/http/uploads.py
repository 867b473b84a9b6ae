"""POST /upload: a file for the viewer's twin, or for the DAO."""

from fastapi import APIRouter
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, request_response

from app.container import Container
from app.http.auth import Access
from app.http.errors import error_response
from app.http.limits import BodyLimit
from domain.documents import Visibility
from domain.errors import BadInput, DomainError, NotFound, Unauthenticated
from domain.members import Viewer
from resolvers.commands import MAX_KEY, row
from schema.ids import global_id


def upload_routes(container: Container) -> APIRouter:
    upload = Upload(container)
    routes = APIRouter()
    routes.routes.append(Route("/upload", BodyLimit(request_response(upload.answer)), methods=["POST"]))
    return routes


class Upload:
    def __init__(self, container: Container) -> None:
        self._container = container
        self._access = Access(container)

    async def answer(self, request: Request) -> Response:
        """202 with the document's id and status, or the refusal."""
        try:
            viewer = await self._viewer(request)
            async with request.form(max_files=1, max_fields=10) as form:
                return await self._accept(viewer, form)
        except DomainError as error:
            return error_response(error)
        except HTTPException as error:
            return error_response(BadInput(f"Send multipart/form-data with one file: {error.detail}"))

    async def _viewer(self, request: Request) -> Viewer:
        viewer = await self._access.viewer_of(request.headers.get("authorization"))
        if viewer is None:
            raise Unauthenticated("Send a bearer token: `Authorization: Bearer T`.")
        return viewer

    async def _accept(self, viewer: Viewer, form: FormData) -> Response:
        file, documents = given_file(form), self._container.services.documents
        ids = await documents.accept(viewer, file, file.filename or "", visibility(form), key=key(form))
        document_id = row(ids, "document")
        document = (await self._container.reads.documents.by_ids(viewer, [document_id])).get(document_id)
        if document is None:
            raise NotFound("The document that this key made has been deleted since.", field=("idempotencyKey",))
        return JSONResponse({"id": global_id("Document", document_id), "status": document.status.value}, 202)


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


def key(form: FormData) -> str | None:
    """Raises BadInput."""
    given = form.get("idempotencyKey")
    if given is not None and not (isinstance(given, str) and 1 <= len(given) <= MAX_KEY):
        raise BadInput(f"Give an idempotencyKey of 1 to {MAX_KEY} characters, or none.", field=("idempotencyKey",))
    return given
