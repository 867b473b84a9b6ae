"""How much a member and an address may ask in a minute."""

from ipaddress import IPv6Address, ip_address, ip_network

from starlette.types import Scope

from adapters.rates.redis import RedisRates
from domain.errors import RateLimited
from domain.members import Viewer

IPV6_NETWORK = 64
"""Bits: what one household or machine is given."""


class Rates:
    """`member` and `address` are operations a minute; 0: no limit."""

    def __init__(self, counts: RedisRates, *, member: int, address: int) -> None:
        self._counts = counts
        self._member = member
        self._address = address

    def count_address(self, scope: Scope) -> None:
        """Before a token is looked at, so that guessing is limited too. Raises RateLimited."""
        if self._address:
            self._count(f"address:{address_of(scope)}", self._address, "This address")

    def count_member(self, viewer: Viewer) -> None:
        """Raises RateLimited."""
        if self._member:
            self._count(f"member:{viewer.member_id}", self._member, "You")

    def _count(self, key: str, most: int, who: str) -> None:
        if wait := self._counts.take(key, most):
            raise RateLimited(f"{who} may ask {most:,} times a minute: wait {wait} s.", retry_after=wait)


def address_of(scope: Scope) -> str:
    """The client's, as the server knows it: behind a proxy that is what the proxy says, if uvicorn trusts it."""
    client = scope.get("client")
    if not client:
        return "unknown"
    try:
        address = ip_address(client[0].partition("%")[0])
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped or ip_network((address, IPV6_NETWORK), strict=False).network_address)
