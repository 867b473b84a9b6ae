"""Bearer tokens signed with a key of this machine, for loopback only."""

import os
import re
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.auth.compact import MAX_TOKEN, header_of, object_of
from domain.errors import BadInput, Unauthenticated
from domain.members import Claims, Role

ALGORITHM = "HS256"
ISSUER = "frontier-local"
AUDIENCE = "frontier"
MAX_SUBJECT = 255
MAX_DAYS = 3650
HANDLE = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")
REMEDY = "Make a new one with `frontier token HANDLE`."


class LocalTokens:
    """JWTs (RFC 7519) signed with HS256; the key is made at the first use, readable by its owner only."""

    def __init__(self, key_path: Path, *, clock: Callable[[], float] = time.time) -> None:
        from joserfc.jwk import OctKey  # 0.4 s

        self._key = OctKey.import_key(stored_key(key_path))
        self._clock = clock

    def issue(self, handle: str, *, role: Role = Role.MEMBER, lifetime: timedelta = timedelta(days=30)) -> str:
        """A token for `handle`. Raises BadInput."""
        from joserfc import jwt

        if not timedelta() < lifetime <= timedelta(days=MAX_DAYS):
            raise BadInput(f"A token lives 1 to {MAX_DAYS} days.", field=("days",))
        now = int(self._clock())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": f"local|{checked_handle(handle)}",
            "handle": handle,
            "role": role.value,
            "iat": now,
            "exp": now + int(lifetime.total_seconds()),
        }
        return jwt.encode({"alg": ALGORITHM}, claims, self._key, algorithms=[ALGORITHM])

    async def verify(self, token: str) -> Claims:
        """Raises Unauthenticated, its message telling an expired token from a malformed one."""
        claims = self._signed(token)
        if claims.get("iss") != ISSUER or claims.get("aud") != AUDIENCE:
            raise Unauthenticated(f"The token was not issued for this server. {REMEDY}")
        if _moment(claims, "nbf", 0).timestamp() > self._clock():
            raise Unauthenticated(f"The token is not valid yet: its `nbf` lies ahead. {REMEDY}")
        expires_at = _moment(claims, "exp")
        if expires_at.timestamp() <= self._clock():
            raise Unauthenticated(f"The token expired at {expires_at:%Y-%m-%d %H:%M} UTC. {REMEDY}")
        return Claims(
            subject=_subject(claims.get("sub")),
            handle=_handle(claims.get("handle")),
            role=_role(claims.get("role")),
            expires_at=expires_at,
        )

    def _signed(self, token: str) -> dict[str, object]:
        """The claims of a token that this key signed."""
        from joserfc import jws
        from joserfc.errors import BadSignatureError, JoseError

        if len(token) > MAX_TOKEN:
            raise _malformed(f"it is longer than {MAX_TOKEN} bytes")
        try:
            header_of(token)  # the library stumbles over headers that are no object
            return object_of(jws.deserialize_compact(token, self._key, algorithms=[ALGORITHM]).payload)
        except BadSignatureError:
            raise Unauthenticated(f"The token was not signed by this server's key. {REMEDY}") from None
        except (JoseError, ValueError):
            raise _malformed("it is no JWT signed with " + ALGORITHM) from None


def checked_handle(handle: str) -> str:
    """Raises BadInput."""
    if not HANDLE.fullmatch(handle):
        raise BadInput(
            "A handle has 1 to 30 characters of a-z, 0-9, _ and -, and starts with a letter or digit.",
            field=("handle",),
        )
    return handle


def stored_key(path: Path) -> bytes:
    """The key in `path`, made if there is none. Of processes that start together one makes it, the others read it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        publish(secrets.token_hex(32).encode(), path)
    key = path.read_bytes().strip()
    if len(key) < 32:
        raise BadInput(f"{path} is damaged: delete it, start again and issue new tokens.")
    return key


def publish(content: bytes, path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # another process was first: its key counts
    finally:
        draft.unlink()


def _malformed(why: str) -> Unauthenticated:
    return Unauthenticated(f"The token is malformed: {why}. {REMEDY}")


def _moment(claims: dict[str, object], name: str, otherwise: object = None) -> datetime:
    value = claims.get(name, otherwise)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**36:
        raise _malformed(f"its `{name}` is no time in seconds")
    return datetime.fromtimestamp(value, UTC)


def _subject(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_SUBJECT:
        raise _malformed(f"its `sub` is no text of 1 to {MAX_SUBJECT} characters")
    return value


def _handle(value: object) -> str:
    if not isinstance(value, str) or not HANDLE.fullmatch(value):
        raise _malformed("its `handle` is no handle")
    return value


def _role(value: object) -> Role:
    if not isinstance(value, str) or value not in Role:
        raise _malformed("its `role` is neither MEMBER nor ADMIN")
    return Role(value)
