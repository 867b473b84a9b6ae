"""What clients were answered, and when: from it follows how long the system took to be well again."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

LONGEST_SECONDS = 32.0
"""The longest deadline that docs/reliability.md promises a client, OPERATION_SECONDS, and what two busy cores add."""
SETTLED_SECONDS = 3.0


class Outcome(StrEnum):
    OK = "ok"
    DEGRADED = "degraded"
    """Answered with less, and marked so."""
    REFUSED = "refused"
    """A documented error that says to try again."""
    WRONG = "wrong"
    """Anything else: a hang, an undocumented error, a broken connection, a torn answer."""


@dataclass(slots=True)
class Entry:
    """One thing that a client did. `ended` is 0 while it waits."""

    kind: str
    began: float
    ended: float = 0.0
    outcome: Outcome = Outcome.OK
    what: str = ""

    @property
    def seconds(self) -> float:
        return (self.ended or time.monotonic()) - self.began


@dataclass
class Diary:
    """Of one case. A `single` entry is one question and its answer; others, such as reading a document, take longer.

    `slack`: how many times as long as promised anything may take, on a machine that has other work.
    """

    slack: float = 1.0
    entries: list[Entry] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def begin(self, kind: str) -> Entry:
        entry = Entry(kind, time.monotonic())
        self.entries.append(entry)
        return entry

    def end(self, entry: Entry, outcome: Outcome, what: str = "", *, single: bool = True) -> None:
        entry.ended, entry.outcome, entry.what = time.monotonic(), outcome, what
        if outcome is Outcome.WRONG:
            self.wrong.append(f"{entry.kind}: {what}")
        elif single and entry.seconds > LONGEST_SECONDS * self.slack:
            self.wrong.append(f"{entry.kind}: answered after {entry.seconds:.1f} s")

    def well_since(self, moment: float) -> float | None:
        """Seconds from `moment` until each kind works again; None while that is not known.

        A kind works again when what waited at that moment has ended, and something that began after the last failure
        has succeeded; nothing may fail for some seconds then.
        """
        if not self.entries or self.waiting(moment):
            return None
        last = max(self.times(moment).values())
        return last if time.monotonic() >= moment + last + SETTLED_SECONDS else None

    def times(self, moment: float) -> dict[str, float]:
        """Of each kind that works again, after how many seconds."""
        times = {kind: recovered(entries, moment) for kind, entries in self._kinds().items()}
        return {kind: at - moment for kind, at in times.items() if at is not None}

    def waiting(self, moment: float) -> list[str]:
        """The kinds that do not work again."""
        return [kind for kind, entries in self._kinds().items() if recovered(entries, moment) is None]

    def counts(self) -> Counter[Outcome]:
        return Counter(entry.outcome for entry in self.entries if entry.ended)

    def codes(self) -> Counter[str]:
        return Counter(f"{entry.kind} {entry.what}" for entry in self.entries if entry.outcome is Outcome.REFUSED)

    def slowest(self, *, singles: Iterable[str]) -> float:
        return max((entry.seconds for entry in self.entries if entry.kind in singles), default=0.0)

    def _kinds(self) -> dict[str, list[Entry]]:
        kinds: dict[str, list[Entry]] = {}
        for entry in self.entries:
            kinds.setdefault(entry.kind, []).append(entry)
        return kinds


def recovered(entries: list[Entry], moment: float) -> float | None:
    """When a kind was well again after `moment`."""
    if any(entry.began <= moment and not entry.ended for entry in entries):
        return None
    failed = [entry.began for entry in entries if entry.ended > moment and entry.outcome is not Outcome.OK]
    since = max([moment, *failed])
    worked = [entry.ended for entry in entries if entry.began > since and entry.ended and entry.outcome is Outcome.OK]
    if not worked:
        return None
    left = [entry.ended for entry in entries if entry.began <= moment < entry.ended]
    return max([min(worked), *left])


async def until(condition: asyncio.Event, seconds: float) -> bool:
    """Whether it came to pass in time."""
    try:
        await asyncio.wait_for(condition.wait(), seconds)
    except TimeoutError:
        return False
    return True
