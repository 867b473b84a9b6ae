"""The worker's outbox, watched: how each attempt of a job ended is counted, and a job given up raises an alert."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, cast

from domain.alerts import AlertCode, Alerts
from domain.meters import Meters
from domain.outbox import Outbox, OutboxEntry

ENDS = {"done": "done", "retry": "retried", "release": "stopped", "dead": "dead"}
"""What ends an attempt, and what it is counted as."""


def watched(outbox: Outbox, meters: Meters, alerts: Alerts, codes: Mapping[str, AlertCode]) -> Outbox:
    """`codes`: of the alert, by a job's name."""
    return cast(Outbox, Watched(outbox, meters, alerts, codes))


class Watched:
    """Stands for the outbox; whatever ends no attempt is the outbox's own."""

    def __init__(self, outbox: Outbox, meters: Meters, alerts: Alerts, codes: Mapping[str, AlertCode]) -> None:
        self._outbox = outbox
        self._meters = meters
        self._alerts = alerts
        self._codes = codes

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the outbox has
        found = getattr(self._outbox, name)
        return self._counting(found, ENDS[name]) if name in ENDS else found

    def _counting(self, end: Callable[..., Any], outcome: str) -> Callable[..., Any]:
        @wraps(end)
        async def counted(ended: OutboxEntry | Sequence[OutboxEntry], **how: object) -> object:
            done = await end(ended, **how)
            for entry in [ended] if isinstance(ended, OutboxEntry) else ended:
                if entry.kind == "job":
                    self._told(entry, outcome)
            return done

        return counted

    def _told(self, entry: OutboxEntry, outcome: str) -> None:
        self._meters.count("jobs", task=entry.name, outcome=outcome)
        if outcome == "dead":
            code = self._codes.get(entry.name, "SYNC_ERROR")
            self._alerts.raise_(
                code, subject=f"job:{entry.id}", message=f"{entry.name} is given up: a dead letter now."
            )
