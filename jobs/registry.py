"""Every job by the name under which commands enqueue it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from domain.alerts import AlertCode
from jobs import documents, proposals, replies, resolutions

if TYPE_CHECKING:
    from services.house import Services


@dataclass(frozen=True, slots=True)
class Task[S]:
    """`run(services, *args)` does the work; `failed(services, error, *args)` is its final handling.

    `at_once`: how many of them one worker runs beside each other; `code`: of the alert when one is given up;
    `needs`: without it none is begun. `stores` are graph and memory index.
    """

    run: Callable[..., Awaitable[None]]
    failed: Callable[..., Awaitable[None]] | None = None
    at_once: int = 4
    code: AlertCode = "VOTE_ERROR"
    needs: Literal["", "stores", "redis"] = ""


TASKS: Mapping[str, Task["Services"]] = {
    "ingest": Task(documents.ingest, documents.ingest_failed, at_once=2, code="INGESTION_ERROR", needs="stores"),
    "withdraw": Task(documents.withdraw, needs="stores"),
    "remove_blob": Task(documents.remove_blob, code="SYNC_ERROR"),
    "reply": Task(replies.reply, replies.reply_failed, at_once=16, code="LLM_ERROR", needs="redis"),
    "close": Task(proposals.close),
    "start": Task(proposals.start),
    "mature": Task(proposals.mature),
    "show": Task(proposals.show),
    "seal": Task(resolutions.seal),
}
CODES: Mapping[str, AlertCode] = {name: task.code for name, task in TASKS.items()}
