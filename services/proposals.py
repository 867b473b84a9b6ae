"""A proposal's way: create, edit, open, start voting, cancel, mark implemented, close at its end."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

from domain.bus import Bus
from domain.errors import Conflict, Forbidden
from domain.events import ProposalChanged
from domain.inputs import given_text
from domain.members import Viewer
from domain.proposals import (
    MAX_REASON,
    MAX_RUNNING,
    RETABLE_DAYS,
    Proposal,
    ProposalReads,
    RulesChoice,
    chosen_rules,
    drafted,
)
from domain.transactions import Ids, Once, Transact, Work
from services.resolutions import resolve
from services.watching import Watched, watch

SWEEP_SIZE = 100


@dataclass(frozen=True, slots=True)
class Edit:
    """What an author writes; None keeps what is there."""

    title: str | None = None
    body: str | None = None
    topics: list[str] | None = None
    rules: RulesChoice | None = None


class Proposals:
    def __init__(self, transact: Transact, reads: ProposalReads, bus: Bus) -> None:
        self._transact = transact
        self._reads = reads
        self._bus = bus

    async def create(self, viewer: Viewer, edit: Edit, *, once: Once | None = None) -> Ids:
        """A DRAFT with the DAO's rules, as far as its author may not choose them. Raises BadInput, Forbidden."""

        def command(work: Work) -> Ids:
            rules = chosen_rules(work.daos.current().rules, edit.rules or RulesChoice(), viewer)
            draft = drafted(edit.title or "", edit.body or "", edit.topics or [], rules)
            topic_ids = work.topics.ensure(draft.topics)
            proposal = work.proposals.add(viewer.member_id, draft, topic_ids, at=work.now())
            return _stepped(work, proposal, viewer)

        return await self._transact.once(once, command)

    async def update(self, viewer: Viewer, proposal_id: int, edit: Edit, *, once: Once | None = None) -> Ids:
        """Drafts only. Raises NotFound, Forbidden, Conflict, BadInput."""

        def command(work: Work) -> Ids:
            before = _seen(work, viewer, proposal_id)
            rules = before.rules
            if edit.rules is not None:
                rules = chosen_rules(work.daos.current().rules, edit.rules.over(before.rules), viewer)
            title = before.title if edit.title is None else edit.title
            body = before.body if edit.body is None else edit.body
            draft = drafted(title, body, edit.topics or [], rules)
            topic_ids = before.topic_ids if edit.topics is None else work.topics.ensure(draft.topics)
            after = before.edited(viewer, draft, topic_ids, at=work.now())
            work.proposals.save(after)
            work.emit(ProposalChanged(after.id, status_changed=False))
            return {"proposal": after.id}

        return await self._transact.once(once, command)

    async def open(self, viewer: Viewer, proposal_id: int, *, once: Once | None = None) -> Ids:
        """From here on all members see it and nothing of it changes. Raises NotFound, Forbidden, Conflict."""

        def command(work: Work) -> Ids:
            now = work.now()
            after = _seen(work, viewer, proposal_id).opened(viewer, at=now)
            if not work.members.by_id(viewer.member_id).admitted:
                raise Forbidden("You are not admitted yet: an ADMIN or a vote admits you.")
            if work.proposals.running_of(viewer.member_id) >= MAX_RUNNING:
                raise Conflict(
                    f"You have {MAX_RUNNING} proposals in OPEN or VOTING: wait until one is decided, or cancel one.",
                    field=("proposalId",),
                )
            twin = work.proposals.failed_twin(after, since=now - timedelta(days=RETABLE_DAYS))
            if twin is not None:
                raise Conflict(
                    f"Proposal {twin} said the same and failed within {RETABLE_DAYS} days: change what you propose.",
                    field=("proposalId",),
                )
            return _stepped(work, after, viewer)

        return await self._transact.once(once, command)

    async def start(self, viewer: Viewer, proposal_id: int, *, once: Once | None = None) -> Ids:
        """Freeze electorate and weights, and open the window. Raises NotFound, Forbidden, Conflict."""

        def command(work: Work) -> Ids:
            before = _seen(work, viewer, proposal_id)
            begun = before.started(viewer, eligible=0, at=work.now())
            eligible = work.ballots.freeze(proposal_id)
            after = replace(begun, tally=replace(begun.tally, eligible=eligible))
            work.enqueue("close", proposal_id, due_at=after.ends_at)
            return _stepped(work, after, viewer)

        return await self._transact.once(once, command)

    async def cancel(self, viewer: Viewer, proposal_id: int, reason: str, *, once: Once | None = None) -> Ids:
        """Raises NotFound, Forbidden, Conflict, BadInput."""

        def command(work: Work) -> Ids:
            after = _seen(work, viewer, proposal_id).cancelled(viewer, at=work.now())
            return _stepped(work, after, viewer, reason=given_text(reason, MAX_REASON, "reason"))

        return await self._transact.once(once, command)

    async def implement(self, viewer: Viewer, proposal_id: int, evidence: str, *, once: Once | None = None) -> Ids:
        """Raises NotFound, Forbidden, Conflict, BadInput."""

        def command(work: Work) -> Ids:
            after = _seen(work, viewer, proposal_id).implemented(viewer, at=work.now())
            return _stepped(work, after, viewer, reason=given_text(evidence, MAX_REASON, "evidence"))

        return await self._transact.once(once, command)

    async def close(self, proposal_id: int) -> bool:
        """Decide a proposal whose window has ended; False when there is nothing to decide. Harmless twice."""

        def command(work: Work) -> bool:
            proposal = work.proposals.locked(proposal_id)
            if not proposal.ended(at=work.now()):
                return False
            resolve(work, proposal, proposal.decision_at_end())
            return True

        return await self._transact(command)

    async def sweep(self) -> int:
        """The safety net: close what is past its end; how many that were. One that fails keeps no other open."""
        ids = await self._transact(lambda work: work.proposals.ended(at=work.now(), limit=SWEEP_SIZE))
        outcomes = await asyncio.gather(*map(self.close, ids), return_exceptions=True)
        failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        if failures:
            raise ExceptionGroup("Some proposals could not be closed.", failures)
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


def _stepped(work: Work, proposal: Proposal, viewer: Viewer, *, reason: str = "") -> Ids:
    work.proposals.save(proposal)
    work.proposals.note_status(proposal, by=viewer.member_id, reason=reason)
    work.emit(ProposalChanged(proposal.id))
    return {"proposal": proposal.id}
