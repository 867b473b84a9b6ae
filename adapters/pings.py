"""Whether a server answers, asked in its own protocol without its client: health must load and log into nothing."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

BOLT = bytes.fromhex("6060b017") + bytes.fromhex("00000404") + bytes(12)
"""The handshake: magic, then version 4.4 and no others (https://neo4j.com/docs/bolt/current/bolt/handshake/)."""
PROBES = {
    "redis": (6379, b"PING\r\n"),
    "falkordb": (6379, b"PING\r\n"),
    "bolt": (7687, BOLT),
    "neo4j": (7687, BOLT),
}
"""By scheme: the usual port, and words that any such server answers, even to refuse them."""
TLS = {"rediss": "redis", "falkordbs": "falkordb", "bolt+s": "bolt", "neo4j+s": "neo4j"}


def can_ping(url: str) -> bool:
    scheme = urlsplit(url).scheme
    return scheme in PROBES or scheme in TLS


async def ping(url: str) -> None:
    """Returns at the first byte. Raises OSError; who calls sets the deadline."""
    parts = urlsplit(url)
    port, probe = PROBES[TLS.get(parts.scheme, parts.scheme)]
    tls = True if parts.scheme in TLS else None
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or port, ssl=tls)
    try:
        writer.write(probe)
        if not await reader.read(1):
            raise ConnectionError("It closes the connection.")
    finally:
        writer.close()
        with suppress(OSError):  # it is gone already
            await writer.wait_closed()
