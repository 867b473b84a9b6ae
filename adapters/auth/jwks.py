"""The public keys of an issuer of tokens (RFC 7517), kept in memory and renewed beside the requests.

How old the keys in hand may be: up to FRESH they are used as they are; then they are renewed in the background; from
STALE on a request waits for that. If the issuer does not answer, they serve until HELD. A key that the issuer took back
is therefore refused after FRESH and one request, after STALE at the latest, and after HELD while the issuer is down.

A key id that is not in hand is looked for at once, since the issuer may just have changed its keys. A look that brings
nothing (no answer, or not that key) is followed by a PAUSE without any fetch; one that finds its key is not. So random
ids cost one fetch a PAUSE, a new key counts at once, and during a flood of random ids after a PAUSE at the latest: the
flood's own next look brings it.
"""

import asyncio
import logging
import math
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from adapters.auth.compact import bytes_of, object_of
from domain.errors import SyncFailed

if TYPE_CHECKING:
    from ssl import SSLContext

    from joserfc.jwk import RSAKey

FRESH, STALE, HELD = 300.0, 600.0, 3600.0
"""Seconds."""
PAUSE = 10.0
"""Seconds without a fetch after one that brought nothing."""
DEADLINE = 3.0
"""Seconds for a whole fetch."""
MAX_BODY = 1 << 16
BITS = range(2048, 4097)
EXPONENT = "AQAB"
"""65537, as every issuer has it; OpenSSL takes odd ones too, some at a price."""
LOOPBACK = {"127.0.0.1", "::1", "localhost"}

log = logging.getLogger(__name__)


class Jwks:
    """The signing keys at `url`; of many that wait for them, one fetches. `deadline` in seconds, `clock` monotonic."""

    def __init__(self, url: str, *, deadline: float = DEADLINE, clock: Callable[[], float] = time.monotonic) -> None:
        self.url = url
        self._deadline = deadline
        self._clock = clock
        self._tls: SSLContext | None = None
        self._keys: dict[str, RSAKey] = {}
        self._read_at = -math.inf
        self._failed = False
        self._quiet_until = -math.inf
        self._fetch: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> "RSAKey | None":
        """None: the issuer publishes no such key. Raises SyncFailed when it does not answer and no key in hand fits."""
        await self._renew(kid)
        if kid not in self._keys:
            await self._look_for(kid)
        found = self._keys.get(kid) if self._age < HELD else None
        if found is None and self._failed:
            raise SyncFailed("The issuer of tokens does not answer, so that this token cannot be checked. Try again.")
        return found

    async def ids(self) -> list[str]:
        """The ids of all keys that can be used, fetched now. Raises SyncFailed."""
        return list(await self._published())

    async def aclose(self) -> None:
        """End the fetch that is under way, and begin no other."""
        self._failed, self._quiet_until = True, math.inf
        if self._fetch is not None:
            self._fetch.cancel()
            await asyncio.wait([self._fetch])

    @property
    def _age(self) -> float:
        return self._clock() - self._read_at

    async def _renew(self, kid: str) -> None:
        """Wait only for what is needed: while the issuer is down, not for each try."""
        if self._age < FRESH:
            return
        fetch = self._fetching(kid)
        if fetch and self._age >= (HELD if self._failed else STALE):
            await asyncio.wait([fetch])

    async def _look_for(self, kid: str) -> None:
        if self._under_way:  # begun earlier: it may miss a key that the issuer took up since
            await asyncio.wait([self._under_way])
        if kid not in self._keys and (fetch := self._fetching(kid)):
            await asyncio.wait([fetch])

    @property
    def _under_way(self) -> asyncio.Task[None] | None:
        return None if self._fetch is None or self._fetch.done() else self._fetch

    def _fetching(self, kid: str) -> asyncio.Task[None] | None:
        """The fetch under way, else a new one, None in a pause. A task, as who asked first may leave first."""
        if not self._under_way and self._clock() >= self._quiet_until:
            self._fetch = asyncio.create_task(self._read(None if kid in self._keys else kid))
        return self._under_way

    async def _read(self, wanted: str | None) -> None:
        began = self._clock()
        try:
            self._keys = await self._published()
        except SyncFailed as error:
            self._failed = True
            log.warning("%s", error)
        else:
            self._failed, self._read_at = False, began
        if self._failed or (wanted is not None and wanted not in self._keys):
            self._quiet_until = self._clock() + PAUSE

    async def _published(self) -> dict[str, "RSAKey"]:
        """Raises SyncFailed."""
        import httpx

        try:
            async with asyncio.timeout(self._deadline):
                body = await self._body()
            return keys_of(body)
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            why = str(error) or f"no whole answer within {self._deadline:g} s"
            raise SyncFailed(f"The issuer's keys at {self.url} could not be read: {why}.") from None

    async def _body(self) -> bytes:
        """What the issuer answers, without following it elsewhere. Raises httpx.HTTPError, ValueError."""
        import httpx

        if self._tls is None:
            self._tls = await asyncio.to_thread(httpx.create_ssl_context)  # 40 ms
        proxied = urlsplit(self.url).hostname not in LOOPBACK
        plain = {"Accept": "application/json", "Accept-Encoding": "identity"}
        async with (
            httpx.AsyncClient(verify=self._tls, trust_env=proxied, timeout=self._deadline) as client,
            client.stream("GET", self.url, headers=plain) as answer,
        ):
            if answer.status_code != 200 or answer.headers.get("content-encoding", "identity") != "identity":
                raise ValueError(f"HTTP {answer.status_code} {answer.headers.get('content-encoding', '')}".rstrip())
            return await bounded(answer.aiter_raw())


async def bounded(pieces: AsyncIterator[bytes]) -> bytes:
    """Raises ValueError past MAX_BODY."""
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) > MAX_BODY:
            raise ValueError(f"the answer is longer than {MAX_BODY} bytes")
    return bytes(body)


def keys_of(body: bytes) -> dict[str, "RSAKey"]:
    """Keys for RS256 by their id; what is anything else is passed over. An empty set is a set. Raises ValueError."""
    listed = object_of(body).get("keys")
    if not isinstance(listed, list):
        raise ValueError("it is no JWK set")
    found: dict[str, RSAKey] = {}
    for jwk in listed:
        kid = jwk.get("kid") if isinstance(jwk, dict) else None
        if isinstance(kid, str) and kid not in found and (key := usable(jwk)):
            found[kid] = key
    return found


def usable(jwk: dict[str, object]) -> "RSAKey | None":
    """An RSA key of 2048 to 4096 bits that may check RS256; `use`, `alg` and `key_ops` may be left out (RFC 7517)."""
    from joserfc.jwk import RSAKey

    operations, modulus = jwk.get("key_ops", ["verify"]), jwk.get("n")
    fits = (
        jwk.get("kty") == "RSA"
        and jwk.get("use", "sig") == "sig"
        and jwk.get("alg", "RS256") == "RS256"
        and isinstance(operations, list)
        and "verify" in operations
        and jwk.get("e") == EXPONENT
    )
    if not fits or not isinstance(modulus, str) or bits_of(modulus) not in BITS:
        return None
    return RSAKey.import_key({"kty": "RSA", "n": modulus, "e": EXPONENT})


def bits_of(modulus: str) -> int:
    """0 for what is no base64url."""
    try:
        return int.from_bytes(bytes_of(modulus)).bit_length()
    except ValueError:
        return 0
