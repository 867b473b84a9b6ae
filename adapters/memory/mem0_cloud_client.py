"""Mem0 Cloud's SDK, and what its failures mean.

Import through mem0_import only.
"""

from json import JSONDecodeError

import httpx
from mem0.client.main import AsyncMemoryClient
from mem0.client.utils import api_error_handler
from mem0.exceptions import (
    AuthenticationError,
    MemoryError,  # mem0's own
    MemoryNotFoundError,
    MemoryQuotaExceededError,
    NetworkError,
    RateLimitError,
    ValidationError,
)

from adapters.memory.mem0_cloud_rows import Garbled, Unsettled

type Account = tuple[str, str]
"""Ids of organisation and project."""


class CloudClient(AsyncMemoryClient):
    """Its constructor would ask the server for `account`, blocking and for as long as that keeps silent."""

    def __init__(self, key: str, host: str, client: httpx.AsyncClient, account: Account) -> None:
        self._account = account
        super().__init__(key, host=host, client=client)

    def _validate_api_key(self) -> None:
        self.org_id, self.project_id = self._account  # type: ignore[assignment]  # it says None, for "not yet"

    async def shows(self, ref: str) -> bool:
        """Whether the memory of this id of theirs is there."""
        try:
            await self.get(ref)
        except MemoryNotFoundError:
            return False
        return True


async def opened(key: str, host: str, *, seconds: float) -> CloudClient:
    """A call takes at most `seconds` of silence; the SDK repeats none. Raises what its calls raise, and Garbled."""
    client = httpx.AsyncClient(timeout=seconds)
    try:
        return CloudClient(key, host, client, await _account(client, key, host))
    except BaseException:
        await client.aclose()
        raise


@api_error_handler  # type: ignore[untyped-decorator]  # the SDK's own mapping of errors; it ships few types
async def _account(client: httpx.AsyncClient, key: str, host: str) -> Account:
    answer = await client.get(f"{host}/v1/ping/", headers={"Authorization": f"Token {key}"})
    answer.raise_for_status()
    known = answer.json()
    if not isinstance(known, dict) or not (known.get("org_id") and known.get("project_id")):
        raise Garbled
    return known["org_id"], known["project_id"]


def pause(error: Exception) -> float | bool:
    """Seconds to wait before asking again; True to wait as usual, False when asking again will not help."""
    match error:
        case RateLimitError():
            return float(error.debug_info.get("retry_after") or 0.0) or True
        case Unsettled() | Garbled() | JSONDecodeError() | NetworkError() | httpx.HTTPError():
            return True
        case MemoryError():
            return str(error.error_code).startswith("HTTP_5")
    return False


def reason(error: BaseException | None) -> str | None:
    """What to tell of it; None for what is not the server's failure: a fault of our own must show itself."""
    match error:
        case AuthenticationError():
            return "Mem0 Cloud refuses the key. Check MEM0_API_KEY."
        case MemoryQuotaExceededError():
            return "Mem0 Cloud's quota of memories is used up. Raise it with the provider."
        case RateLimitError():
            return "Mem0 Cloud's rate limit is used up. Wait, or raise it with the provider."
        case ValidationError():
            return f"Mem0 Cloud refuses the request: {error.message}"
        case Unsettled():
            return "Mem0 Cloud took the change, but does not show it yet."
        case Garbled() | JSONDecodeError():
            return "Mem0 Cloud sent something unreadable. Check MEMORY_URL."
        case NetworkError() | httpx.HTTPError():
            return f"Mem0 Cloud does not answer: {getattr(error, 'message', '') or error}"
        case MemoryError():
            return f"Mem0 Cloud fails: {error.message}"
    return None
