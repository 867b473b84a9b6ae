"""`frontier ingest`: a folder of documents, sent to the running server as any client would."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from adapters.auth.local import LocalTokens
from app.settings import BadSettings, Settings
from domain.documents import Visibility

SUFFIXES = {".pdf", ".md", ".markdown", ".txt"}
UPLOAD = """mutation Ingest($input: UploadDocumentInput!) {
  uploadDocument(input: $input) {
    document { id status duplicateOf { id } }
    userErrors { message }
  }
}"""


async def ingest(settings: Settings, folder: Path, *, handle: str, dao: bool, say: Callable[[str], None]) -> int:
    """How many files were refused; each says why. Raises BadSettings when there is nothing to send or nobody to ask."""
    files = documents_below(folder)
    token = LocalTokens(settings.token_key).issue(handle, lifetime=timedelta(hours=1))
    headers = {"Authorization": f"Bearer {token}"}
    visibility = Visibility.DAO if dao else Visibility.PRIVATE
    refused = 0
    async with httpx.AsyncClient(base_url=settings.address, headers=headers, timeout=60, trust_env=False) as client:
        for path in files:
            try:
                why = await send(client, path, visibility)
            except httpx.ConnectError:
                raise BadSettings(f"Nobody answers at {settings.address}: start `frontier up` first.") from None
            refused += bool(why)
            say(f"{path.relative_to(folder)}: {why or 'accepted'}")
    return refused


def documents_below(folder: Path) -> list[Path]:
    """In order of name, hidden ones left out. Raises BadSettings when there are none."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix.lower() in SUFFIXES]
    found = [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    if not found:
        raise BadSettings(f"{folder} holds no PDF, Markdown or text file ({', '.join(sorted(SUFFIXES))}).")
    return found


async def send(client: httpx.AsyncClient, path: Path, visibility: Visibility) -> str:
    """Upload one file (GraphQL multipart request). Why it was refused; empty when it was accepted."""
    variables = {"input": {"file": None, "visibility": visibility.value}}
    form = {
        "operations": json.dumps({"query": UPLOAD, "variables": variables}),
        "map": json.dumps({"0": ["variables.input.file"]}),
    }
    with path.open("rb") as content:
        files = {"0": (path.name, content)}
        answer = await client.post("/graphql", data=form, files=files, headers={"GraphQL-Require-Preflight": "1"})
    return refusal(answer)


def refusal(answer: httpx.Response) -> str:
    try:
        body: dict[str, Any] = answer.json()
    except ValueError:
        return f"HTTP {answer.status_code}: {answer.text[:200]}"
    failures = body.get("errors") or (body.get("data") or {}).get("uploadDocument", {}).get("userErrors")
    if failures:
        return "; ".join(str(failure["message"]) for failure in failures)
    return "" if answer.is_success else str(body.get("message", f"HTTP {answer.status_code}"))
