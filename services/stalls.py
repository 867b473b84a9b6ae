"""The safety net: once a minute, what should have happened and did not. Each act has its audit row and its alert."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from domain.alerts import AlertCode, Alerts
from domain.audits import Act, Subject
from domain.events import ProposalChanged
from domain.outbox import Backlog
from domain.transactions import Transact, Work
from services.proposals import Proposals

log = logging.getLogger(__name__)

OPEN_DAYS = 30
"""How long a proposal may be OPEN before it lapses."""
SHOWN_WITHIN_SECONDS = 600.0
"""How long after a commit the graph and the memory index must have what it changed."""
MOST = 100


class Stalls:
    """`jumped`: how far the machine's clock was set, while a database's time depends on it."""

    def __init__(
        self,
        transact: Transact,
        proposals: Proposals,
        backlog: Backlog,
        *,
        alerts: Alerts,
        jumped: Callable[[], timedelta | None],
    ) -> None:
        self._transact = transact
        self._proposals = proposals
        self._backlog = backlog
        self._alerts = alerts
        self._jumped = jumped

    async def sweep(self) -> None:
        """Harmless twice, and on two workers. What fails keeps nothing else from being tried."""
        await all_tried(self._clock, self._projections, self._lapse, self._proposals.sweep)

    async def _clock(self) -> None:
        jump = self._jumped()
        if jump is not None:
            hours = jump / timedelta(hours=1)
            await self._note(
                Act.CLOCK_JUMPED,
                "VOTE_ERROR",
                "clock",
                f"The machine's clock was set by {hours:+.2f} hours; votes go on by the time before it. "
                "Put the clock right, or start `frontier up` anew to accept it.",
            )

    async def _projections(self) -> None:
        for entry in await self._backlog.stalled(seconds=SHOWN_WITHIN_SECONDS, limit=MOST):
            await self._note(
                Act.PROJECTION_STALLED,
                "SYNC_ERROR",
                f"{entry.kind}:{entry.id}",
                f"{entry.name} {entry.id} has waited for more than {SHOWN_WITHIN_SECONDS / 60:.0f} minutes; "
                "graph or memory index lag behind. It is tried again until it succeeds.",
            )

    async def _lapse(self) -> None:
        """Cancel what nobody puts to the vote, so that it no longer counts among its author's."""
        span = timedelta(days=OPEN_DAYS)
        old = await self._transact(lambda work: work.proposals.open_since(before=work.now() - span, limit=MOST))
        lapses = [partial(_lapsed, proposal_id=proposal_id, span=span) for proposal_id in old]
        await all_tried(*(partial(self._transact, lapse) for lapse in lapses))

    async def _note(self, act: Act, code: AlertCode, subject: str, reason: str) -> None:
        """Once, however often it is seen."""

        def command(work: Work) -> bool:
            work.daos.locked()  # two workers see it at once
            if work.audits.noted(act, reason):
                return False
            work.audits.note(act, by=None, reason=reason, at=work.now())
            return True

        if await self._transact(command):
            self._alerts.raise_(code, subject=subject, message=reason)


async def all_tried(*acts: Callable[[], Awaitable[object]]) -> None:
    """One after another. Raises all that failed together."""
    failures: list[Exception] = []
    for act in acts:
        try:
            await act()
        except Exception as error:  # noqa: BLE001  # raised with the others
            failures.append(error)
    if failures:
        raise ExceptionGroup("Some of the sweep failed.", failures)


def _lapsed(work: Work, *, proposal_id: int, span: timedelta) -> None:
    before, now = work.proposals.locked(proposal_id), work.now()
    if not before.lapsed(at=now, after=span):
        return
    reason = f"It was OPEN for more than {OPEN_DAYS} days without a vote."
    after = before.cancelled(at=now)
    work.proposals.save(after)
    work.proposals.note_status(after, by=None, reason=reason)
    work.audits.note(Act.PROPOSAL_LAPSED, by=None, reason=reason, at=now, subject=Subject("Proposal", proposal_id))
    work.emit(ProposalChanged(proposal_id))
    log.warning("Proposal %s lapsed: %s", before.number, reason)
