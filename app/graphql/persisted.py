"""Documents that a request names instead of sending them.

Automatic: a client sends a hash, and after PersistedQueryNotFound once the text beside it (Apollo's protocol,
https://www.apollographql.com/docs/apollo-server/performance/apq). Trusted: a file lists all documents that may run, and
none is registered (https://the-guild.dev/graphql/yoga-server/docs/features/persisted-operations).
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import orjson
from cachetools import LRUCache

from app.graphql.operations import MAX_KEPT
from app.graphql.requests import Asked, BadRequest

KEPT_CHARACTERS = 500_000
"""Of the texts that this process remembers."""
DIGEST = re.compile("[0-9a-f]{64}")
SCHEME = "sha256:"
"""What a `documentId` begins with that is a hash."""


class Shared(Protocol):
    """Texts that all processes know, by their SHA-256."""

    async def get(self, digest: str) -> str | None: ...

    async def put(self, digest: str, text: str) -> None: ...


class Persisted:
    """The texts of requests, registered or not."""

    exclusive = False

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._kept: LRUCache[str, str] = LRUCache(KEPT_CHARACTERS, getsizeof=len)

    async def text(self, asked: Asked, *, known: bool) -> str:
        """What the request wants to run. What somebody `known` registers is there for all processes, what anybody else
        does only here. Raises BadRequest."""
        digest = digest_of(asked)
        if digest is None:
            return sent(asked)
        if asked.text:
            await self._register(digest, asked.text, known=known)
            return asked.text
        text = self._kept.get(digest)
        if text is None:
            text = await self._shared.get(digest)
            if text is None:
                raise not_found(asked)
            self._kept[digest] = text
        return text

    async def _register(self, digest: str, text: str, *, known: bool) -> None:
        """Raises BadRequest."""
        if sha256(text) != digest:
            raise BadRequest("`extensions.persistedQuery.sha256Hash` is not the SHA-256 of `query`.")
        if len(text) > MAX_KEPT or self._kept.get(digest) is not None:
            return
        self._kept[digest] = text
        if known:
            await self._shared.put(digest, text)


class Trusted:
    """The texts of a manifest; nothing else runs."""

    exclusive = True

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = {**texts, **{sha256(text): text for text in texts.values()}}

    @classmethod
    def read(cls, path: Path) -> "Trusted":
        """A manifest of Apollo (`operations` with `id` and `body`), or an object of texts by their ids, as Relay and
        GraphQL Code Generator write it. Raises OSError, ValueError."""
        given = orjson.loads(path.read_bytes())
        operations = given.get("operations") if isinstance(given, dict) else None
        if isinstance(operations, list):
            given = {each.get("id"): each.get("body") for each in operations if isinstance(each, dict)}
        if not isinstance(given, dict) or not given:
            raise ValueError("it lists no documents by their ids")
        if not all(isinstance(id, str) and isinstance(text, str) for id, text in given.items()):
            raise ValueError("an id or a document in it is no text")
        return cls(given)

    async def text(self, asked: Asked, *, known: bool) -> str:  # trusted for everybody
        """Raises BadRequest."""
        id = asked.document_id or digest_of(asked) or sha256(sent(asked))
        text = self._texts.get(id) or self._texts.get(id.removeprefix(SCHEME))
        if text is None and not asked.text:
            raise not_found(asked)
        if text is None:
            message = "Only the documents of this server's list run here: name one by its id."
            raise BadRequest(message, code="FORBIDDEN", status=403)
        return text


type Texts = Persisted | Trusted


def digest_of(asked: Asked) -> str | None:
    """The hash that it names; None when it names none. Raises BadRequest."""
    persisted = asked.extensions.get("persistedQuery")
    if persisted is None and asked.document_id is None:
        return None
    if persisted is None:
        given: object = (asked.document_id or "").removeprefix(SCHEME)
    elif isinstance(persisted, dict) and persisted.get("version") == 1:
        given = persisted.get("sha256Hash")
    else:
        raise BadRequest("`extensions.persistedQuery` must have `version` 1 and `sha256Hash`.")
    digest = given.lower() if isinstance(given, str) else ""
    if not DIGEST.fullmatch(digest):
        raise not_found(asked) if persisted is None else BadRequest("`sha256Hash` must have 64 hexadecimal digits.")
    return digest


def sent(asked: Asked) -> str:
    """Raises BadRequest."""
    if not asked.text:
        raise BadRequest("Send the operation's text as `query`.")
    return asked.text


def not_found(asked: Asked) -> BadRequest:
    """In the words that clients wait for. Apollo's look at `message`, and expect status 200."""
    if asked.document_id is not None:
        return BadRequest("No such document: check `documentId`.", code="PERSISTED_QUERY_NOT_FOUND", status=404)
    return BadRequest("PersistedQueryNotFound", code="PERSISTED_QUERY_NOT_FOUND", status=200)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
