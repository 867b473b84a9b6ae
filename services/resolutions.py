"""Decisions: made once a proposal, inside the transaction that brings them about."""

from collections.abc import AsyncIterator

from domain.bus import Bus
from domain.events import ProposalResolved
from domain.proposals import Proposal
from domain.resolutions import Decision, Resolution, ResolutionReads
from domain.transactions import Work
from services.watching import RECHECK_SECONDS


def resolve(work: Work, proposal: Proposal, decision: Decision) -> Proposal:
    """Seal the proposal with this decision, in the caller's transaction, which holds its lock."""
    at = work.now()
    after = proposal.resolved(decision, at=at)
    resolution = work.resolutions.add(
        proposal.id, decision, rules=proposal.rules, tally=proposal.tally, tally_seq=after.seq, at=at
    )
    work.proposals.save(after)
    work.proposals.note_status(after, by=None, reason=decision.reason.value)
    work.emit(ProposalResolved(resolution.id, proposal.id))
    return after


class Resolutions:
    def __init__(self, reads: ResolutionReads, bus: Bus) -> None:
        self._reads = reads
        self._bus = bus

    async def watch(self, after_seq: int | None) -> AsyncIterator[Resolution]:
        """Every resolution after that seq, once and in order; without it, those decided from now on."""
        async with self._bus.listen("resolutions") as listener:
            last = await self._reads.last_seq() if after_seq is None else after_seq
            while True:
                while waiting := await self._reads.after(last):
                    for resolution in waiting:
                        yield resolution
                        last = resolution.seq
                await listener.wait(RECHECK_SECONDS)
