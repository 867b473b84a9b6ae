"""Reconciliation on the command line."""

from app.container import Container
from app.settings import Settings
from domain.reconciliation import Counts, Store


async def reconcile(settings: Settings, stores: list[Store], *, dry_run: bool) -> list[str]:
    """A line a store. Raises SyncFailed, RetrievalFailed."""
    async with Container(settings) as container:
        run = container.services.reconciliation
        return [line_of(store, await (run.look if dry_run else run.run)(store)) for store in stores]


def line_of(store: Store, counts: Counts | None) -> str:
    if counts is None:
        return f"{store.value}: another run compares it right now"
    told = (f"{getattr(counts, name)} {name}" for name in ("checked", "missing", "extra", "mended"))
    return f"{store.value}: {', '.join(told)}"
