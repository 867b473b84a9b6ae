"""Hosts and URLs as settings give them."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, urlsplit

NEO4J = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
POSTGRES = "postgresql+asyncpg"
ENGINES = {
    "database_url": ("sqlite+aiosqlite", POSTGRES),
    "redis_url": ("redis", "rediss"),
    "graph_url": ("falkordb", *NEO4J),
    "memory_url": ("falkordb", "postgresql", "mem0"),
}
"""Schemes that an adapter speaks, by setting."""
WITH_CREDENTIALS = {POSTGRES, "postgresql", *NEO4J}
"""Of servers that let nobody in without a name and a password."""
NAMELESS = {"sqlite+aiosqlite", "redis", "rediss", "mem0"}
"""Where a URL may leave the host out."""


def check_engine(url: str, schemes: tuple[str, ...]) -> None:
    """Raises ValueError, whose words repeat nothing of the URL but its scheme."""
    parts = parsed(url)
    scheme = parts.scheme
    if scheme not in schemes:
        raise ValueError(f"give a URL of {' or '.join(schemes)}; not {scheme or 'one without a scheme'}")
    if scheme in WITH_CREDENTIALS and not (parts.username and parts.password):
        raise ValueError(f"give the credentials in the URL: {scheme}://user:password@host/...")
    if not (parts.hostname or scheme in NAMELESS):
        raise ValueError(f"name the host: {scheme}://host:port")
    name = parts.path.removeprefix("/")
    if scheme in ENGINES["redis_url"] and name and not (name.isascii() and name.isdigit()):
        raise ValueError(f"give the database by its number: {scheme}://host:port/0")
    if scheme == "sqlite+aiosqlite" and (parts.netloc or name in ("", ":memory:")):
        raise ValueError(f"name a file, with three slashes before its path: {scheme}:///folder/frontier.db")
    if scheme == POSTGRES and "sslmode" in parse_qs(parts.query):
        raise ValueError("asyncpg knows ?ssl=require, not ?sslmode=require")


def check_web(url: str) -> None:
    """Raises ValueError."""
    parts = parsed(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("give a URL of http or https, such as https://host/v1")


def check_origin(origin: str) -> None:
    """What a browser sends as Origin, or `*` for all. Raises ValueError."""
    parts = parsed(origin)
    if origin != "*" and (parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}"):
        raise ValueError(f"give origins such as https://app.example, or *; not {origin}")


def parsed(url: str) -> SplitResult:
    """Raises ValueError."""
    parts = urlsplit(url)
    try:
        good = parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ValueError("the port must be a number from 1 to 65535")
    return parts


def check_issuer(url: str) -> None:
    """Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ValueError("the issuer must be https: only one on loopback may be http")
    if not parts.hostname or parts.path not in ("", "/") or url != f"{parts.scheme}://{parts.netloc}{parts.path}":
        raise ValueError("give a domain such as tenant.eu.auth0.com, or https://tenant.eu.auth0.com/")
    if "@" in parts.netloc or re.search(r"\s", url):
        raise ValueError("give the domain alone, without a user name or blanks")


def bracketed(host: str) -> str:
    """An IPv6 address as it stands in a URL."""
    return f"[{host.strip('[]')}]" if ":" in host else host


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
