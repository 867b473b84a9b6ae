"""What the viewer may do with a proposal now, and why not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import strawberry

from domain.errors import NoVotingPower, Refused
from domain.members import Member, Viewer
from domain.proposals import HERE, Proposal
from domain.tally import CastBy
from domain.votes import Vote
from schema.errors import UserErrorType


@strawberry.type(
    description="What the viewer may do now; the reasons say why not, their `field` naming the act, such as vote."
)
class ViewerCan:
    edit: bool = strawberry.field(description="Change the draft.")
    open: bool = strawberry.field(description="Show it to all.")
    start: bool = strawberry.field(description="Put it to the vote.")
    cancel: bool = strawberry.field(description="Take it back.")
    vote: bool = strawberry.field(description="Cast a ballot, or change it.")
    sponsor: bool = strawberry.field(description="Back it.")
    reasons: list[UserErrorType] = strawberry.field(description="One for each act that the viewer may not do.")


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides what a viewer may do with a proposal."""

    viewer: Viewer
    member: Member
    running: int
    sponsors: int
    power: int | None
    vote: Vote | None
    at: datetime


def viewer_can(proposal: Proposal, who: Standing) -> ViewerCan:
    """By the very checks that the mutations make; only whether a draft's text failed lately is not looked up."""
    checks: dict[str, Callable[[], None]] = {
        "edit": lambda: proposal.check_edit(who.viewer),
        "open": lambda: proposal.check_open(who.viewer, who.member, who.running),
        "start": lambda: proposal.check_start(who.viewer, who.sponsors, at=who.at),
        "cancel": lambda: proposal.check_cancel(who.viewer),
        "vote": lambda: check_vote(proposal, who),
        "sponsor": lambda: proposal.check_sponsor(who.viewer, who.member),
    }
    refusals = {act: refusal for act, check in checks.items() if (refusal := refusal_of(check))}
    reasons = [
        UserErrorType.of(refusal.code, refusal.message, retryable=refusal.retryable, field=(act,))
        for act, refusal in refusals.items()
    ]
    return ViewerCan(**{act: act not in refusals for act in checks}, reasons=reasons)


def refusal_of(check: Callable[[], None]) -> Refused | None:
    try:
        check()
    except Refused as refusal:
        return refusal
    return None


def check_vote(proposal: Proposal, who: Standing) -> None:
    """Raises AlreadyResolved, VotingClosed, NoVotingPower, Conflict."""
    proposal.check_voting(at=who.at)
    if who.power is None:
        raise NoVotingPower("You had no weight when voting started.", field=HERE)
    own = who.vote is not None and who.vote.ballot.cast_by is CastBy.MEMBER
    proposal.check_change_of_mind(own_before=own)
