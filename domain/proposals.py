"""A proposal and its way through its states; who may take which step, and when."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from domain.decisions import Decision
from domain.drafts import Draft
from domain.errors import AlreadyResolved, Conflict, Forbidden, NotFound, VotingClosed
from domain.members import Member, Role, Viewer
from domain.pages import Page, Slice
from domain.rules import EarlyClose, Rules, VotingSystem
from domain.tally import Tally

MAX_RUNNING = 3
"""Proposals in OPEN or VOTING a member."""
RETABLE_DAYS = 30
HERE = ("proposalId",)
SHOWN_BALLOTS, SHOWN_EVERY = 5, timedelta(minutes=1)
"""The steps in which a hidden vote's turnout moves."""


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
class Shown:
    """What a hidden vote shows of itself: turnout without choices, as of some ballot before the last."""

    tally: Tally
    seq: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """`seq` rises with every change that a reader can see, a ballot's included."""

    id: int
    number: int
    draft: Draft
    status: Status
    author_id: int
    topic_ids: tuple[int, ...]
    created_at: datetime
    changed_at: datetime
    rules: Rules = field(default_factory=Rules)
    tally: Tally = field(default_factory=Tally)
    seq: int = 0
    opened_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    transaction_id: str = ""
    shown: Shown | None = None
    salt: str | None = field(default=None, repr=False)
    """Secret, 32 bytes in hex, from the start of voting on."""

    @property
    def running(self) -> bool:
        return self.status is Status.VOTING

    @property
    def title(self) -> str:
        return self.draft.title

    @property
    def system(self) -> VotingSystem:
        return self.draft.system

    @property
    def hidden(self) -> bool:
        """Whether its ballots are sealed: until the close, and for good when it was cancelled while voting ran."""
        sealed = self.status is Status.VOTING or (self.status is Status.CANCELLED and self.starts_at is not None)
        return self.rules.hidden_until_close and sealed

    @property
    def sealed(self) -> "Proposal":
        """As anybody may see it: while its ballots are hidden, only how many took part some ballots or a minute ago."""
        if not self.hidden or self.shown is None:
            return self
        return replace(self, tally=self.shown.tally, seq=self.shown.seq, changed_at=self.shown.at)

    def visible_to(self, viewer: Viewer) -> bool:
        """A DRAFT is seen by its author and ADMIN only."""
        return self.status is not Status.DRAFT or viewer.member_id == self.author_id or viewer.role is Role.ADMIN

    def check_visible(self, viewer: Viewer) -> None:
        if not self.visible_to(viewer):
            raise unknown_proposal()

    # steps

    def check_edit(self, viewer: Viewer) -> None:
        """From OPEN on nothing can be edited: a mended proposal is a new one. Raises Forbidden, Conflict."""
        self._check_author(viewer, "edit")
        self._check_status("edited", Status.DRAFT)

    def edited(self, draft: Draft, rules: Rules, topic_ids: tuple[int, ...], *, at: datetime) -> "Proposal":
        return self._changed(at, draft=draft, rules=rules, topic_ids=topic_ids)

    def check_open(self, viewer: Viewer, author: Member, running: int) -> None:
        """`running`: how many of the author's are in OPEN or VOTING. Raises Forbidden, Conflict."""
        self._check_author(viewer, "open")
        self._check_status("opened", Status.DRAFT)
        if not author.admitted:
            raise Forbidden("You are not admitted yet: an ADMIN or a vote admits you.")
        if running >= MAX_RUNNING:
            raise Conflict(
                f"You have {MAX_RUNNING} proposals in OPEN or VOTING: wait until one is decided, or cancel one.",
                field=HERE,
            )

    def opened(self, rules: Rules, *, at: datetime) -> "Proposal":
        return self._changed(at, status=Status.OPEN, rules=rules, opened_at=at)

    @property
    def discussed_at(self) -> datetime | None:
        """From when on voting may start; None before it is opened."""
        return self.opened_at and self.opened_at + timedelta(minutes=self.rules.minimum_discussion_minutes)

    @property
    def starts_itself_at(self) -> datetime | None:
        """When the author's startAt takes effect: not before the discussion's time is over."""
        if self.draft.start_at is None or self.discussed_at is None:
            return None
        return max(self.draft.start_at, self.discussed_at)

    def check_start(self, viewer: Viewer, sponsors: int, *, at: datetime) -> None:
        """Raises Forbidden, Conflict."""
        self._check_author(viewer, "start voting on")
        self.check_ready(sponsors, at=at)

    def check_ready(self, sponsors: int, *, at: datetime) -> None:
        """Whether voting may begin, whoever begins it. Raises Conflict."""
        self._check_status("put to the vote", Status.OPEN)
        if self.discussed_at is not None and at < self.discussed_at:
            raise Conflict(
                f"Discussion runs until {self.discussed_at:%Y-%m-%dT%H:%M:%SZ}: start voting then.", field=HERE
            )
        if sponsors < self.rules.sponsors_needed:
            raise Conflict(
                f"It has {sponsors} of the {self.rules.sponsors_needed} sponsors it needs: ask members to sponsor it.",
                field=HERE,
            )

    def started(self, eligible: int, *, at: datetime, salt: str = "") -> "Proposal":
        """Voting runs in [at, at + votingMinutes) over the weight that is eligible at `at`."""
        ends_at = at + timedelta(minutes=self.rules.voting_minutes)
        tally = Tally(eligible=eligible)
        begun = self._changed(at, status=Status.VOTING, tally=tally, starts_at=at, ends_at=ends_at, salt=salt)
        return begun.showing(at=at)

    def check_sponsor(self, viewer: Viewer, sponsor: Member) -> None:
        """Raises Forbidden, Conflict."""
        if viewer.member_id == self.author_id:
            raise Forbidden("Its author cannot sponsor it: ask another member.", field=HERE)
        if not sponsor.admitted or sponsor.weight == 0:
            raise Forbidden("Only an admitted member with weight may sponsor a proposal.")
        self._check_status("sponsored", Status.OPEN)

    def check_voting(self, *, at: datetime) -> None:
        """The window is half-open. Raises AlreadyResolved, VotingClosed."""
        if self.status.decided:
            raise AlreadyResolved("This proposal is decided; its ballots are sealed.", field=HERE)
        if self.status is not Status.VOTING or self.ended(at=at):
            raise VotingClosed("Voting is not open on this proposal; it runs from its start until its end.", field=HERE)

    def check_change_of_mind(self, *, own_before: bool) -> None:
        """Where voting ends once all is certain, a member's own ballot is certain. Raises Conflict."""
        if own_before and self.rules.early_close is EarlyClose.WHEN_DECIDED:
            raise Conflict("Your ballot is final: with earlyClose WHEN_DECIDED it cannot be changed.", field=HERE)

    def ended(self, *, at: datetime) -> bool:
        return self.status is Status.VOTING and self.ends_at is not None and at >= self.ends_at

    def may_close_on_quorum(self, *, at: datetime) -> bool:
        """Whether minimumVotingMinutes are over."""
        least = timedelta(minutes=self.rules.minimum_voting_minutes)
        return self.starts_at is not None and at >= self.starts_at + least

    def counted(self, tally: Tally, *, at: datetime) -> "Proposal":
        """With a ballot more or another one."""
        return self._changed(at, tally=tally)

    @property
    def unseen(self) -> int:
        """Voters that a hidden vote does not show yet."""
        return self.tally.voters - self.shown.tally.voters if self.shown else 0

    def showing(self, *, at: datetime) -> "Proposal":
        """With its turnout shown, if it is time: a hidden vote's moves by some ballots, or after some time."""
        due = self.shown is None or self.unseen >= SHOWN_BALLOTS or (self.unseen and at >= self.shown.at + SHOWN_EVERY)
        if not self.hidden or not due:
            return self
        turnout = Tally(
            self.tally.eligible,
            voters=self.tally.voters,
            on_options=self.tally.participating,
            by_twins=self.tally.by_twins,
            own_on_options=self.tally.by_members,
        )
        return replace(self, shown=Shown(turnout, self.seq, at))

    def resolved(self, decision: Decision, *, at: datetime) -> "Proposal":
        return self._changed(at, status=Status.PASSED if decision.passed else Status.FAILED)

    def lapsed(self, *, at: datetime, after: timedelta) -> bool:
        """Whether it was OPEN for longer than that."""
        return self.status is Status.OPEN and self.opened_at is not None and at - self.opened_at > after

    def check_cancel(self, viewer: Viewer) -> None:
        """The author before VOTING, ADMIN until the decision. Raises Forbidden, Conflict."""
        if viewer.role is not Role.ADMIN:
            self._check_author(viewer, "cancel")
            self._check_status("cancelled by its author", Status.DRAFT, Status.OPEN)
        self._check_status("cancelled", Status.DRAFT, Status.OPEN, Status.VOTING)

    def cancelled(self, *, at: datetime) -> "Proposal":
        return self._changed(at, status=Status.CANCELLED)

    def implemented(self, viewer: Viewer, *, at: datetime) -> "Proposal":
        """Raises Forbidden, Conflict."""
        if viewer.role is not Role.ADMIN:
            raise Forbidden("Only an ADMIN marks a proposal as implemented.")
        self._check_status("marked implemented", Status.PASSED)
        return self._changed(at, status=Status.IMPLEMENTED)

    def _changed(self, at: datetime, **changes: object) -> "Proposal":
        return replace(self, seq=self.seq + 1, changed_at=at, **changes)  # type: ignore[arg-type]  # the callers' keywords are fields

    def _check_author(self, viewer: Viewer, act: str) -> None:
        if viewer.member_id != self.author_id:
            raise Forbidden(f"Only its author may {act} this proposal.", field=HERE)

    def _check_status(self, act: str, *allowed: Status) -> None:
        if self.status not in allowed:
            wanted = " or ".join(status.value for status in allowed)
            raise Conflict(f"A proposal in {self.status.value} cannot be {act}: it must be {wanted}.", field=HERE)


def unknown_proposal() -> NotFound:
    return NotFound("There is no such proposal, or you may not see it.", field=HERE)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One line of a proposal's history. `by_id` is None when voting itself decided."""

    status: Status
    at: datetime
    by_id: int | None
    reason: str | None


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

    def add(
        self, author_id: int, draft: Draft, rules: Rules, topic_ids: tuple[int, ...], *, at: datetime
    ) -> Proposal: ...

    def locked(self, proposal_id: int) -> Proposal:
        """Held until the transaction ends; with its topics only in DRAFT and for an action. Raises NotFound."""

    def save(self, proposal: Proposal) -> None: ...

    def note_status(self, proposal: Proposal, *, by: int | None, reason: str = "") -> None:
        """Append to the history of states."""

    def running_of(self, member_id: int) -> int:
        """How many of the member's proposals are in OPEN or VOTING."""

    def failed_twin(self, proposal: Proposal, *, since: datetime) -> int | None:
        """The number of a proposal with the same fingerprint that failed since then."""

    def ended(self, *, at: datetime, limit: int) -> list[int]:
        """Ids of proposals in VOTING whose window has ended."""

    def open_since(self, *, before: datetime, limit: int) -> list[int]:
        """Ids of proposals in OPEN that were opened before then."""

    def sponsor(self, proposal_id: int, member_id: int, *, at: datetime) -> int:
        """Add a sponsor, if it is none yet; how many there are then."""

    def sponsors(self, proposal_id: int) -> int: ...


class ProposalReads(Protocol):
    """Proposals as the viewer may see them; what is invisible is absent."""

    async def by_ids(self, viewer: Viewer, ids: list[int]) -> dict[int, Proposal]: ...
    async def any_by_ids(self, ids: list[int]) -> dict[int, Proposal]:
        """For projections only: whoever may see them."""

    async def by_number(self, viewer: Viewer, number: int) -> Proposal | None: ...
    async def page(
        self, viewer: Viewer, wanted: Slice, where: ProposalFilter, order: ProposalOrder
    ) -> Page[Proposal]: ...

    async def histories(self, ids: list[int]) -> dict[int, list[StatusChange]]:
        """Oldest first."""

    async def sponsors(self, ids: list[int]) -> dict[int, list[int]]:
        """Member ids, first sponsor first."""

    async def running_of(self, member_id: int) -> int: ...
