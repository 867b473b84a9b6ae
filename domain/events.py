"""What happened, in the past tense. Written in the transaction that did it; projections and streams read it after."""

from dataclasses import dataclass


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
    """A member's turn."""

    message_id: int


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
    """Any change of a proposal that a reader can see; `status_changed` when it took a step."""

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
        case ReplyEnded(message_id=id):
            return [f"message:{id}"]
        case ProposalResolved(proposal_id=id):
            return [f"proposal:{id}", "resolutions", "dao"]
        case _:
            return []


def projected(event: Event) -> bool:
    """Whether a projection reads it after the commit; the others are announced and not kept."""
    match event:
        case DocumentChanged() | ReplyEnded() | MemberWeighed() | DaoChanged():
            return False
        case ProposalChanged(status_changed=status_changed):
            return status_changed
        case _:
            return True
