"""What the system has acknowledged, and what it may have done without an answer."""

from dataclasses import dataclass, field


@dataclass
class Told:
    """A document that was accepted."""

    member: str
    ends_as: str
    """DONE or FAILED."""
    deleted: bool = False
    unsure: bool = False
    """Its deletion was asked for and never answered."""


@dataclass
class Said:
    """A message that was accepted, and its reply."""

    member: str
    session: str
    text: str
    reply: str


@dataclass
class Cast:
    """The choices that may stand as a member's ballot: the last acknowledged one, and those unanswered since."""

    choices: list[str] = field(default_factory=list)
    acknowledged: bool = False


@dataclass
class Record:
    """Of one seed. Ids are global ones."""

    documents: dict[str, Told] = field(default_factory=dict)
    messages: dict[str, Said] = field(default_factory=dict)
    deleted_sessions: set[str] = field(default_factory=set)
    unsure_sessions: set[str] = field(default_factory=set)
    """Whose deletion was asked for."""
    proposals: dict[str, str] = field(default_factory=dict)
    """Titles."""
    started: set[str] = field(default_factory=set)
    ballots: dict[tuple[str, str], Cast] = field(default_factory=dict)
    """By proposal and handle."""
    delegations: dict[str, str] = field(default_factory=dict)
    """Who gave."""
    wrong: list[str] = field(default_factory=list)
    """What was seen to be wrong while it went on."""

    @property
    def acknowledged(self) -> int:
        lists = (self.documents, self.messages, self.proposals, self.started, self.delegations)
        return sum(len(each) for each in lists) + sum(cast.acknowledged for cast in self.ballots.values())
