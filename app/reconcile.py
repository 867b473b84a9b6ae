"""Reconciliation on the command line."""

from app.container import Container
from app.settings import Settings
from domain.reconciliation import Counts, Store


async def reconcile(settings: Settings, stores: list[Store], *, dry_run: bool) -> tuple[list[str], bool]:
    """A line a store, and whether all stores are now as the database says. Raises SyncFailed, RetrievalFailed."""
    async with Container(settings) as container:
        run = container.services.reconciliation
        found = [(store, await (run.look if dry_run else run.run)(store)) for store in stores]
    return [line_of(*each) for each in found], all(counts is not None and counts.left == 0 for _, counts in found)


def line_of(store: Store, counts: Counts | None) -> str:
    if counts is None:
        return f"{store.value}: another run compares it right now"
    told = (f"{getattr(counts, name)} {name}" for name in ("checked", "missing", "extra", "mended"))
    return f"{store.value}: {', '.join(told)}"
