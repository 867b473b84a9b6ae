"""A proposal, its way through its states, and what a ballot does to it."""

import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from domain.errors import AlreadyResolved, BadInput, Conflict, Forbidden, NotFound, VotingClosed
from domain.inputs import check_storable, given_text
from domain.members import Role, Viewer
from domain.pages import Page, Slice
from domain.resolutions import Decision, decide_at_end, decide_early
from domain.tally import EarlyClose, Rules, Tally
from domain.votes import Ballot

MAX_RUNNING = 3
"""Proposals in OPEN or VOTING a member."""
RETABLE_DAYS = 30
MINIMUM_VOTING_MINUTES, MAXIMUM_VOTING_MINUTES = 5, 30 * 24 * 60
MAX_TITLE, MAX_BODY, MAX_TOPICS, MAX_TOPIC, MAX_REASON = 200, 50_000, 5, 80, 2_000


class Status(StrEnum):
    DRAFT = "DRAFT"
    OPEN = "OPEN"
    VOTING = "VOTING"
    PASSED = "PASSED"
    FAILED = "FAILED"
    IMPLEMENTED = "IMPLEMENTED"
    CANCELLED = "CANCELLED"

    @property
    def decided(self) -> bool:
        return self in (Status.PASSED, Status.FAILED, Status.IMPLEMENTED)


@dataclass(frozen=True, slots=True)
class Proposal:
    """`seq` rises with every change that a reader can see, a ballot's included."""

    id: int
    number: int
    title: str
    body: str
    status: Status
    author_id: int
    topic_ids: tuple[int, ...]
    created_at: datetime
    changed_at: datetime
    rules: Rules = field(default_factory=Rules)
    tally: Tally = field(default_factory=Tally)
    seq: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    transaction_id: str = ""

    def visible_to(self, viewer: Viewer) -> bool:
        """A DRAFT is seen by its author and ADMIN only."""
        return self.status is not Status.DRAFT or viewer.member_id == self.author_id or viewer.role is Role.ADMIN

    def check_visible(self, viewer: Viewer) -> None:
        if not self.visible_to(viewer):
            raise unknown_proposal()

    def opened(self, viewer: Viewer, *, at: datetime) -> "Proposal":
        self._check_author(viewer, "open")
        self._check_status("opened", Status.DRAFT)
        return self._changed(at, status=Status.OPEN)

    def started(self, viewer: Viewer, *, eligible: int, at: datetime) -> "Proposal":
        """Voting runs in [at, at + votingMinutes) over the weight that is eligible at `at`."""
        self._check_author(viewer, "start voting on")
        self._check_status("put to the vote", Status.OPEN)
        ends_at = at + timedelta(minutes=self.rules.voting_minutes)
        return self._changed(at, status=Status.VOTING, tally=Tally(eligible=eligible), starts_at=at, ends_at=ends_at)

    def check_voting(self, *, at: datetime) -> None:
        """The window is half-open. Raises AlreadyResolved, VotingClosed."""
        if self.status.decided:
            raise AlreadyResolved("This proposal is decided; its ballots are sealed.", field=("proposalId",))
        if self.status is not Status.VOTING or self.ended(at=at):
            raise VotingClosed(
                "Voting is not open on this proposal; it runs from its start until its end.", field=("proposalId",)
            )

    def ended(self, *, at: datetime) -> bool:
        return self.status is Status.VOTING and self.ends_at is not None and at >= self.ends_at

    def with_ballot(self, ballot: Ballot, *, replaces: Ballot | None, at: datetime) -> "Proposal":
        """Count one ballot in place of the member's last."""
        tally = self.tally.remove(replaces.choice, replaces.weight) if replaces else self.tally
        return self._changed(at, tally=tally.add(ballot.choice, ballot.weight))

    def decision_early(self) -> Decision | None:
        """What the ballots so far decide before the end; None while voting goes on."""
        return decide_early(self.rules, self.tally)

    def decision_at_end(self) -> Decision:
        return decide_at_end(self.rules, self.tally)

    def resolved(self, decision: Decision, *, at: datetime) -> "Proposal":
        return self._changed(at, status=Status.PASSED if decision.passed else Status.FAILED)

    def cancelled(self, viewer: Viewer, *, at: datetime) -> "Proposal":
        """The author before VOTING, ADMIN until the decision."""
        if viewer.role is not Role.ADMIN:
            self._check_author(viewer, "cancel")
            self._check_status("cancelled by its author", Status.DRAFT, Status.OPEN)
        self._check_status("cancelled", Status.DRAFT, Status.OPEN, Status.VOTING)
        return self._changed(at, status=Status.CANCELLED)

    def implemented(self, viewer: Viewer, *, at: datetime) -> "Proposal":
        if viewer.role is not Role.ADMIN:
            raise Forbidden("Only an ADMIN marks a proposal as implemented.")
        self._check_status("marked implemented", Status.PASSED)
        return self._changed(at, status=Status.IMPLEMENTED)

    def edited(self, viewer: Viewer, draft: "Draft", topic_ids: tuple[int, ...], *, at: datetime) -> "Proposal":
        """From OPEN on nothing can be edited: a mended proposal is a new one."""
        self._check_author(viewer, "edit")
        self._check_status("edited", Status.DRAFT)
        return self._changed(at, title=draft.title, body=draft.body, rules=draft.rules, topic_ids=topic_ids)

    def _changed(self, at: datetime, **changes: object) -> "Proposal":
        return replace(self, seq=self.seq + 1, changed_at=at, **changes)  # type: ignore[arg-type]  # the callers' keywords are fields

    def _check_author(self, viewer: Viewer, act: str) -> None:
        if viewer.member_id != self.author_id:
            raise Forbidden(f"Only its author may {act} this proposal.", field=("proposalId",))

    def _check_status(self, act: str, *allowed: Status) -> None:
        if self.status not in allowed:
            wanted = " or ".join(status.value for status in allowed)
            raise Conflict(
                f"A proposal in {self.status.value} cannot be {act}: it must be {wanted}.", field=("proposalId",)
            )


def unknown_proposal() -> NotFound:
    return NotFound("There is no such proposal, or you may not see it.", field=("proposalId",))


@dataclass(frozen=True, slots=True)
class RulesChoice:
    """What an author asks for; None keeps the DAO's rule."""

    quorum_percent: int | None = None
    majority_percent: int | None = None
    voting_minutes: int | None = None
    early_close: EarlyClose | None = None

    def over(self, rules: Rules) -> "RulesChoice":
        """This choice with what it leaves out as it is in `rules`."""
        return RulesChoice(
            quorum_percent=rules.quorum_percent if self.quorum_percent is None else self.quorum_percent,
            majority_percent=rules.majority_percent if self.majority_percent is None else self.majority_percent,
            voting_minutes=rules.voting_minutes if self.voting_minutes is None else self.voting_minutes,
            early_close=self.early_close or rules.early_close,
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """The text and rules of a proposal, checked."""

    title: str
    body: str
    topics: tuple[str, ...]
    rules: Rules


def drafted(title: str, body: str, topics: list[str], rules: Rules) -> Draft:
    """Raises BadInput, naming the field and its bounds."""
    title, body = given_text(title, MAX_TITLE, "title"), given_text(body, MAX_BODY, "body")
    names = tuple(dict.fromkeys(" ".join(topic.split()) for topic in topics))
    check_storable(" ".join(names), "topics")
    if len(names) > MAX_TOPICS or any(not 1 <= len(name) <= MAX_TOPIC for name in names):
        raise BadInput(f"Give at most {MAX_TOPICS} topics of 1 to {MAX_TOPIC} characters.", field=("topics",))
    return Draft(title, body, names, rules)


def chosen_rules(house: Rules, choice: RulesChoice, viewer: Viewer) -> Rules:
    """The DAO's rules with what this author may choose. Nobody lowers a bar. Raises BadInput, Forbidden."""
    minutes = house.voting_minutes if choice.voting_minutes is None else choice.voting_minutes
    if not MINIMUM_VOTING_MINUTES <= minutes <= MAXIMUM_VOTING_MINUTES:
        raise BadInput(
            f"votingMinutes must be between {MINIMUM_VOTING_MINUTES} and {MAXIMUM_VOTING_MINUTES}.",
            field=("rules", "votingMinutes"),
        )
    early_close = choice.early_close or house.early_close
    if house.early_close is EarlyClose.NEVER and early_close is not EarlyClose.NEVER:
        raise Forbidden("earlyClose may only close later than the DAO's rule, NEVER.", field=("rules", "earlyClose"))
    return Rules(
        quorum_percent=_raised("quorumPercent", house.quorum_percent, choice.quorum_percent, viewer, lowest=0),
        majority_percent=_raised("majorityPercent", house.majority_percent, choice.majority_percent, viewer, lowest=50),
        voting_minutes=minutes,
        early_close=early_close,
    )


def _raised(name: str, house: int, wanted: int | None, viewer: Viewer, *, lowest: int) -> int:
    if wanted is None or wanted == house:
        return house
    if not lowest <= wanted <= 100:
        raise BadInput(f"{name} must be between {lowest} and 100.", field=("rules", name))
    if wanted < house:
        raise Forbidden(f"{name} may not be lower than the DAO's {house}.", field=("rules", name))
    if viewer.role is not Role.ADMIN:
        raise Forbidden(f"Only an ADMIN may raise {name} above the DAO's {house}.", field=("rules", name))
    return wanted


def fingerprint(title: str, body: str) -> str:
    """Letters and digits only: what must differ from a proposal that failed lately."""
    text = unicodedata.normalize("NFKC", f"{title} {body}").casefold()
    return "".join(character for character in text if character.isalnum())


class ProposalOrder(StrEnum):
    CREATED_DESC = "CREATED_DESC"
    CREATED_ASC = "CREATED_ASC"
    ENDING_SOON = "ENDING_SOON"


@dataclass(frozen=True, slots=True)
class ProposalFilter:
    statuses: tuple[Status, ...] = ()
    author_id: int | None = None
    topic_id: int | None = None
    title_contains: str | None = None
    created_after: datetime | None = None


class Proposals(Protocol):
    """Proposals inside one transaction."""

    def add(self, author_id: int, draft: Draft, topic_ids: tuple[int, ...], *, at: datetime) -> Proposal: ...

    def locked(self, proposal_id: int) -> Proposal:
        """The proposal, held until the transaction ends. Raises NotFound."""

    def save(self, proposal: Proposal) -> None: ...

    def note_status(self, proposal: Proposal, *, by: int | None, reason: str = "") -> None:
        """Append to the history of states."""

    def running_of(self, member_id: int) -> int:
        """How many of the member's proposals are in OPEN or VOTING."""

    def failed_twin(self, proposal: Proposal, *, since: datetime) -> int | None:
        """The number of a proposal with the same fingerprint that failed since then."""

    def ended(self, *, at: datetime, limit: int) -> list[int]:
        """Ids of proposals in VOTING whose window has ended."""


class ProposalReads(Protocol):
    """Proposals as the viewer may see them; what is invisible is absent."""

    async def by_ids(self, viewer: Viewer, ids: list[int]) -> dict[int, Proposal]: ...
    async def any_by_ids(self, ids: list[int]) -> dict[int, Proposal]:
        """For projections only: whoever may see them."""

    async def by_number(self, viewer: Viewer, number: int) -> Proposal | None: ...
    async def page(
        self, viewer: Viewer, wanted: Slice, where: ProposalFilter, order: ProposalOrder
    ) -> Page[Proposal]: ...
