"""How a command changes the record: one plain function of one `Work`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.audits import Audits
from domain.chats import Chats
from domain.daos import Daos
from domain.dead_letters import DeadLetters
from domain.delegations import Delegations
from domain.documents import Documents
from domain.events import Event
from domain.members import Members
from domain.memories import Memories
from domain.policies import Policies
from domain.proposals import Proposals
from domain.receipts import Receipts
from domain.reconciliation import Reconciliations
from domain.resolutions import Resolutions
from domain.topics import Topics
from domain.votes import Ballots

KEPT_DAYS = 7


@dataclass(frozen=True, slots=True)
class Once:
    """The caller's idempotency key: the same key and input give the same result, done once."""

    member_id: int
    mutation: str
    key: str
    input_hash: str


type Ids = dict[str, int | str | None]
"""What a command answers: ids, from which the payload is read again."""


class Work(Protocol):
    """One transaction. Synchronous on purpose: nothing inside it can wait for the outside world."""

    transaction_id: str
    daos: Daos
    members: Members
    documents: Documents
    memories: Memories
    topics: Topics
    chats: Chats
    proposals: Proposals
    delegations: Delegations
    policies: Policies
    audits: Audits
    dead_letters: DeadLetters
    ballots: Ballots
    resolutions: Resolutions
    receipts: Receipts
    reconciliations: Reconciliations

    def now(self) -> datetime:
        """The database's time, read now: ask after the lock is held."""

    def secret(self) -> str:
        """32 random bytes, in hex."""

    def emit(self, event: Event) -> None:
        """Leaves through the outbox, after commit."""

    def enqueue(self, task: str, *args: int | str, due_at: datetime | None = None) -> None:
        """A job, wanted once it is due, after commit."""


class Transact(Protocol):
    async def __call__[T](self, command: Callable[[Work], T]) -> T:
        """Run `command` on SQLite's writer thread or a Postgres connection. Rolls back on any error.

        Raises Fenced inside a job whose attempt no longer owns it; nothing is written then.
        """

    async def once(self, once: Once | None, command: Callable[[Work], Ids], *, together: str | None = None) -> Ids:
        """The same, at most once a key: a repeat gets the stored ids or the stored refusal.

        Commands that give the same `together` change one row, and so may share a commit.

        Raises Conflict when the key came with another input before.
        """
