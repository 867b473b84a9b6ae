"""Proposals: rows, and the repository inside a transaction."""

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ColumnElement,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlmodel import Field, col

from adapters.sql.daos import SqlDaos, choice_of, rules_data, rules_of
from adapters.sql.late import late_of, light
from adapters.sql.members import hold_member
from adapters.sql.naming import Row, table_of
from adapters.sql.types import time_field
from adapters.sql.writer import connection_of
from domain.actions import action_data, action_of
from domain.drafts import Draft
from domain.proposals import (
    Proposal,
    Shown,
    Status,
    StatusChange,
    unknown_proposal,
)
from domain.rules import Rules, VotingSystem
from domain.tally import Tally

TALLY = tuple(part.name for part in fields(Tally))


class ProposalRow(Row, table=True):
    __tablename__ = "proposal"
    __table_args__ = (
        CheckConstraint(
            "eligible >= in_favour + against + abstain + on_options "
            "AND in_favour >= 0 AND against >= 0 AND abstain >= 0 AND on_options >= 0",
            name="tally_bounds",
        ),
    )

    id: int = Field(default=None, primary_key=True)
    number: int = Field(unique=True)
    title: str
    body: str
    system: str
    options: list[str] = Field(sa_column=Column(JSON, nullable=False))
    scope_id: int | None = Field(default=None, foreign_key="policy_topic.id")
    action: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    start_at: datetime | None = time_field(default=None, nullable=True)
    discussion_url: str | None = None
    choice: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """What its author asked of the rules."""
    status: str = Field(index=True)
    hidden: bool
    author_id: int = Field(foreign_key="member.id", index=True)
    created_at: datetime = time_field()
    changed_at: datetime = time_field()
    seq: int
    rules: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    eligible: int
    in_favour: int
    against: int
    abstain: int
    voters: int
    on_options: int
    by_twins: int
    own_in_favour: int
    own_against: int
    own_abstain: int
    own_on_options: int
    young_in_favour: int
    young_against: int
    young_abstain: int
    shown: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """What a hidden vote shows of itself."""
    salt: str | None = None
    """Secret; what hides members behind the opaque ids of a receipt."""
    opened_at: datetime | None = time_field(default=None, nullable=True)
    starts_at: datetime | None = time_field(default=None, nullable=True)
    ends_at: datetime | None = time_field(default=None, nullable=True)
    fingerprint: str = Field(index=True)
    transaction_id: str

    def to_domain(self, topic_ids: tuple[int, ...] = ()) -> Proposal:
        return Proposal(
            id=self.id,
            number=self.number,
            draft=draft_of(self),
            status=Status(self.status),
            author_id=self.author_id,
            topic_ids=topic_ids,
            created_at=self.created_at,
            changed_at=self.changed_at,
            rules=rules_of(self.rules),
            tally=tally_of(self),
            seq=self.seq,
            salt=self.salt,
            opened_at=self.opened_at,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            transaction_id=self.transaction_id,
            shown=shown_of(self.shown) if self.shown else None,
        )


def draft_of(row: ProposalRow) -> Draft:
    return Draft(
        title=row.title,
        body=row.body,
        choice=choice_of(row.choice),
        system=VotingSystem(row.system),
        options=tuple(row.options),
        scope_id=row.scope_id,
        action=action_of(row.action),
        start_at=row.start_at,
        discussion_url=row.discussion_url,
    )


class TallyColumns(Protocol):
    """Rows with a tally: a column a field."""

    eligible: int


def tally_of(row: TallyColumns) -> Tally:
    return Tally(**{name: getattr(row, name) for name in TALLY})


def shown_of(stored: dict[str, Any]) -> Shown:
    return Shown(Tally(**stored["tally"]), stored["seq"], datetime.fromisoformat(stored["at"]))


def shown_data(shown: Shown | None) -> dict[str, Any] | None:
    return None if shown is None else {"tally": asdict(shown.tally), "seq": shown.seq, "at": shown.at.isoformat()}


class ProposalTopicRow(Row, table=True):
    __tablename__ = "proposal_topic"

    proposal_id: int = Field(primary_key=True, foreign_key="proposal.id")
    topic_id: int = Field(primary_key=True, foreign_key="policy_topic.id", index=True)
    position: int
    transaction_id: str = ""


class SponsorRow(Row, table=True):
    __tablename__ = "sponsor"

    proposal_id: int = Field(primary_key=True, foreign_key="proposal.id")
    member_id: int = Field(primary_key=True, foreign_key="member.id")
    at: datetime = time_field()
    transaction_id: str


class StatusChangeRow(Row, table=True):
    """The append-only history of states: who, when, why."""

    __tablename__ = "status_change"

    id: int = Field(default=None, primary_key=True)
    proposal_id: int = Field(foreign_key="proposal.id", index=True)
    status: str
    at: datetime = time_field()
    by_id: int | None = Field(default=None, foreign_key="member.id")
    reason: str
    transaction_id: str

    def to_domain(self) -> StatusChange:
        return StatusChange(Status(self.status), self.at, self.by_id, self.reason or None)


# Every ballot runs these.
PROPOSALS, TOPICS = table_of(ProposalRow), table_of(ProposalTopicRow)
LOCKED = light(select(PROPOSALS).where(PROPOSALS.c.id == bindparam("of")).with_for_update())
TOPIC_IDS = select(TOPICS.c.topic_id).where(TOPICS.c.proposal_id == bindparam("of")).order_by(TOPICS.c.position)
SAVE = update(PROPOSALS).where(PROPOSALS.c.id == bindparam("of"))


class SqlProposals:
    """Port `Proposals`."""

    def __init__(self, session: Session, transaction_id: str) -> None:
        self._session = session
        self._connection = connection_of(session)
        self._transaction_id = transaction_id

    def add(self, author_id: int, draft: Draft, rules: Rules, topic_ids: tuple[int, ...], *, at: datetime) -> Proposal:
        new = Proposal(0, 0, draft, Status.DRAFT, author_id, (), at, at, rules)
        row = ProposalRow(
            number=SqlDaos(self._session, self._transaction_id).next_number(),
            author_id=author_id,
            created_at=at,
            transaction_id=self._transaction_id,
            **text_of(new),
            **rules_of_row(new),
            **state_of(new),
        )
        self._session.add(row)
        self._session.flush()
        self._save_topics(row.id, topic_ids)
        return row.to_domain(topic_ids)

    def locked(self, proposal_id: int) -> Proposal:
        """As an earlier ballot of the same commit left it, if there was one: nobody else can have changed it since."""
        if held := late_of(self._connection).states.get(proposal_id):
            before: Proposal = held[0]
            return before
        row = self._connection.execute(LOCKED, {"of": proposal_id}).first()
        if row is None:
            raise unknown_proposal()
        topics: tuple[int, ...] = ()
        if row.status == Status.DRAFT.value or row.action is not None:  # a ballot asks for none
            topics = tuple(topic_id for (topic_id,) in self._connection.execute(TOPIC_IDS, {"of": proposal_id}).all())
        return ProposalRow.to_domain(row, topics)  # type: ignore[arg-type]  # the same columns, unmapped

    def save(self, proposal: Proposal) -> None:
        late = late_of(self._connection)
        if proposal.status is Status.VOTING:  # with the commit: the next ballot changes it again
            late.save, late.states[proposal.id] = SAVE, (proposal, lambda: self._row(proposal))
            return
        late.states.pop(proposal.id, None)
        if proposal.status is Status.DRAFT:  # from OPEN on neither text, rules nor topics change
            self._save_topics(proposal.id, proposal.topic_ids)
        self._connection.execute(SAVE, self._row(proposal))

    def _row(self, proposal: Proposal) -> dict[str, Any]:
        values = {"of": proposal.id, "transaction_id": self._transaction_id, **state_of(proposal)}
        if proposal.status in (Status.DRAFT, Status.OPEN):
            values |= rules_of_row(proposal)
        if proposal.status is Status.DRAFT:
            values |= text_of(proposal)
        return values

    def note_status(self, proposal: Proposal, *, by: int | None, reason: str = "") -> None:
        self._session.add(
            StatusChangeRow(
                proposal_id=proposal.id,
                status=proposal.status.value,
                at=proposal.changed_at,
                by_id=by,
                reason=reason,
                transaction_id=self._transaction_id,
            )
        )

    def running_of(self, member_id: int) -> int:
        hold_member(self._session, member_id)  # two drafts opened at once must not both be the last that is allowed
        running = [Status.OPEN.value, Status.VOTING.value]
        return self._count(col(ProposalRow.author_id) == member_id, col(ProposalRow.status).in_(running))

    def failed_twin(self, proposal: Proposal, *, since: datetime) -> int | None:
        return self._session.scalar(
            select(col(ProposalRow.number)).where(
                col(ProposalRow.fingerprint) == proposal.draft.fingerprint(),
                col(ProposalRow.status) == Status.FAILED.value,
                col(ProposalRow.changed_at) >= since,
            )
        )

    def ended(self, *, at: datetime, limit: int) -> list[int]:
        voting, past = col(ProposalRow.status) == Status.VOTING.value, col(ProposalRow.ends_at) <= at
        statement = select(col(ProposalRow.id)).where(voting, past).order_by(col(ProposalRow.ends_at)).limit(limit)
        return list(self._session.scalars(statement))

    def open_since(self, *, before: datetime, limit: int) -> list[int]:
        opened, old = col(ProposalRow.status) == Status.OPEN.value, col(ProposalRow.opened_at) < before
        statement = select(col(ProposalRow.id)).where(opened, old).order_by(col(ProposalRow.opened_at)).limit(limit)
        return list(self._session.scalars(statement))

    def sponsor(self, proposal_id: int, member_id: int, *, at: datetime) -> int:
        if self._session.get(SponsorRow, (proposal_id, member_id)) is None:
            self._session.add(
                SponsorRow(proposal_id=proposal_id, member_id=member_id, at=at, transaction_id=self._transaction_id)
            )
            self._session.flush()
        return self.sponsors(proposal_id)

    def sponsors(self, proposal_id: int) -> int:
        found = select(func.count()).select_from(SponsorRow).where(col(SponsorRow.proposal_id) == proposal_id)
        return int(self._session.scalar(found) or 0)

    def _count(self, *where: ColumnElement[bool]) -> int:
        return int(self._session.scalar(select(func.count()).select_from(ProposalRow).where(*where)) or 0)

    def _save_topics(self, proposal_id: int, topic_ids: tuple[int, ...]) -> None:
        self._connection.execute(delete(TOPICS).where(TOPICS.c.proposal_id == proposal_id))
        rows = [
            {
                "proposal_id": proposal_id,
                "topic_id": topic_id,
                "position": position,
                "transaction_id": self._transaction_id,
            }
            for position, topic_id in enumerate(topic_ids)
        ]
        if rows:
            self._connection.execute(insert(TOPICS), rows)


def text_of(proposal: Proposal) -> dict[str, Any]:
    """What changes in DRAFT only."""
    draft = proposal.draft
    return {
        "title": draft.title,
        "body": draft.body,
        "system": draft.system.value,
        "options": list(draft.options),
        "scope_id": draft.scope_id,
        "action": action_data(draft.action),
        "start_at": draft.start_at,
        "discussion_url": draft.discussion_url,
        "choice": draft.choice.given,
        "fingerprint": draft.fingerprint(),
    }


def rules_of_row(proposal: Proposal) -> dict[str, Any]:
    """The rules follow the DAO's until the proposal is opened."""
    return {"rules": rules_data(proposal.rules), "opened_at": proposal.opened_at}


def state_of(proposal: Proposal) -> dict[str, Any]:
    """What every step and ballot changes."""
    return {
        "status": proposal.status.value,
        "hidden": proposal.hidden,
        "changed_at": proposal.changed_at,
        "seq": proposal.seq,
        **asdict(proposal.tally),
        "shown": shown_data(proposal.shown),
        "salt": proposal.salt,
        "starts_at": proposal.starts_at,
        "ends_at": proposal.ends_at,
    }
