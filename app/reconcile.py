"""Reconciliation on the command line."""

from app.container import Container
from app.settings import Settings
from domain.errors import Failure
from domain.reconciliation import Store
from services.reconciliation import Reconciliation


async def reconcile(settings: Settings, stores: list[Store], *, dry_run: bool) -> tuple[list[str], bool]:
    """A line a store, and whether all stores are now as the database says. One that does not answer keeps no other
    from being compared."""
    async with Container(settings) as container:
        run = container.services.reconciliation
        found = [await compared(run, store, dry_run=dry_run) for store in stores]
    lines = [f"{store.value}: {told}" for store, (told, _) in zip(stores, found, strict=True)]
    return lines, all(whole for _, whole in found)


async def compared(run: Reconciliation, store: Store, *, dry_run: bool) -> tuple[str, bool]:
    """What there is to tell of one store, and whether it is as the database says."""
    try:
        counts = await (run.look if dry_run else run.run)(store)
    except Failure as failure:
        return f"not compared: {failure.message}", False
    if counts is None:
        return "another run compares it right now", False
    told = (f"{getattr(counts, name)} {name}" for name in ("checked", "missing", "extra", "mended"))
    return ", ".join(told), counts.left == 0
