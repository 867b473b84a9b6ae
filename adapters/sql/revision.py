"""Whether a SQLite file is at the newest migration, told without SQLAlchemy: loading it would cost a warm start 3 s."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

VERSIONS = Path(__file__).resolve().parents[2] / "alembic" / "versions"
REVISION = re.compile(r'^(revision|down_revision)\b[^=]*= *"([^"]+)"', re.MULTILINE)


def at_newest(url: str) -> bool:
    """False also when it cannot be told: then migrate."""
    scheme, path = urlsplit(url).scheme, Path(urlsplit(url).path.removeprefix("/"))
    if not scheme.startswith("sqlite") or not path.is_file():
        return False
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        try:
            return connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(newest(),)]
        except sqlite3.Error:
            return False


def newest() -> str:
    """The revision that no other one builds on."""
    named: list[tuple[str, str]] = [
        found for file in VERSIONS.glob("*.py") for found in REVISION.findall(file.read_text())
    ]
    built_on = {revision for kind, revision in named if kind == "down_revision"}
    (head,) = {revision for kind, revision in named if kind == "revision"} - built_on
    return head
