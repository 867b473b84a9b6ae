"""Bearer tokens of an Auth0 tenant, or of any issuer that speaks like one."""

import re
import time
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from adapters.auth.compact import header_of, object_of
from adapters.auth.jwks import PAUSE, Jwks
from domain.errors import Unauthenticated
from domain.members import Claims, Role

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

ALGORITHM = "RS256"
TYPES = ("jwt", "at+jwt", "application/at+jwt")
"""RFC 9068 and what Auth0 writes; a logout token or a security event is signed with the same keys."""
FOREIGN_HEADERS = ("jwk", "jku", "x5u", "x5c", "cty", "enc", "zip")
"""Keys that a token brings along or points to, and forms other than plain claims."""
TEXT = re.compile(r"[!-~](?:[ -~]{0,253}[!-~])?")
"""1 to 255 printable ASCII characters, no blank around them: what OpenID Connect allows a `sub`."""
LEEWAY = 60
"""Seconds that the issuer's clock may be ahead of ours. An expiry has none: a client can have a new token before it."""
LATEST = 2**36
MAX_HANDLE = 26
"""Leaves room for the suffix of a clash."""
NAMED_IN = ("nickname", "preferred_username", "email")
REMEDY = "Log in again."


class Auth0Tokens:
    """JWTs (RFC 7519) signed with RS256 by `issuer` for `audience`. Roles stand in the claim `namespace` + "roles"."""

    def __init__(
        self, keys: Jwks, issuer: str, audience: str, *, namespace: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._namespace = namespace
        self._clock = clock

    async def verify(self, token: str) -> Claims:
        """Raises Unauthenticated; SyncFailed when the issuer does not answer and the token's key is not known."""
        key = await self._keys.key(_key_id(token))
        if key is None:
            raise Unauthenticated(
                "The token was signed with a key that its issuer does not publish. "
                f"{REMEDY} If that key is new, try again in {PAUSE:.0f} s."
            )
        claims = _signed(token, key)
        self._check_addressed(claims)
        return Claims(
            subject=_subject(claims.get("sub")),
            handle=handle_of(claims, self._namespace),
            role=self._role(claims.get(f"{self._namespace}roles", [])),
            expires_at=self._valid_until(claims),
        )

    def _check_addressed(self, claims: dict[str, object]) -> None:
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if not all(isinstance(each, str) for each in audiences):
            raise _malformed("its `aud` is neither a text nor a list of texts")
        if not isinstance(claims.get("azp", ""), str):
            raise _malformed("its `azp` is no text")
        if claims.get("iss") != self._issuer or self._audience not in audiences:
            raise Unauthenticated(f"The token was not issued for this server. {REMEDY}")

    def _valid_until(self, claims: dict[str, object]) -> datetime:
        now = self._clock()
        for name in ("nbf", "iat"):
            if name in claims and _moment(claims, name) > now + LEEWAY:
                raise Unauthenticated(f"The token is not valid yet: its `{name}` lies ahead. {REMEDY}")
        expires_at = datetime.fromtimestamp(_moment(claims, "exp"), UTC)
        if expires_at.timestamp() <= now:
            raise Unauthenticated(f"The token expired at {expires_at:%Y-%m-%d %H:%M} UTC. {REMEDY}")
        return expires_at

    def _role(self, roles: object) -> Role:
        if not isinstance(roles, list) or not all(isinstance(each, str) for each in roles):
            raise _malformed(f"its `{self._namespace}roles` is no list of texts")
        return Role.ADMIN if Role.ADMIN.value in roles else Role.MEMBER


def handle_of(claims: dict[str, object], namespace: str) -> str:
    """From a nickname, a user name or what stands before an e-mail's @, namespaced or not; else the subject's hash.

    Lower case, without accents, 1 to 26 characters of a-z, 0-9, _ and -, a letter or digit first.
    """
    for name in NAMED_IN:
        for claim in (claims.get(namespace + name), claims.get(name)):
            if isinstance(claim, str) and (handle := as_handle(claim.lstrip("@").partition("@")[0])):
                return handle
    return f"member-{sha256(str(claims['sub']).encode()).hexdigest()[:8]}"


def as_handle(name: str) -> str:
    """Empty when nothing of it can stand in a handle."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).lstrip("-_")[:MAX_HANDLE].rstrip("-_")


def _key_id(token: str) -> str:
    """The id of the key that is said to have signed it, its header being one that this server takes."""
    try:
        header = header_of(token)
    except ValueError as error:
        raise _malformed(str(error)) from None
    if header["alg"] != ALGORITHM:
        raise _malformed(f"it is not signed with {ALGORITHM}")
    for name in FOREIGN_HEADERS:
        if name in header:
            raise _malformed(f"its header has a `{name}`, which this server does not take")
    kind, kid = header.get("typ", "JWT"), header.get("kid")
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise _malformed("its `typ` is not that of an access token")
    if not isinstance(kid, str) or not TEXT.fullmatch(kid):
        raise _malformed("its `kid` is no text of 1 to 255 characters")
    return kid


def _signed(token: str, key: "RSAKey") -> dict[str, object]:
    """The claims, if this key signed them."""
    from joserfc import jws
    from joserfc.errors import BadSignatureError, JoseError

    allowed = jws.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)  # unknown headers: RFC 7515, section 4
    try:
        return object_of(jws.deserialize_compact(token, key, registry=allowed).payload)
    except BadSignatureError:
        raise Unauthenticated(f"The token's signature is not that of its issuer. {REMEDY}") from None
    except JoseError:
        raise _malformed(f"it is no JWT signed with {ALGORITHM}") from None
    except ValueError as error:
        raise _malformed(str(error)) from None


def _subject(value: object) -> str:
    if not isinstance(value, str) or not TEXT.fullmatch(value):
        raise _malformed("its `sub` is no text of 1 to 255 ASCII characters")
    return value


def _moment(claims: dict[str, object], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < LATEST:
        raise _malformed(f"its `{name}` is no time in whole seconds")
    return value


def _malformed(why: str) -> Unauthenticated:
    return Unauthenticated(f"The token is malformed: {why}. {REMEDY}")
