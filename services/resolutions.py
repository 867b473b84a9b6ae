"""Decisions: made once a proposal, inside the transaction that brings them about."""

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial

from domain.actions import NotApplicable
from domain.bus import Bus
from domain.decisions import (
    Decision,
    ResolutionReason,
    decide_at_end,
    decide_on_quorum,
    decide_when_certain,
    failed,
)
from domain.elections import decide, decided_early, results
from domain.events import ProposalChanged, ProposalResolved
from domain.proposals import Proposal
from domain.receipts import drawn
from domain.resolutions import Resolution, ResolutionReads
from domain.rules import EarlyClose, VotingSystem
from domain.tally import CastBy
from domain.transactions import Transact, Work
from domain.votes import election_of, standings
from services.actions import run
from services.watching import RECHECK_SECONDS, patiently


def resolve(work: Work, proposal: Proposal, decision: Decision) -> Proposal:
    """Seal the proposal with this decision, in the caller's transaction, which holds its lock."""
    at = work.now()
    if decision.passed and proposal.draft.action is not None:
        decision = _enacted(work, proposal, decision, at)
    after = proposal.resolved(decision, at=at)
    resolution = work.resolutions.add(
        proposal.id, decision, rules=proposal.rules, tally=proposal.tally, tally_seq=after.seq, at=at
    )
    work.proposals.save(after)
    work.proposals.note_status(after, by=None, reason=decision.reason.value)
    work.emit(ProposalResolved(resolution.id, proposal.id))
    work.enqueue("seal", resolution.id)
    return after


def _enacted(work: Work, proposal: Proposal, decision: Decision, at: datetime) -> Decision:
    try:
        run(work, proposal, at=at)
    except NotApplicable:
        return failed(ResolutionReason.ACTION_NOT_APPLICABLE)
    return decision


def outcome(work: Work, proposal: Proposal) -> Decision:
    """What the ballots decide when the window has ended."""
    criteria, tally = proposal.rules.criteria, proposal.tally
    if proposal.system is VotingSystem.BASIC:
        return decide_at_end(criteria, tally)
    votes = work.ballots.all(proposal.id)
    election = election_of(proposal, work.ballots.nodes(proposal), votes, lot=drawn(proposal, votes))
    return decide(criteria, tally, election)


def outcome_early(work: Work, proposal: Proposal, *, at: datetime) -> Decision | None:
    """What the ballots decide before the end; None while voting goes on."""
    criteria, tally = proposal.rules.criteria, proposal.tally
    match proposal.rules.early_close:
        case EarlyClose.ON_QUORUM if proposal.may_close_on_quorum(at=at):
            return decide_on_quorum(criteria, tally)
        case EarlyClose.WHEN_DECIDED if proposal.system is VotingSystem.BASIC:
            return decide_when_certain(criteria, tally)
        case EarlyClose.WHEN_DECIDED:
            return _certain(work, proposal)
    return None


def _certain(work: Work, proposal: Proposal) -> Decision | None:
    """Members' own ballots with their own weight: what a delegate carries may still be said otherwise."""
    own = [vote.ballot for vote in work.ballots.all(proposal.id) if vote.ballot.cast_by is CastBy.MEMBER]
    ballots = [(ballot.options, ballot.weight) for ballot in own if ballot.options is not None]
    election = results(proposal.system, len(proposal.draft.options), ballots)
    scores = [int(standing.score) for standing in election.standings]
    tally = proposal.tally
    return decided_early(proposal.rules.criteria, scores, final_weight=tally.by_members, eligible=tally.eligible)


class Resolutions:
    def __init__(self, transact: Transact, reads: ResolutionReads, bus: Bus) -> None:
        self._transact = transact
        self._reads = reads
        self._bus = bus

    async def derive(self, resolution_id: int) -> None:
        """Write what delegates said for their givers. Harmless twice."""

        def command(work: Work) -> None:
            proposal = work.proposals.locked(work.resolutions.proposal_of(resolution_id))
            stands = standings(work.ballots.nodes(proposal))
            work.ballots.derive(proposal, stands)
            spoken_for = any(who.voter != giver for giver, who in stands.items())
            work.emit(ProposalChanged(proposal.id, status_changed=spoken_for))

        await self._transact(command)

    async def watch(self, after_seq: int | None) -> AsyncIterator[Resolution]:
        """Every resolution after that seq, once and in order; without it, those decided from now on.

        It outlives a database that does not answer.
        """
        async with self._bus.listen("resolutions") as listener:
            last = await self._reads.last_seq() if after_seq is None else after_seq
            while True:
                while waiting := await patiently(partial(self._reads.after, last)):
                    for resolution in waiting:
                        yield resolution
                        last = resolution.seq
                await listener.wait(RECHECK_SECONDS)
