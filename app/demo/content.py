"""What the demo's files hold, read as values."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.members import Role
from domain.tally import Choice

HERE = Path(__file__).parent
DAO_KEEPER, DAO_PAPERS_DAYS_AGO = "chen", 150


@dataclass(frozen=True, slots=True)
class Paper:
    path: Path
    days_ago: int


@dataclass(frozen=True, slots=True)
class Person:
    """`lines` are said one after another, evenly between the two days."""

    handle: str
    name: str
    role: Role
    joined_days_ago: int
    papers: tuple[Paper, ...]
    lines: tuple[str, ...]
    first_days_ago: int
    last_days_ago: int


@dataclass(frozen=True, slots=True)
class Cast:
    handle: str
    choice: Choice
    minutes: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Motion:
    """A proposal of the demo; times in minutes before the planting, votes in minutes after voting started."""

    title: str
    body: str
    topics: tuple[str, ...]
    author: str
    running: bool
    opened_ago: int
    started_ago: int
    voting_minutes: int
    votes: tuple[Cast, ...]


def people() -> list[Person]:
    entries: list[dict[str, Any]] = json.loads((HERE / "members.json").read_text())
    return [person(entry) for entry in sorted(entries, key=lambda entry: entry["order"])]


def person(entry: dict[str, Any]) -> Person:
    folder, chat = HERE / "members" / entry["handle"], entry["chat"]
    lines = (folder / chat["file"]).read_text().splitlines() if chat else []
    return Person(
        handle=entry["handle"],
        name=entry["displayName"],
        role=Role(entry["role"]),
        joined_days_ago=entry["joinedDaysAgo"],
        papers=tuple(Paper(folder / paper["file"], paper["daysAgo"]) for paper in entry["documents"]),
        lines=tuple(line.strip() for line in lines if line.strip()),
        first_days_ago=chat["firstDaysAgo"] if chat else 0,
        last_days_ago=chat["lastDaysAgo"] if chat else 0,
    )


def dao_papers() -> list[Paper]:
    return [Paper(path, DAO_PAPERS_DAYS_AGO) for path in sorted((HERE / "dao").glob("*.md"))]


def motions() -> list[Motion]:
    entries: list[dict[str, Any]] = json.loads((HERE / "proposals.json").read_text())
    return sorted((motion(entry) for entry in entries), key=lambda one: -one.opened_ago)


def motion(entry: dict[str, Any]) -> Motion:
    votes = [Cast(v["handle"], Choice(v["choice"]), v["minutesAfterStart"], v["reason"]) for v in entry["votes"]]
    return Motion(
        title=entry["title"],
        body=entry["body"],
        topics=tuple(entry["topics"]),
        author=entry["author"],
        running=entry["outcome"] == "RUNNING",
        opened_ago=entry["openedMinutesAgo"],
        started_ago=entry["startedMinutesAgo"],
        voting_minutes=entry["votingMinutes"],
        votes=tuple(sorted(votes, key=lambda vote: vote.minutes)),
    )
