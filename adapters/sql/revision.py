"""Which migrations there are, told without SQLAlchemy: loading it would cost a warm start 3 s."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

VERSIONS = Path(__file__).resolve().parents[2] / "alembic" / "versions"
REVISION = re.compile(r'^(revision|down_revision)\b[^=]*= *"([^"]+)"', re.MULTILINE)


def at_newest(url: str) -> bool:
    """Whether it is a SQLite file at the newest migration. False also when it cannot be told: then migrate."""
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
    named = _named()
    (head,) = {revision for kind, revision in named if kind == "revision"} - _built_on(named)
    return head


def outdated(revision: str | None) -> bool:
    """Whether a migration of ours is still to come; None: of a database that has had none."""
    return revision is None or revision in _built_on(_named())


def _named() -> list[tuple[str, str]]:
    return [found for file in VERSIONS.glob("*.py") for found in REVISION.findall(file.read_text())]


def _built_on(named: list[tuple[str, str]]) -> set[str]:
    return {revision for kind, revision in named if kind == "down_revision"}
