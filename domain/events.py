"""What happened, in the past tense. Written in the transaction that did it; projections and streams read it after."""

from dataclasses import dataclass

from domain.outbox import HINTS


@dataclass(frozen=True, slots=True)
class MemberJoined:
    member_id: int


@dataclass(frozen=True, slots=True)
class MemberRenamed:
    member_id: int


@dataclass(frozen=True, slots=True)
class DocumentChanged:
    document_id: int


@dataclass(frozen=True, slots=True)
class DocumentRemoved:
    document_ids: tuple[int, ...]
    group: str
    memory_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MemoriesRemoved:
    group: str
    memory_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MessageSent:
    """A member's turn; `group` is the member's own."""

    message_id: int
    group: str


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    message_id: int


@dataclass(frozen=True, slots=True)
class ChatRemoved:
    session_id: int
    group: str
    memory_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProposalChanged:
    """Any change of a proposal that a reader can see; `status_changed` when it took a step, the last of which writes
    what delegates said: then the graph shows it anew."""

    proposal_id: int
    status_changed: bool = True


@dataclass(frozen=True, slots=True)
class BallotCast:
    vote_id: int
    proposal_id: int


@dataclass(frozen=True, slots=True)
class MemberWeighed:
    """Admitted, weighed anew or deactivated."""

    member_id: int


@dataclass(frozen=True, slots=True)
class DaoChanged:
    """Its rules or formula."""

    dao_id: int


@dataclass(frozen=True, slots=True)
class PolicyChanged:
    """Enacted, superseded or repealed."""

    policy_id: int


@dataclass(frozen=True, slots=True)
class ProposalResolved:
    resolution_id: int
    proposal_id: int


@dataclass(frozen=True, slots=True)
class DeadLetterRedriven:
    letter_id: int


type Event = (
    MemberJoined
    | MemberRenamed
    | DocumentChanged
    | DocumentRemoved
    | MemoriesRemoved
    | MessageSent
    | ReplyEnded
    | ChatRemoved
    | ProposalChanged
    | BallotCast
    | ProposalResolved
    | MemberWeighed
    | DaoChanged
    | PolicyChanged
    | DeadLetterRedriven
)


def topics_of(event: Event) -> list[str]:
    """The bus topics on which the change is announced."""
    match event:
        case DocumentChanged(document_id=id):
            return [f"document:{id}"]
        case DocumentRemoved(document_ids=ids):
            return [f"document:{id}" for id in ids]
        case ProposalChanged(proposal_id=id, status_changed=True):
            return [f"proposal:{id}", "dao"]
        case ProposalChanged(proposal_id=id) | BallotCast(proposal_id=id):
            return [f"proposal:{id}"]
        case MemberJoined() | MemberWeighed() | DaoChanged():
            return ["dao"]
        case DeadLetterRedriven():
            return list(HINTS.values())
        case ReplyEnded(message_id=id):
            return [f"message:{id}"]
        case ProposalResolved(proposal_id=id):
            return [f"proposal:{id}", "resolutions", "dao"]
        case _:
            return []


def projected(event: Event) -> bool:
    """Whether a projection reads it after the commit; the others are announced and not kept."""
    match event:
        case DocumentChanged() | ReplyEnded() | MemberWeighed() | DaoChanged() | DeadLetterRedriven():
            return False
        case ProposalChanged(status_changed=status_changed):
            return status_changed
        case _:
            return True


def aggregate_of(event: Event) -> str:
    """What an event changes: events of one aggregate are projected in order and by one projector at a time.

    Whatever writes the same nodes, or writes and removes the same memories, shares one.
    """
    match event:
        case ProposalChanged(proposal_id=id) | BallotCast(proposal_id=id) | ProposalResolved(proposal_id=id):
            return f"proposal:{id}"
        case PolicyChanged(policy_id=id):
            return f"policy:{id}"
        case MemberJoined(member_id=id) | MemberRenamed(member_id=id):
            return f"member:{id}"
        case MessageSent(group=group) | MemoriesRemoved(group=group):
            return group
        case ChatRemoved(group=group) | DocumentRemoved(group=group):
            return group
        case _:
            return ""
