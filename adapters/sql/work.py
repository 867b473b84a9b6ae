"""One transaction's repositories, time and outgoing events and jobs."""

from dataclasses import asdict
from datetime import datetime
from secrets import token_hex
from uuid import uuid4

from sqlalchemy import insert
from sqlalchemy.orm import Session

from adapters.sql.audits import SqlAudits
from adapters.sql.chats import SqlChats
from adapters.sql.clock import Clock, PastClock, database_clock
from adapters.sql.daos import SqlDaos
from adapters.sql.dead_letters import SqlDeadLetters
from adapters.sql.delegations import SqlDelegations
from adapters.sql.documents import SqlDocuments
from adapters.sql.late import late_of, light
from adapters.sql.members import SqlMembers
from adapters.sql.memories import SqlMemories
from adapters.sql.naming import table_of
from adapters.sql.outbox_rows import OutboxRow
from adapters.sql.policies import SqlPolicies
from adapters.sql.proposals import SqlProposals
from adapters.sql.receipts import SqlReceipts
from adapters.sql.reconciliations import SqlReconciliations
from adapters.sql.resolutions import SqlResolutions
from adapters.sql.topics import SqlTopics
from adapters.sql.votes import SqlBallots
from adapters.sql.writer import connection_of
from domain.audits import Audits
from domain.chats import Chats
from domain.daos import Daos
from domain.dead_letters import DeadLetters
from domain.delegations import Delegations
from domain.documents import Documents
from domain.events import Event, aggregate_of, projected, topics_of
from domain.members import Members
from domain.memories import Memories
from domain.outbox import HINTS, Kind
from domain.policies import Policies
from domain.proposals import Proposals
from domain.receipts import Receipts
from domain.reconciliation import Reconciliations
from domain.resolutions import Resolutions
from domain.topics import Topics
from domain.votes import Ballots

LEAVE = light(insert(table_of(OutboxRow)))


class SqlWork:
    """Port `Work`. `announced` holds the bus topics that the transaction touched.

    A job's transactions carry the id of the one that wanted the job: one operation has one id in every store.
    """

    def __init__(self, session: Session, clock: Clock, *, transaction_id: str | None = None) -> None:
        self._session = session
        self._clock = clock
        self._asked_at: datetime | None = None
        self._leaving: dict[Kind, list[dict[str, object]]] = {"event": [], "job": []}
        self.announced: list[str] = []
        self.transaction_id = transaction_id or str(uuid4())
        self.daos: Daos = SqlDaos(session, self.transaction_id)
        self.members: Members = SqlMembers(session, self.transaction_id)
        self.documents: Documents = SqlDocuments(session, self.transaction_id)
        self.memories: Memories = SqlMemories(session, self.transaction_id)
        self.topics: Topics = SqlTopics(session, self.transaction_id)
        self.chats: Chats = SqlChats(session, self.transaction_id)
        self.proposals: Proposals = SqlProposals(session, self.transaction_id)
        self.delegations: Delegations = SqlDelegations(session, self.transaction_id)
        self.policies: Policies = SqlPolicies(session, self.transaction_id)
        self.audits: Audits = SqlAudits(session, self.transaction_id)
        self.dead_letters: DeadLetters = SqlDeadLetters(session)
        self.ballots: Ballots = SqlBallots(session, self.transaction_id)
        self.resolutions: Resolutions = SqlResolutions(session, self.transaction_id)
        self.receipts: Receipts = SqlReceipts(session, self.transaction_id)
        self.reconciliations: Reconciliations = SqlReconciliations(session, self.transaction_id)

    def now(self) -> datetime:
        self._asked_at = self._clock(self._session)
        return self._asked_at

    def secret(self) -> str:
        return token_hex(32)

    def emit(self, event: Event) -> None:
        if projected(event):
            self._leave("event", type(event).__name__, asdict(event), aggregate=aggregate_of(event))
        self.announced += topics_of(event)

    def enqueue(self, task: str, *args: int | str, due_at: datetime | None = None) -> None:
        self._leave("job", task, {"args": list(args)}, due_at=due_at)

    def send(self) -> None:
        """Write what was emitted and enqueued, with the commit."""
        for kind, rows in self._leaving.items():
            if rows:
                late_of(connection_of(self._session)).rows.extend((LEAVE, row) for row in rows)
                self.announced.append(HINTS[kind])

    def _leave(
        self, kind: Kind, name: str, args: dict[str, object], *, aggregate: str = "", due_at: datetime | None = None
    ) -> None:
        at = database_clock(self._session) if isinstance(self._clock, PastClock) else self._asked_at or self.now()
        self._leaving[kind].append(
            {
                "kind": kind,
                "name": name,
                "args": args,
                "transaction_id": self.transaction_id,
                "created_at": at,
                "due_at": due_at or at,
                "attempt": 0,
                "uncounted": 0,
                "aggregate": aggregate,
            }
        )
