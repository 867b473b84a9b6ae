"""How large the vectors are that a store holds, asked without Mem0 and Graphiti, whose imports take seconds."""

from psycopg import Error
from redis.exceptions import RedisError

from adapters.memory.falkordb_client import FalkorClient
from adapters.memory.pgvector_client import PgClient

OPTIONS = "CALL db.indexes() YIELD options RETURN options"


def falkordb_dimensions(url: str, graph: str, field: str) -> int | None:
    """Of a graph's vector index on `field`; None without one. Raises ValueError when the server does not say."""
    client = FalkorClient(url, graph)
    try:
        sizes = [row["options"][field]["dimension"] for row in client.read(OPTIONS) if field in row["options"]]
    except (RedisError, OSError) as error:
        raise ValueError(str(error)) from None
    finally:
        client.close()
    return int(sizes[0]) if sizes else None


def pgvector_dimensions(url: str, name: str) -> int | None:
    """Of a table's vectors; None without one. Raises ValueError when the server does not say."""
    client = PgClient(url, name)
    try:
        return client.dimensions()
    except (Error, OSError) as error:
        raise ValueError(str(error)) from None
    finally:
        client.close()
