"""How REST paths are served: a limit on the body, and HEAD wherever there is GET."""

from typing import ClassVar

from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from app.http.limits import MAX_BODY, MAX_JSON, BodyLimit


class JsonRoute(APIRoute):
    """A path whose body, if it has one, is JSON of at most a MiB."""

    limit: ClassVar[int] = MAX_JSON

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD" and "GET" in (self.methods or ()):
            scope = {**scope, "method": "GET"}  # the server leaves the body out
        await BodyLimit(super().handle, limit=self.limit)(scope, receive, send)


class FileRoute(JsonRoute):
    """A path that takes a file."""

    limit = MAX_BODY
