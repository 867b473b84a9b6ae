"""Hosts and URLs as settings give them."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit


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
