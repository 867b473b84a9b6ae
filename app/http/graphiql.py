"""GraphiQL at /graphiql, from files on this machine: it works without a network."""

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

HERE = Path(__file__).parent
PACKAGE = "graphene_django_graphiql_static"
"""Read as data only: importing it would ask for Django."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self' data:; "
        "style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Styles may be inline because the code editor measures its letters with a style element of its own; scripts never."""


def add_graphiql(app: FastAPI) -> None:
    """The page, its script and the library's files below /graphiql."""
    routes = APIRouter(prefix="/graphiql", include_in_schema=False)

    @routes.get("")
    async def page() -> FileResponse:
        return FileResponse(HERE / "graphiql.html", headers=HEADERS)

    @routes.get("/page.js")
    async def script() -> FileResponse:
        return FileResponse(HERE / "graphiql.js", headers=HEADERS)

    app.include_router(routes)
    app.mount("/graphiql/assets", StaticFiles(directory=assets()), name="graphiql-assets")


def assets() -> Path:
    """The folder of GraphiQL's files in the installed package."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise FileNotFoundError(f"The package {PACKAGE} is not installed: run `make up`.")
    return Path(found.origin).parent / "static" / PACKAGE
