"""Steps between two stores, by name: where CRASH_AT makes a process die. docs/consistency.md says what is true then."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Literal, get_args

type Point = Literal[
    "transaction.written",
    "transaction.committed",
    "hint.published",
    "upload.blob-written",
    "upload.committed",
    "chat.committed",
    "vote.counted",
    "vote.committed",
    "job.claimed",
    "job.queued",
    "job.begun",
    "job.ended",
    "job.marked",
    "event.read",
    "event.gathered",
    "event.shown",
    "event.marked",
    "removal.half",
    "ingest.text-read",
    "ingest.remembered",
    "ingest.described",
    "ingest.indexing",
    "ingest.indexed",
    "ingest.linking",
    "ingest.linked",
    "ingest.done",
    "ingest.given-up",
    "blob.unused",
    "blob.removed",
    "reply.begun",
    "reply.appended",
    "reply.flushed",
    "reply.stored",
    "reply.ended",
    "close.decided",
    "close.committed",
    "seal.derived",
    "seal.signed",
    "seal.kept",
    "reconcile.begun",
    "reconcile.removed",
    "reconcile.mended",
    "reconcile.kept",
    "reconcile.finished",
]

POINTS: tuple[str, ...] = get_args(Point.__value__)

_armed: dict[str, Callable[[], None]] = {}


def passing(point: Point) -> None:
    """A process is at this point. Where no crash is planned that costs a look into an empty dict."""
    if _armed and point in _armed:
        _armed[point]()


def arm(planned: Mapping[str, frozenset[int]], die: Callable[[], None]) -> None:
    """From now on `die` is called at these passes of these points, counted from 1."""
    _armed.clear()
    for point, passes in planned.items():
        _armed[point] = _counted(passes, die)


def _counted(passes: frozenset[int], die: Callable[[], None]) -> Callable[[], None]:
    passed = 0

    def step() -> None:
        nonlocal passed
        passed += 1
        if passed in passes:
            die()

    return step


def planned_in(text: str) -> Mapping[str, frozenset[int]]:
    """`point:n`, several separated by commas. Raises ValueError."""
    planned: dict[str, set[int]] = defaultdict(set)
    for part in filter(None, map(str.strip, text.split(","))):
        point, _, number = part.partition(":")
        if point not in POINTS:
            raise ValueError(f"there is no crash point {point!r}: use {', '.join(POINTS)}")
        if not (number.isdecimal() and int(number)):
            raise ValueError(f"give {point} a number from 1: {point}:1 is its first pass")
        planned[point].add(int(number))
    return {point: frozenset(passes) for point, passes in planned.items()}
