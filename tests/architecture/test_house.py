"""The rules of the house that no type checker sees."""

import configparser
import importlib.util
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from app.settings import Settings
from evals.engines.compose import URLS

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["app", "schema", "resolvers", "jobs", "services", "agents", "domain", "adapters"]
EXAMPLE = (ROOT / ".env.example").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.split()


def test_alembic_folder_is_no_package() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()
    found = importlib.util.find_spec("alembic")
    assert found is not None
    assert found.origin is not None
    assert "site-packages" in found.origin


def test_every_package_is_ours_from_any_folder(tmp_path: Path) -> None:
    code = f"import importlib\nfor name in {PACKAGES!r}: print(importlib.import_module(name).__file__)"
    shown = subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert shown.stdout.split() == [str(ROOT / name / "__init__.py") for name in PACKAGES]


def test_what_is_silenced_says_why() -> None:
    silenced = re.compile(r"#\s*(noqa|type: ignore)(?P<rules>[:\[][^#]*)?(?P<why>#\s*\S.*)?$")
    bare = [
        f"{name}:{number}"
        for name in tracked("*.py")
        for number, line in enumerate((ROOT / name).read_text().splitlines(), 1)
        if (found := silenced.search(line)) and not (found["rules"] and found["why"])
    ]
    assert bare == []


def test_nothing_installed_takes_our_names() -> None:
    """PyPI's `schema` would overwrite ours."""
    owners = packages_distributions()
    assert {name: owners[name] for name in PACKAGES if owners.get(name, ["frontier"]) != ["frontier"]} == {}


def test_tests_are_no_packages() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_example_names_every_setting_and_no_other() -> None:
    assert re.findall(r"^([A-Z0-9_]+)=", EXAMPLE, re.MULTILINE) == [name.upper() for name in Settings.model_fields]


def test_example_shows_the_defaults() -> None:
    given = dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", EXAMPLE, re.MULTILINE))
    defaults = {name.upper(): shown(field.default) for name, field in Settings.model_fields.items()}
    assert given == defaults


def shown(value: object) -> str:
    """A default as it stands in a file of settings."""
    if value in (None, ()):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_example_is_accepted_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bare = Settings()
    (tmp_path / ".env").write_text(EXAMPLE)
    assert Settings() == bare


def test_layers_hold() -> None:
    linted = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout


def test_lock_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert re.findall(r"https?:\S+|^--.*", lock, re.MULTILINE) == []


def test_every_locked_package_has_a_hash() -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text())
    pinned = [entry for entry in entries if "==" in entry.partition("\n")[0]]
    assert len(pinned) > 100
    assert [entry.partition("\n")[0] for entry in pinned if "--hash=sha256:" not in entry] == []


def test_there_is_one_lock_file() -> None:
    assert tracked("uv.lock", "poetry.lock", "Pipfile.lock") == []


def test_every_dependency_says_why() -> None:
    explained = (ROOT / "docs" / "dependencies.md").read_text()
    named = [re.split(r"[=<>;\s\[]", line)[0] for line in PROJECT["project"]["dependencies"]]
    named += [re.split(r"[=<>;\s\[]", line)[0] for line in PROJECT["dependency-groups"]["dev"]]
    assert [name for name in named if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", explained)] == []


def test_alembic_finds_its_scripts_from_any_folder() -> None:
    ini = configparser.RawConfigParser()
    ini.read(ROOT / "alembic.ini")
    assert ini["alembic"]["script_location"] == "%(here)s/alembic"


@pytest.mark.parametrize("name", ["utils", "helpers", "manager", "managers", "base", "common"])
def test_no_module_has_a_name_that_says_nothing(name: str) -> None:
    assert tracked(f"*/{name}.py", f"*/{name}/*") == []


def test_make_engines_prints_the_urls_of_the_compose_file() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    given = {
        name: re.findall(rf"^    {name}: (.+)$", compose, re.MULTILINE)
        for name in ("DATABASE_URL", "REDIS_URL", "GRAPH_URL")
    }
    assert list(given.values()) == [[URLS["postgres"]], [URLS["redis"]], [URLS["neo4j"]]]


def test_the_image_has_every_package() -> None:
    kept = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert {*PACKAGES, "fakes", "evals", "alembic", "alembic.ini", "requirements.lock", "pyproject.toml"} <= {*kept}
