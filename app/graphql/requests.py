"""What a request asks for, read from a JSON body, a query string or a multipart form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.datastructures import FormData, UploadFile

MAX_FILES = 10
PREFLIGHT = ("graphql-require-preflight", "apollo-require-preflight", "x-apollo-operation-name")
"""A form of another site can send none of these without asking first (CORS)."""


class BadRequest(Exception):
    """What never became an operation: why, the remedy, its code and the HTTP status."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "BAD_USER_INPUT",
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Asked:
    """`text` is None where a document's id stands for it."""

    text: str | None
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    extensions: dict[str, Any] = field(default_factory=dict)
    document_id: str | None = None

    @property
    def is_plain(self) -> bool:
        """It names no document beside its text."""
        return self.document_id is None and not self.extensions

    @property
    def names_a_document(self) -> bool:
        return self.text is not None or self.document_id is not None or "persistedQuery" in self.extensions

    @classmethod
    def of(cls, given: object) -> "Asked":
        """Raises BadRequest."""
        if isinstance(given, list):
            raise BadRequest("Batching is not supported: send each operation in a request of its own.")
        if not isinstance(given, dict):
            raise BadRequest("The body must be a JSON object with `query`.")
        return cls(
            text=text_in(given, "query"),
            variables=object_in(given, "variables"),
            operation_name=text_in(given, "operationName") or None,
            extensions=object_in(given, "extensions"),
            document_id=text_in(given, "documentId"),
        )


def from_json(body: bytes) -> Asked:
    """Raises BadRequest."""
    return Asked.of(parsed(body, "The body"))


def from_query_string(query: bytes) -> Asked:
    """Raises BadRequest."""
    try:
        given: dict[str, Any] = dict(parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict"))
    except ValueError:
        raise BadRequest("The query string must be percent-encoded UTF-8.") from None
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = parsed(given[name] or "null", f"`{name}`")
    return Asked.of(given)


def from_form(form: FormData) -> Asked:
    """As graphql-multipart-request-spec has it: each place of `map` is null in `operations` and becomes a file. Raises
    BadRequest."""
    operations, places = part(form, "operations"), part(form, "map")
    if isinstance(operations, list):
        raise BadRequest("Batching is not supported: send each operation in a request of its own.")
    if not isinstance(operations, dict) or not isinstance(places, dict):
        raise BadRequest("`operations` and `map` must be JSON objects.")
    if len(places) > MAX_FILES:
        raise BadRequest(f"`map` names {len(places)} files: send at most {MAX_FILES}.")
    for name, paths in places.items():
        put(operations, file_of(form, name), paths)
    return Asked.of(operations)


def put(operations: dict[str, Any], file: UploadFile, paths: object) -> None:
    """Raises BadRequest."""
    if not isinstance(paths, list) or not paths or not all(isinstance(path, str) for path in paths):
        raise BadRequest('`map` must name each file\'s places, such as {"0": ["variables.input.file"]}.')
    if len(paths) > MAX_FILES:
        raise BadRequest(f"`map` names {len(paths)} places for one file: give at most {MAX_FILES}.")
    for path in paths:
        holder, key = place_of(operations, path)
        if holder[key] is not None:
            raise BadRequest(f"`map` names {path}, which must be null in `operations`.")
        holder[key] = file


def place_of(operations: dict[str, Any], path: str) -> tuple[Any, str | int]:
    """The object or list that holds the place, and the place in it. Raises BadRequest."""
    first, *steps = path.split(".")
    holder: Any = operations
    key: str | int = first
    if first != "variables" or not steps or not has(holder, key):
        raise BadRequest(f"`map` names {path}: a place stands in `variables`.")
    for step in steps:
        holder, key = holder[key], step
        if isinstance(holder, list) and step.isascii() and step.isdigit():
            key = int(step[:9])
        if not has(holder, key):
            raise BadRequest(f"`map` names {path}, which is not in `operations`.")
    return holder, key


def has(holder: object, key: str | int) -> bool:
    if isinstance(holder, list):
        return isinstance(key, int) and key < len(holder)
    return isinstance(holder, dict) and key in holder


def file_of(form: FormData, name: str) -> UploadFile:
    """Raises BadRequest."""
    file = form.get(name)
    if not isinstance(file, UploadFile):
        raise BadRequest(f"`map` names the part {name!r}, which is no file of this request.")
    return file


def part(form: FormData, name: str) -> object:
    """Raises BadRequest."""
    found = form.get(name)
    if not isinstance(found, str):
        raise BadRequest(f"Send the part `{name}` before the files: graphql-multipart-request-spec.")
    return parsed(found, f"`{name}`")


def parsed(text: str | bytes, what: str) -> object:
    """Raises BadRequest."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequest(f"{what} is no JSON in UTF-8.") from None


def text_in(given: Mapping[str, Any], name: str) -> str | None:
    """Raises BadRequest."""
    found = given.get(name)
    if found is not None and not isinstance(found, str):
        raise BadRequest(f"`{name}` must be a text.")
    return found


def object_in(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Raises BadRequest."""
    found = given.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadRequest(f"`{name}` must be a JSON object.")
    return found


def media_types(accept: str) -> Iterator[tuple[str, float]]:
    """Media types of an Accept header with their weights, in its order; what is malformed weighs nothing."""
    for each in accept.split(","):
        kind, *parameters = (piece.strip() for piece in each.split(";"))
        weight = next((piece[2:] for piece in parameters if piece[:2].lower() == "q="), "1")
        try:
            yield kind.lower(), float(weight)
        except ValueError:
            yield kind.lower(), 0.0
