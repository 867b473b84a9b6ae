"""How a proposal ends, as it is kept: one resolution a proposal, in the transaction that decides it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.decisions import Decision, ResolutionReason
from domain.pages import Page, Slice
from domain.rules import Rules
from domain.tally import Tally


@dataclass(frozen=True, slots=True)
class Resolution:
    """A proposal's sealed outcome. `seq` counts the DAO's resolutions from 0 without a gap."""

    id: int
    seq: int
    proposal_id: int
    passed: bool
    reason: ResolutionReason
    rules: Rules
    tally: Tally
    tally_seq: int
    decided_at: datetime
    transaction_id: str
    chosen_option: int | None = None


class Resolutions(Protocol):
    """Resolutions inside one transaction; one a proposal."""

    def add(
        self, proposal_id: int, decision: Decision, *, rules: Rules, tally: Tally, tally_seq: int, at: datetime
    ) -> Resolution: ...

    def proposal_of(self, resolution_id: int) -> int:
        """The id of the proposal that it decided."""


class ResolutionReads(Protocol):
    """Resolutions as every member may read them."""

    async def by_ids(self, ids: list[int]) -> dict[int, Resolution]: ...
    async def by_proposals(self, proposal_ids: list[int]) -> dict[int, Resolution]: ...
    async def page(self, wanted: Slice) -> Page[Resolution]: ...
    async def after(self, seq: int, limit: int = 100) -> list[Resolution]:
        """Resolutions with a higher seq, in order."""

    async def last_seq(self) -> int:
        """The newest resolution's seq; -1 when there is none."""
