"""What the documents and views for anybody share: the switch PUBLIC, and this server's own URL."""

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from app.http.errors import error_response
from domain.errors import NotFound

OFF = "Nothing is public here: whoever runs this server can set PUBLIC=true."


async def not_public(_request: Request) -> Response:
    """In place of what is not served: 404."""
    return error_response(NotFound(OFF))


def home_of(request: HTTPConnection) -> str:
    """This server's URL as the client wrote it, without a slash at its end."""
    return str(request.base_url).rstrip("/")
