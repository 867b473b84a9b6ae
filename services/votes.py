"""Casting ballots. The deciding one resolves its proposal in the same transaction."""

from dataclasses import replace

from domain.errors import BadInput, NoVotingPower
from domain.events import BallotCast
from domain.inputs import check_storable
from domain.members import Viewer
from domain.proposals import MAX_REASON
from domain.tally import Choice
from domain.transactions import Ids, Once, Transact, Work
from domain.votes import Ballot
from services.resolutions import resolve


class Votes:
    def __init__(self, transact: Transact) -> None:
        self._transact = transact

    async def cast(
        self,
        viewer: Viewer,
        proposal_id: int,
        choice: Choice | None,
        *,
        confidence: float | None = None,
        reason: str | None = None,
        once: Once | None = None,
    ) -> Ids:
        """Count the viewer's ballot, or its change of mind.

        Raises NotFound, AlreadyResolved, VotingClosed, NoVotingPower, BadInput.
        """

        def command(work: Work) -> Ids:
            before = work.proposals.locked(proposal_id)
            before.check_visible(viewer)
            now = work.now()
            before.check_voting(at=now)
            weight = work.ballots.frozen_weight(proposal_id, viewer.member_id)
            if weight == 0:
                raise NoVotingPower("You had no weight when voting started.", field=("proposalId",))
            ballot = checked(Ballot(proposal_id, viewer.member_id, basic(choice), weight), confidence, reason)
            current = work.ballots.current(proposal_id, viewer.member_id)
            vote = work.ballots.add(ballot, replaces=current, at=now)
            after = before.with_ballot(ballot, replaces=current.ballot if current else None, at=now)
            work.emit(BallotCast(vote.id, proposal_id))
            if decision := after.decision_early():
                resolve(work, after, decision)
            else:
                work.proposals.save(after)
            return {"vote": vote.id, "proposal": proposal_id}

        return await self._transact.once(once, command)


def basic(choice: Choice | None) -> Choice:
    """The choice of a BASIC proposal, nullable in the contract since other systems take a ballot."""
    if choice is None:
        raise BadInput("Give a choice: FOR, AGAINST or ABSTAIN.", field=("choice",))
    return choice


def checked(ballot: Ballot, confidence: float | None, reason: str | None) -> Ballot:
    """The ballot with its confidence and reason. Raises BadInput."""
    if confidence is not None and not 0 <= confidence <= 1:
        raise BadInput("confidence must be between 0 and 1.", field=("confidence",))
    check_storable(reason or "", "reason")
    if reason is not None and len(reason) > MAX_REASON:
        raise BadInput(f"reason may have at most {MAX_REASON} characters.", field=("reason",))
    return replace(ballot, confidence=confidence, reason=(reason or "").strip() or None)
