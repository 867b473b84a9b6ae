"""A Redis that is away or refuses, in the domain's words."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import RedisError

from domain.errors import SyncFailed


@contextmanager
def redis_failures(doing: str) -> Iterator[None]:
    """Raises SyncFailed, which is retried."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise SyncFailed(f"Redis failed while {doing}: {error}") from error
