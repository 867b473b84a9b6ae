"""Vector files, each read by the module that knows its format, told by its content and not by its name."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from domain.errors import BadInput
from evals.vectors.outcomes import BROKEN, Outcome, Status, misshapen

READERS = (
    "thresholds",
    "aragon",
    "cosmos",
    "snapshot",
    "liquidfeedback",
    "polkadot",
    "openzeppelin_override",
    "openzeppelin_lifecycle",
    "compound",
)
STEPWISE = {"Polkadot conviction voting"}
"""Each case goes on where the one before it ended."""


class Reader(Protocol):
    FORMAT: str

    def recognises(self, data: dict[str, Any]) -> bool: ...
    def run(self, data: dict[str, Any]) -> Iterator[Outcome]: ...


@dataclass(frozen=True, slots=True)
class Run:
    """One file's outcomes, in the order of its cases."""

    file: Path
    format: str
    outcomes: tuple[Outcome, ...]

    def of(self, status: Status) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.status == status]


def run(file: Path) -> Run:
    """Raises BadInput for a file of no known format."""
    data = parsed(file)
    reader = reader_of(file, data)
    return Run(file, reader.FORMAT, tuple(outcomes(reader, data)))


def files(paths: Iterable[Path]) -> list[Path]:
    """The files themselves, and every .json file below the folders, each once. Raises BadInput for an empty folder."""
    found: dict[Path, None] = {}
    for path in paths:
        inside = sorted(filter(Path.is_file, path.rglob("*.json"))) if path.is_dir() else [path]
        if not inside:
            raise BadInput(f"{path} holds no .json file: give a folder of vector files, or the files.", field=("path",))
        found |= dict.fromkeys(inside)
    return list(found)


def parsed(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise unknown(f"{file} is no JSON ({error})") from error
    return dict(data) if isinstance(data, dict) else {}


def readers() -> list[Reader]:
    return [cast(Reader, import_module(f"evals.vectors.{name}")) for name in READERS]


def reader_of(file: Path, data: dict[str, Any]) -> Reader:
    """Raises BadInput, naming the formats that are known."""
    if shaped(data):
        for reader in readers():
            if recognised(reader, data):
                return reader
    raise unknown(f"{file} is of no known format")


def recognised(reader: Reader, data: dict[str, Any]) -> bool:
    """A file that breaks the question is of another format, or of none."""
    try:
        return reader.recognises(data)
    except BROKEN:
        return False


def unknown(what: str) -> BadInput:
    known = ", ".join(reader.FORMAT for reader in readers())
    return BadInput(f"{what}. Known formats of vector files: {known}.", field=("path",))


def shaped(data: dict[str, Any]) -> bool:
    """Whether it has what all formats have: a list of cases by name of their fields, or of rows."""
    cases = data.get("cases", data.get("rows"))
    return isinstance(cases, list) and ("rows" in data or all(isinstance(case, dict) for case in cases))


def outcomes(reader: Reader, data: dict[str, Any]) -> Iterator[Outcome]:
    """A case that breaks its reader has failed, and the others are run all the same."""
    for part in parts(reader, data):
        try:
            yield from reader.run(part)
        except BROKEN as error:
            yield misshapen(name_of(part), error)


def parts(reader: Reader, data: dict[str, Any]) -> list[dict[str, Any]]:
    """The file once a case, where cases do not build on one another."""
    if "cases" not in data or reader.FORMAT in STEPWISE:
        return [data]
    return [{**data, "cases": [case]} for case in data["cases"]]


def name_of(part: dict[str, Any]) -> str:
    cases = part.get("cases", ())
    return str(cases[0].get("name", cases[0])) if len(cases) == 1 else "the rest of the file"
