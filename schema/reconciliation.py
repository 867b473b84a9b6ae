"""Runs of the reconciliation, for ADMIN."""

from datetime import datetime

import strawberry

from domain.reconciliation import Reconciliation


@strawberry.type(name="Reconciliation", description="One comparison of a store with the database. ADMIN only.")
class ReconciliationType:
    ran_at: datetime = strawberry.field(description="When it began.")
    store: str = strawberry.field(description="Which one: memories, graph or blobs.")
    checked: int = strawberry.field(description="Rows of the database that were compared.")
    missing: int = strawberry.field(description="What should have been in the store and was not, or not so.")
    extra: int = strawberry.field(description="What should not have been there.")
    mended: int = strawberry.field(description="Of both, what was put right.")
    interruptions: int = strawberry.field(
        description="How often it stopped before its end, as its process ended or the store failed, and another run "
        "went on with it."
    )

    @classmethod
    def from_domain(cls, run: Reconciliation) -> "ReconciliationType":
        counts = run.counts
        return cls(
            ran_at=run.ran_at,
            store=run.store.value,
            checked=counts.checked,
            missing=counts.missing,
            extra=counts.extra,
            mended=counts.mended,
            interruptions=run.interruptions,
        )
