"""Casting ballots. The deciding one resolves its proposal in the same transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.alerts import Alerts, Unheard
from domain.audits import MAX_REASON
from domain.casting import cast
from domain.crashes import passing
from domain.errors import BadInput, Conflict, NoVotingPower, Refused, StoreFailed, VoteFailed
from domain.events import BallotCast, ProposalChanged
from domain.inputs import check_storable
from domain.members import Viewer
from domain.meters import Meters, Unmetered
from domain.option_ballots import OptionBallot, checked_ballot
from domain.proposals import HERE, SHOWN_EVERY, Proposal
from domain.rules import VotingSystem
from domain.tally import CastBy, Choice
from domain.transactions import Once, Transact, Work
from domain.votes import Ballot, Vote, counted, moved, slot_of
from services.resolutions import outcome_early, resolve


@dataclass(frozen=True, slots=True)
class Said:
    """What a ballot says, unchecked: a choice for BASIC, else a ballot among the options."""

    choice: Choice | None = None
    options: OptionBallot | None = None
    confidence: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """The vote's id, and vote and proposal as they stand; these are None when an earlier call's answer is repeated."""

    vote_id: int
    vote: Vote | None = None
    proposal: Proposal | None = None


class Votes:
    def __init__(self, transact: Transact, *, meters: Meters | None = None, alerts: Alerts | None = None) -> None:
        self._transact = transact
        self._meters = meters or Unmetered()
        self._alerts = alerts or Unheard()

    async def cast(
        self,
        viewer: Viewer,
        proposal_id: int,
        said: Said,
        *,
        by: CastBy = CastBy.MEMBER,
        once: Once | None = None,
    ) -> Counted:
        """Count the viewer's ballot or its twin's, or a change of mind.

        Raises NotFound, AlreadyResolved, VotingClosed, NoVotingPower, BadInput, Conflict, VoteFailed.
        """
        done: list[tuple[Vote, Proposal]] = []

        def command(work: Work) -> dict[str, int | str | None]:
            proposal = work.proposals.locked(proposal_id)
            proposal.check_visible(viewer)
            done[:] = [_cast(work, proposal, viewer.member_id, said, by)]
            passing("vote.counted")
            return {"vote": done[0][0].id, "transaction": work.transaction_id}

        with self._told(proposal_id):
            ids = await self._transact.once(once, command, together=f"proposal:{proposal_id}")
        passing("vote.committed")
        vote_id = ids["vote"]
        if not isinstance(vote_id, int):
            raise TypeError(f"A ballot was answered with {vote_id!r}.")
        kept = [found for found in done if found[0].transaction_id == ids.get("transaction")]  # none when it was undone
        return Counted(vote_id, *kept[0]) if kept else Counted(vote_id)

    @contextmanager
    def _told(self, proposal_id: int) -> Iterator[None]:
        """Around a ballot: it is stored whole, refused, or loudly not taken."""
        outcome = "failed"
        try:
            yield
            outcome = "accepted"
        except Refused:
            outcome = "refused"
            raise
        except StoreFailed as failure:
            self._alerts.raise_("VOTE_ERROR", subject=f"proposal:{proposal_id}", message=f"No ballot: {failure}")
            raise VoteFailed(f"Your ballot was not acknowledged: cast it again. {failure}") from failure
        finally:
            self._meters.count("ballots", outcome=outcome)

    async def mature(self, proposal_id: int) -> bool:
        """Count twins' ballots that are no longer young, and look whether that ends the vote. Harmless twice."""

        def command(work: Work) -> bool:
            proposal, now = work.proposals.locked(proposal_id), work.now()
            if proposal.ended(at=now) or not proposal.running:
                return False
            after = proposal
            for vote in work.ballots.young(proposal_id, cast_before=now - override_of(proposal)):
                after = _grown(work, after, vote)
            if after is not proposal:
                work.emit(ProposalChanged(proposal_id, status_changed=False))
            return not _settled(work, after, at=now).running

        return await self._transact(command)

    async def show(self, proposal_id: int) -> bool:
        """Move a hidden vote's turnout on. Harmless twice."""

        def command(work: Work) -> bool:
            before = work.proposals.locked(proposal_id)
            after = before.showing(at=work.now())
            if after is before:
                return False
            work.proposals.save(after)
            work.emit(ProposalChanged(proposal_id, status_changed=False))
            return True

        return await self._transact(command)


def override_of(proposal: Proposal) -> timedelta:
    """How long a member has to say otherwise before its twin's ballot counts for an early close."""
    return timedelta(minutes=proposal.rules.override_minutes)


def _cast(work: Work, before: Proposal, member_id: int, said: Said, by: CastBy) -> tuple[Vote, Proposal]:
    now = work.now()
    before.check_voting(at=now)
    chain = work.ballots.chain(before, member_id)
    if not chain:
        raise NoVotingPower("You had no weight when voting started.", field=HERE)
    current = work.ballots.current(before.id, member_id)
    own_before = current is not None and current.ballot.cast_by is CastBy.MEMBER
    if own_before and by is CastBy.TWIN:
        raise Conflict("The member has voted itself: its twin's ballot would not count.", field=HERE)
    before.check_change_of_mind(own_before=own_before)
    ballot = checked(before, Ballot(before.id, member_id, said.choice, chain[0].weight, by), said)
    after, moves = counted(before, chain, ballot, at=now)
    work.ballots.save(before, moves.nodes[1:])
    vote = work.ballots.add(ballot, moves.nodes[0], replaces=current, at=now)
    after = _told(work, before, after, vote, now)
    if by is CastBy.TWIN and before.system is VotingSystem.BASIC:
        work.enqueue("mature", before.id, due_at=now + override_of(before))
    return vote, _settled(work, after, at=now)


def _told(work: Work, before: Proposal, after: Proposal, vote: Vote, now: datetime) -> Proposal:
    """Announce the ballot; of a hidden vote only its turnout, and that in steps."""
    if not before.hidden:
        work.emit(BallotCast(vote.id, before.id))
        return after
    shown = after.showing(at=now)
    if shown.shown is not after.shown:
        work.emit(ProposalChanged(before.id, status_changed=False))
    elif before.shown and not before.unseen and after.unseen:
        work.enqueue("show", before.id, due_at=max(now, before.shown.at + SHOWN_EVERY))
    return shown


def _grown(work: Work, proposal: Proposal, vote: Vote) -> Proposal:
    """With a twin's ballot no longer young."""
    chain = work.ballots.chain(proposal, vote.ballot.member_id)
    moves = cast(chain, slot_of(vote.ballot), by=CastBy.TWIN)
    work.ballots.save(proposal, moves.nodes)
    return proposal.counted(moved(proposal.tally, moves.change), at=work.now())


def _settled(work: Work, proposal: Proposal, *, at: datetime) -> Proposal:
    """Saved, or resolved if the ballots decide it now."""
    decision = outcome_early(work, proposal, at=at)
    if decision:
        return resolve(work, proposal, decision)
    work.proposals.save(proposal)
    return proposal


def checked(proposal: Proposal, ballot: Ballot, said: Said) -> Ballot:
    """The ballot with what was said, as the proposal's system wants it. Raises BadInput."""
    options = spoken(proposal, said)
    if said.confidence is not None and not 0 <= said.confidence <= 1:
        raise BadInput("confidence must be between 0 and 1.", field=("confidence",))
    check_storable(said.reason or "", "reason")
    if said.reason is not None and len(said.reason) > MAX_REASON:
        raise BadInput(f"reason may have at most {MAX_REASON} characters.", field=("reason",))
    reason = (said.reason or "").strip() or None
    return replace(ballot, options=options, confidence=said.confidence, reason=reason)


def spoken(proposal: Proposal, said: Said) -> OptionBallot | None:
    """A choice for BASIC, a ballot for any other. Raises BadInput."""
    if proposal.system is not VotingSystem.BASIC:
        if said.choice is not None:
            raise BadInput(f"Give ballot and no choice: the proposal is {proposal.system.value}.", field=("choice",))
        return checked_ballot(proposal.system, said.options, len(proposal.draft.options))
    if said.choice is None:
        raise BadInput("Give a choice: FOR, AGAINST or ABSTAIN.", field=("choice",))
    if said.options is not None:
        raise BadInput("Give choice and no ballot: the proposal is BASIC.", field=("ballot",))
    return None
