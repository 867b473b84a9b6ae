"""The crash points stand in one list, in the code and in docs/consistency.md: none may be missing anywhere."""

import re
from pathlib import Path

from domain.crashes import POINTS

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["app", "resolvers", "jobs", "services", "agents", "adapters"]
PASSED = re.compile(r'passing\("([^"]+)"\)')
ROW = re.compile(r"^\| `([a-z]+\.[a-z-]+)` \| (.+) \| (.+) \|$", re.MULTILINE)


def test_every_point_is_passed_in_the_code() -> None:
    sources = [path.read_text() for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert sorted({point for source in sources for point in PASSED.findall(source)}) == sorted(POINTS)


def test_every_point_is_explained_once_and_in_order() -> None:
    rows = ROW.findall((ROOT / "docs" / "consistency.md").read_text())
    assert [point for point, _, _ in rows] == list(POINTS)


def test_the_domain_itself_passes_none() -> None:
    importers = [path.name for path in (ROOT / "domain").rglob("*.py") if "import passing" in path.read_text()]
    assert importers == []
