"""A proposal's way: create, edit, open, sponsor, start voting, cancel, mark implemented, close at its end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from domain.alerts import Alerts, Unheard
from domain.audits import Act, Subject, given_reason
from domain.bus import Bus
from domain.crashes import passing
from domain.drafts import Draft, Edit
from domain.errors import BadInput, Conflict, Forbidden
from domain.events import ProposalChanged
from domain.members import Role, Viewer
from domain.proposals import RETABLE_DAYS, Proposal, ProposalReads
from domain.rules import ADMINS, Rules, camel, chosen
from domain.transactions import Ids, Once, Transact, Work
from services import actions
from services.electorates import freeze, recounted
from services.resolutions import outcome, outcome_early, resolve
from services.watching import Watched, watch

SWEEP_SIZE = 100
LATE = timedelta(seconds=10)
"""A deferred job closes a vote within a second; what ends later than this was stalled."""


class Proposals:
    def __init__(self, transact: Transact, reads: ProposalReads, bus: Bus, *, alerts: Alerts | None = None) -> None:
        self._transact = transact
        self._reads = reads
        self._bus = bus
        self._alerts = alerts or Unheard()

    async def create(self, viewer: Viewer, edit: Edit, *, once: Once | None = None) -> Ids:
        """A DRAFT with the DAO's rules, as far as its author may not choose them. Raises BadInput, Forbidden."""

        def command(work: Work) -> Ids:
            draft = edit.over(Draft(), at=work.now())
            rules = _ruled(work, viewer, draft)
            topic_ids = work.topics.ensure(draft.topics)
            proposal = work.proposals.add(viewer.member_id, draft, rules, topic_ids, at=work.now())
            return _stepped(work, proposal, viewer)

        return await self._transact.once(once, command)

    async def update(self, viewer: Viewer, proposal_id: int, edit: Edit, *, once: Once | None = None) -> Ids:
        """Drafts only. Raises NotFound, Forbidden, Conflict, BadInput."""

        def command(work: Work) -> Ids:
            before = _seen(work, viewer, proposal_id)
            before.check_edit(viewer)
            draft = edit.over(before.draft, at=work.now())
            topic_ids = before.topic_ids if edit.topics is None else work.topics.ensure(draft.topics)
            after = before.edited(draft, _ruled(work, viewer, draft), topic_ids, at=work.now())
            work.proposals.save(after)
            work.emit(ProposalChanged(after.id, status_changed=False))
            return {"proposal": after.id}

        return await self._transact.once(once, command)

    async def open(self, viewer: Viewer, proposal_id: int, *, once: Once | None = None) -> Ids:
        """From here on all members see it and nothing of it changes. Raises NotFound, Forbidden, Conflict, BadInput."""

        def command(work: Work) -> Ids:
            before, now = _seen(work, viewer, proposal_id), work.now()
            author, running = work.members.by_id(viewer.member_id), work.proposals.running_of(viewer.member_id)
            before.check_open(viewer, author, running)
            _check_new(work, before, now)
            after = before.opened(_ruled(work, viewer, before.draft), at=now)
            _note_raised(work, after, viewer, now)
            if after.starts_itself_at is not None:
                work.enqueue("start", proposal_id, due_at=after.starts_itself_at)
            return _stepped(work, after, viewer)

        return await self._transact.once(once, command)

    async def sponsor(self, viewer: Viewer, proposal_id: int, *, once: Once | None = None) -> Ids:
        """Raises NotFound, Forbidden, Conflict."""

        def command(work: Work) -> Ids:
            proposal, now = _seen(work, viewer, proposal_id), work.now()
            proposal.check_sponsor(viewer, work.members.by_id(viewer.member_id))
            sponsors = work.proposals.sponsor(proposal_id, viewer.member_id, at=now)
            if proposal.starts_itself_at is not None and sponsors >= proposal.rules.sponsors_needed:
                work.enqueue("start", proposal_id, due_at=max(now, proposal.starts_itself_at))
            after = proposal.counted(proposal.tally, at=now)
            work.proposals.save(after)
            work.emit(ProposalChanged(proposal_id, status_changed=False))
            return {"proposal": proposal_id}

        return await self._transact.once(once, command)

    async def start(self, viewer: Viewer, proposal_id: int, *, once: Once | None = None) -> Ids:
        """Freeze the electorate, and open the window. Raises NotFound, Forbidden, Conflict."""

        def command(work: Work) -> Ids:
            before = _seen(work, viewer, proposal_id)
            before.check_start(viewer, work.proposals.sponsors(proposal_id), at=work.now())
            return _begun(work, before, by=viewer.member_id)

        return await self._transact.once(once, command)

    async def start_itself(self, proposal_id: int) -> bool:
        """At its author's startAt; False when it may not begin, or began before. Harmless twice."""

        def command(work: Work) -> bool:
            before, now = work.proposals.locked(proposal_id), work.now()
            try:
                before.check_ready(work.proposals.sponsors(proposal_id), at=now)
            except Conflict:
                return False  # cancelled or begun meanwhile, or still without sponsors: their coming asks again
            if before.starts_itself_at is None or now < before.starts_itself_at:
                return False
            _begun(work, before, by=None)
            return True

        return await self._transact(command)

    async def cancel(self, viewer: Viewer, proposal_id: int, reason: str, *, once: Once | None = None) -> Ids:
        """Raises NotFound, Forbidden, Conflict, BadInput."""

        def command(work: Work) -> Ids:
            before, now = _seen(work, viewer, proposal_id), work.now()
            before.check_cancel(viewer)
            said = given_reason(reason)
            if before.running or before.author_id != viewer.member_id:  # what no author may without being ADMIN
                _note(work, Act.PROPOSAL_CANCELLED, proposal_id, viewer, said, now)
            return _stepped(work, before.cancelled(at=now), viewer, reason=said)

        return await self._transact.once(once, command)

    async def implement(self, viewer: Viewer, proposal_id: int, evidence: str, *, once: Once | None = None) -> Ids:
        """Raises NotFound, Forbidden, Conflict, BadInput."""

        def command(work: Work) -> Ids:
            now = work.now()
            after = _seen(work, viewer, proposal_id).implemented(viewer, at=now)
            said = given_reason(evidence, "evidence")
            _note(work, Act.PROPOSAL_IMPLEMENTED, proposal_id, viewer, said, now)
            return _stepped(work, after, viewer, reason=said)

        return await self._transact.once(once, command)

    async def close(self, proposal_id: int) -> bool:
        """Decide a proposal whose window has ended; False when there is nothing to decide. Harmless twice.

        One that the deferred job missed is noted: the sweep found it.
        """
        lateness: list[str] = []

        def command(work: Work) -> bool:
            lateness.clear()  # of a try that was undone
            proposal, now = work.proposals.locked(proposal_id), work.now()
            if not proposal.ended(at=now) or proposal.ends_at is None:
                return False
            late = now - proposal.ends_at
            if late > LATE:
                reason = f"Closed {late.total_seconds():.0f} s after its end."
                work.audits.note(
                    Act.PROPOSAL_CLOSED_LATE, by=None, reason=reason, at=now, subject=Subject("Proposal", proposal_id)
                )
                lateness.append(reason)
            resolve(work, proposal, outcome(work, proposal))
            passing("close.decided")
            return True

        closed = await self._transact(command)
        for reason in lateness:
            self._alerts.raise_("VOTE_ERROR", subject=f"proposal:{proposal_id}", message=reason)
        return closed

    async def resolve_stalled(self, viewer: Viewer, proposal_id: int, reason: str, *, once: Once | None = None) -> Ids:
        """Count the ballots again, and close it past its end. Raises NotFound, Forbidden, Conflict, BadInput."""

        def command(work: Work) -> Ids:
            before, now = _seen(work, viewer, proposal_id), work.now()
            if viewer.role is not Role.ADMIN:
                raise Forbidden("Only an ADMIN has a proposal counted again.")
            if not before.running:
                raise Conflict("Voting does not run on it, so there is nothing to count again.", field=("proposalId",))
            after = before.counted(recounted(work, before), at=now)
            said = given_reason(reason)
            found = "the tally was right" if after.tally == before.tally else "the tally was mended"
            _note(work, Act.PROPOSAL_RECOUNTED, proposal_id, viewer, f"{said} (Recounted: {found}.)", now)
            decision = outcome(work, after) if after.ended(at=now) else outcome_early(work, after, at=now)
            if decision:
                resolve(work, after, decision)
            else:
                work.proposals.save(after)
                work.emit(ProposalChanged(proposal_id, status_changed=False))
            return {"proposal": proposal_id}

        return await self._transact.once(once, command)

    async def sweep(self) -> int:
        """The safety net: close what is past its end; how many that were. One that fails keeps no other open."""
        ids = await self._transact(lambda work: work.proposals.ended(at=work.now(), limit=SWEEP_SIZE))
        outcomes = await asyncio.gather(*map(self.close, ids), return_exceptions=True)
        failures = {id: outcome for id, outcome in zip(ids, outcomes, strict=True) if isinstance(outcome, Exception)}
        for proposal_id, failure in failures.items():
            self._alerts.raise_(
                "VOTE_ERROR",
                subject=f"proposal:{proposal_id}",
                message=f"It could not be closed ({type(failure).__name__}) and is tried again every minute; "
                "an ADMIN's resolveStalled counts it now. Its ballots are kept.",
            )
        if failures:
            raise ExceptionGroup("Some proposals could not be closed.", list(failures.values()))
        return sum(outcome is True for outcome in outcomes)

    def watch(self, viewer: Viewer, proposal_id: int) -> AsyncIterator[Watched[Proposal]]:
        """The present state, then newer ones, as long as the viewer may see it."""

        async def read() -> Proposal | None:
            return (await self._reads.by_ids(viewer, [proposal_id])).get(proposal_id)

        return watch(self._bus, f"proposal:{proposal_id}", read, lambda proposal: proposal.seq)


def _seen(work: Work, viewer: Viewer, proposal_id: int) -> Proposal:
    proposal = work.proposals.locked(proposal_id)
    proposal.check_visible(viewer)
    return proposal


def _ruled(work: Work, viewer: Viewer, draft: Draft) -> Rules:
    """The DAO's rules of this moment with what the author chose; its scope and action are looked at too."""
    if draft.scope_id is not None:
        scope = work.topics.by_id(draft.scope_id)
        if scope is None or not scope.delegable:
            raise BadInput("scope must be a topic that an ADMIN marked delegable, or left out.", field=("scope",))
    actions.check(work, draft.action, at=work.now())
    return chosen(work.daos.current().rules, draft.choice, viewer, system=draft.system)


def _check_new(work: Work, proposal: Proposal, now: datetime) -> None:
    twin = work.proposals.failed_twin(proposal, since=now - timedelta(days=RETABLE_DAYS))
    if twin is not None:
        raise Conflict(
            f"Proposal {twin} said the same and failed within {RETABLE_DAYS} days: change what you propose.",
            field=("proposalId",),
        )


def _note_raised(work: Work, proposal: Proposal, viewer: Viewer, now: datetime) -> None:
    """An ADMIN's act when it asked for higher bars than the DAO's."""
    house, rules = work.daos.current().rules, proposal.rules
    raised = sorted(name for name in ADMINS if getattr(rules, name) != getattr(house, name))
    if raised:
        bars = ", ".join(f"{camel(name)} {getattr(rules, name)}" for name in raised)
        _note(work, Act.PROPOSAL_BARS_RAISED, proposal.id, viewer, f"Opened with {bars}.", now)


def _begun(work: Work, before: Proposal, *, by: int | None) -> Ids:
    after = freeze(work, before)
    work.enqueue("close", after.id, due_at=after.ends_at)
    if after.starts_at is not None and after.rules.minimum_voting_minutes:
        least = timedelta(minutes=after.rules.minimum_voting_minutes)
        work.enqueue("mature", after.id, due_at=after.starts_at + least)
    work.proposals.save(after)
    work.proposals.note_status(after, by=by)
    work.emit(ProposalChanged(after.id))
    return {"proposal": after.id}


def _note(work: Work, act: Act, proposal_id: int, viewer: Viewer, reason: str, at: datetime) -> None:
    work.audits.note(act, by=viewer.member_id, reason=reason, at=at, subject=Subject("Proposal", proposal_id))


def _stepped(work: Work, proposal: Proposal, viewer: Viewer, *, reason: str = "") -> Ids:
    work.proposals.save(proposal)
    work.proposals.note_status(proposal, by=viewer.member_id, reason=reason)
    work.emit(ProposalChanged(proposal.id))
    return {"proposal": proposal.id}
