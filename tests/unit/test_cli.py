import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapters.auth.local import LocalTokens
from app.cli import frontier, main
from domain.members import Role

COMMANDS = sorted(frontier.commands)
HEAVY = {"pydantic", "fastapi", "strawberry", "sqlalchemy", "alembic", "uvicorn", "redis", "httpx", "joserfc", "numpy"}


def ran(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "app.cli", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_every_command_of_the_issue_is_there() -> None:
    services = ["api", "up", "worker"]
    tools = [
        "dead-letters",
        "doctor",
        "eval",
        "ingest",
        "migrate",
        "reconcile",
        "rules",
        "schema",
        "seed",
        "token",
        "trace",
        "verify",
        "weights",
    ]
    assert sorted([*services, *tools]) == COMMANDS


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "eval"])
def test_every_command_takes_a_data_folder_and_explains_itself(command: str) -> None:
    shown = CliRunner().invoke(frontier, [command, "--help"]).output
    assert "--data-dir" in shown
    assert len(shown.splitlines()) > 5


def test_help_imports_nothing_heavy() -> None:
    code = f"import sys, app.cli; print(sorted({HEAVY!r} & set(sys.modules)))"
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert listed.stdout == "[]\n"


async def test_token_names_the_member(tmp_path: Path) -> None:
    made = ran("token", "ana", "--admin", "--days", "2", "--data-dir", str(tmp_path), cwd=tmp_path)
    claims = await LocalTokens(tmp_path / "token.key").verify(made.stdout.strip())
    assert (claims.subject, claims.handle, claims.role) == ("local|ana", "ana", Role.ADMIN)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["token", "Ana!"], "A handle has 1 to 30 characters"),
        (["api", "--host", "192.168.0.9"], "AUTH=local serves on loopback only"),
        (["ingest", ".", "--as", "ana"], "holds no PDF, Markdown or text file"),
        (["token"], "Missing argument 'HANDLE'"),
        (["worker", "--nonsense"], "No such option"),
        (["api"], "The database has no tables yet: run `frontier migrate` first."),
        (["migrate", "--check"], "The database has no tables yet: run `frontier migrate` first."),
    ],
)
def test_mistake_is_one_clear_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = ran(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Error:") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["reconcile", "--dry-run"],
        ["dead-letters"],
        ["dead-letters", "redrive", "--all", "--reason", "mended"],
        ["trace", "UHJvcG9zYWw6Mw"],
        ["rules", "given.json"],
        ["weights", "given.json"],
        ["verify", "0"],
        ["seed"],
    ],
)
def test_a_database_that_was_never_migrated_is_told_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    (tmp_path / "given.json").write_text('{"base": 1}' if "weights" in arguments else '{"quorumPercent": 50}')
    (tmp_path / "frontier.db").touch()
    monkeypatch.chdir(tmp_path)
    for name in ("REDIS_URL", "GRAPH_URL", "MEMORY_URL"):
        monkeypatch.setenv(name, f"{'redis' if name == 'REDIS_URL' else 'falkordb'}://127.0.0.1:1")
    monkeypatch.setattr(sys, "argv", ["frontier", *arguments, "--data-dir", "."])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "Error: The database has no tables yet: run `frontier migrate` first.\n"


def test_ingest_without_a_server_says_how_to_start_it(tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("# A note\n")
    (tmp_path / "address").write_text("http://127.0.0.1:1")
    done = ran("ingest", ".", "--as", "ana", "--data-dir", ".", cwd=tmp_path)
    assert done.stderr == "Error: Nobody answers at http://127.0.0.1:1: start `frontier up` first.\n"
