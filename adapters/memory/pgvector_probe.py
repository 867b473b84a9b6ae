"""What a Postgres server says of itself and of pgvector."""

from psycopg import Error, connect

FACTS = """SELECT current_setting('server_version'), installed_version, default_version
    FROM (SELECT) AS one LEFT JOIN pg_available_extensions ON name = 'vector'"""


def pgvector_facts(url: str) -> tuple[str, str | None, str | None]:
    """Versions of the server, of pgvector in this database, and of the one to be had. Raises ValueError."""
    try:
        with connect(url, connect_timeout=5) as connection:
            found = connection.execute(FACTS).fetchone()
    except Error as error:
        raise ValueError(str(error).splitlines()[0]) from None
    return (found[0], found[1], found[2]) if found else ("", None, None)
