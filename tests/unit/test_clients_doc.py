"""docs/clients.md shows the snippets that tests/clients runs, to the letter."""

import re
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
CLIENTS = HOME / "tests" / "clients"
TEXT = (HOME / "docs" / "clients.md").read_text()
SHOWN = dict(
    re.findall(r"^\[[\w.-]+\]\(\.\./tests/clients/([^)]+)\)\n```\w+\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
)
RUN = [
    *sorted(str(path.relative_to(CLIENTS)) for path in (CLIENTS / "snippets").rglob("*.*") if path.suffix != ".pyc"),
    "codegen.ts",
    "relay.config.json",
]


@pytest.mark.parametrize("path", RUN)
def test_a_snippet_is_shown_as_it_runs(path: str) -> None:
    assert SHOWN[path] == (CLIENTS / path).read_text()


def test_nothing_else_is_shown() -> None:
    assert sorted(SHOWN) == sorted(RUN)
    assert TEXT.count("```") == 2 * len(SHOWN)
