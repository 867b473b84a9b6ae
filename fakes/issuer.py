"""An issuer of tokens that speaks OpenID Connect's discovery and JWKS, as an Auth0 tenant does.

`python -m fakes.issuer --port 8102` prints the settings of a server that trusts it. Tokens: GET /fake/token with `sub`,
`nickname`, `role` (ADMIN), `seconds`. Keys: POST /fake/rotate (a new one signs, the old one stays published) and POST
/fake/revoke?kid=K. POST /fake/mood?is=M, until the next:

ok         answer                       down       HTTP 503
hang       accept and never answer      html       a page of some proxy
list       JSON, but no JWK set         huge       a set that does not end
late       the answer, half a second after it was made up
packed     compressed, though not asked for
moved      a redirect to another path that has the keys
cut        half a set, then the connection breaks
"""

import argparse
import asyncio
import base64
import gzip
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from fakes.serving import served

AUDIENCE = "https://api.frontier.example"
NAMESPACE = "https://frontier/"
HANG_SECONDS, LATE_SECONDS = 3600.0, 0.5


class CutShort(Exception):  # it is what happens, to the client and on purpose
    """Raised inside a response body: the server drops the connection."""


@dataclass
class FakeIssuer:
    """Its keys, the one that signs last; which of them it publishes; how often they were fetched."""

    url: str = ""
    """Ends with a slash, as Auth0's issuers do."""
    keys: list[RSAKey] = field(default_factory=list)
    published: list[Any] = field(default_factory=list)
    fetches: int = 0
    mood: str = "ok"

    def __post_init__(self) -> None:
        self.rotate()

    @property
    def kid(self) -> str:
        """Of the key that signs."""
        return str(self.keys[-1].kid)

    def rotate(self) -> str:
        """A new key signs; the old ones stay published. Returns its id."""
        key = RSAKey.generate_key(2048, {"kid": f"key-{len(self.keys) + 1}", "use": "sig", "alg": "RS256"})
        self.keys.append(key)
        self.published.append(dict(key.as_dict(private=False)))
        return self.kid

    def revoke(self, kid: str) -> None:
        """It is published no more; it can still sign."""
        self.published = [jwk for jwk in self.published if jwk["kid"] != kid]

    def claims(self, sub: str = "auth0|ana", /, **changes: object) -> dict[str, Any]:
        """Those of an honest access token; None takes one away."""
        now = int(time.time())
        usual = {
            "iss": self.url,
            "sub": sub,
            "aud": [AUDIENCE, f"{self.url}userinfo"],
            "iat": now,
            "exp": now + 3600,
            "scope": "openid profile",
            "azp": "a-client",
            f"{NAMESPACE}nickname": sub.partition("|")[2],
            f"{NAMESPACE}roles": [],
        }
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def token(self, sub: str = "auth0|ana", /, **changes: object) -> str:
        """An honest access token with these claims changed."""
        header = {"alg": "RS256", "typ": "JWT", "kid": self.kid}
        return jwt.encode(header, self.claims(sub, **changes), self.keys[-1], algorithms=["RS256"])

    def signed_raw(self, header: bytes, payload: bytes, *, key: RSAPrivateKey | None = None) -> str:
        """RS256 with the newest key, or `key`, over bytes that no library would sign."""
        covered = f"{encoded(header)}.{encoded(payload)}"
        private = key or self.keys[-1].private_key
        if private is None:
            raise ValueError("That key cannot sign.")
        return f"{covered}.{encoded(private.sign(covered.encode(), PKCS1v15(), SHA256()))}"

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/.well-known/jwks.json", self._jwks),
                Route("/elsewhere", self._set),
                Route("/fake/token", self._token),
                Route("/fake/rotate", self._rotate, methods=["POST"]),
                Route("/fake/revoke", self._revoke, methods=["POST"]),
                Route("/fake/mood", self._mood, methods=["POST"]),
            ]
        )

    async def _discovery(self, _request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "jwks_uri": f"{self.url}.well-known/jwks.json",
                "authorization_endpoint": f"{self.url}authorize",
                "token_endpoint": f"{self.url}oauth/token",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def _jwks(self, request: Request) -> Response:
        self.fetches += 1
        match self.mood:
            case "down":
                return PlainTextResponse("Service Unavailable", 503)
            case "hang":
                await asyncio.sleep(HANG_SECONDS)
            case "html":
                return PlainTextResponse("<!doctype html><title>Sign in</title>", media_type="text/html")
            case "list":
                return JSONResponse(self.published)
            case "late":
                body = self._body()
                await asyncio.sleep(LATE_SECONDS)
                return Response(body, media_type="application/json")
            case "cut":
                return StreamingResponse(cut_short(), media_type="application/json")
            case "huge":
                return StreamingResponse(without_end(), media_type="application/json")
            case "packed":
                return Response(gzip.compress(self._body()), headers={"content-encoding": "gzip"})
            case "moved":
                return RedirectResponse("/elsewhere")
        return await self._set(request)

    async def _set(self, _request: Request) -> Response:
        return Response(self._body(), media_type="application/json")

    def _body(self) -> bytes:
        return json.dumps({"keys": self.published}).encode()

    async def _token(self, request: Request) -> Response:
        asked = request.query_params
        changes: dict[str, object] = {"exp": int(time.time()) + int(asked.get("seconds", "3600"))}
        if "nickname" in asked:
            changes[f"{NAMESPACE}nickname"] = asked["nickname"]
        if "role" in asked:
            changes[f"{NAMESPACE}roles"] = [asked["role"]]
        return PlainTextResponse(self.token(asked.get("sub", "auth0|ana"), **changes))

    async def _rotate(self, _request: Request) -> Response:
        return JSONResponse({"kid": self.rotate()})

    async def _revoke(self, request: Request) -> Response:
        self.revoke(request.query_params["kid"])
        return JSONResponse({"published": [jwk["kid"] for jwk in self.published]})

    async def _mood(self, request: Request) -> Response:
        self.mood = request.query_params["is"]
        return JSONResponse({"mood": self.mood})


async def without_end() -> AsyncIterator[bytes]:
    yield b'{"keys": ['
    while True:
        yield b'{"kty": "RSA"},' * 1000
        await asyncio.sleep(0)  # so that it is heard when the client leaves


async def cut_short() -> AsyncIterator[bytes]:
    yield b'{"keys": ['
    raise CutShort


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@contextmanager
def serving(issuer: FakeIssuer, *, port: int = 0) -> Iterator[FakeIssuer]:
    """The issuer over HTTP on loopback, on a free port unless one is given."""
    with served(issuer.app(), port=port) as url:
        issuer.url = f"{url}/"
        yield issuer


def main() -> None:
    parser = argparse.ArgumentParser(description="A fake issuer of tokens.")
    parser.add_argument("--port", type=int, default=8102)
    given = parser.parse_args()
    with serving(FakeIssuer(), port=given.port) as issuer:
        print(f"AUTH=auth0\nAUTH0_DOMAIN={issuer.url}\nAUTH0_AUDIENCE={AUDIENCE}", flush=True)  # noqa: T201  # a command's output
        print(f"# a token: curl '{issuer.url}fake/token?sub=auth0|ana&role=ADMIN'", flush=True)  # noqa: T201  # a command's output
        threading.Event().wait()


if __name__ == "__main__":
    main()
