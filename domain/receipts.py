"""Receipts: what decided a proposal, under opaque ids, in one canonical form that anyone can count again.

docs/receipts.md describes the form byte for byte. A receipt holds no names and no free text.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from domain.canonical import Json, canonical, written
from domain.decisions import Decision
from domain.option_ballots import OptionBallot
from domain.proposals import Proposal
from domain.rules import Rules, VotingSystem
from domain.tally import CastBy, Choice, Tally
from domain.votes import Vote

FORMAT, BALLOT_FORMAT, VERSION = "frontier-receipt", "frontier-ballot", 1
ID_BYTES = 16


class Signer(Protocol):
    """The DAO's Ed25519 key (RFC 8032); keys and signatures as base64url without padding."""

    key: str
    """The public key."""

    def sign(self, content: bytes) -> str: ...


class Verifier(Protocol):
    def verify(self, content: bytes, signature: str, key: str) -> bool:
        """Whether this public key signed the content; False also for what is no signature or key."""


def opaque_id(salt: str, member_id: int) -> str:
    """A member's name on one proposal: HMAC-SHA-256 of its id under the proposal's secret salt (hex), cut to 16 bytes.

    Without the salt nobody links the ids of one member on two proposals, or an id and a member.
    """
    return hmac.digest(bytes.fromhex(salt), str(member_id).encode(), "sha256")[:ID_BYTES].hex()


@dataclass(frozen=True, slots=True)
class Place:
    """A member of the electorate: frozen weight, and whom it follows (`to`), if anybody."""

    id: str
    weight: int
    to: str | None = None
    twin_first: bool = True
    accepts_twin: bool = False

    def to_data(self) -> Json:
        return {
            "acceptsTwin": self.accepts_twin,
            "id": self.id,
            "to": self.to,
            "twinFirst": self.twin_first,
            "weight": self.weight,
        }


@dataclass(frozen=True, slots=True)
class CastBallot:
    """The last ballot that a member or its twin cast: a choice, or a ballot among options.

    `young`: a twin's that did not count for an early close yet.
    """

    id: str
    revision: int
    cast_by: CastBy
    cast_at: datetime
    choice: Choice | None = None
    options: OptionBallot | None = None
    young: bool = False

    def spoken(self) -> Json:
        """What was said, by whose hand and when."""
        said = {"choice": self.choice.value} if self.choice else {"ballot": self.options and self.options.to_data()}
        return {
            "castAt": written(self.cast_at),
            "castBy": self.cast_by.value,
            "id": self.id,
            "revision": self.revision,
            **said,
        }

    def to_data(self) -> Json:
        return {**self.spoken(), "young": self.young}


def cast_of(vote: Vote, salt: str, *, young: bool = False) -> CastBallot:
    """A vote that its member or the member's twin cast, under its opaque id."""
    said = vote.ballot
    return CastBallot(
        opaque_id(salt, said.member_id), vote.revision, said.cast_by, vote.cast_at, said.choice, said.options, young
    )


def lot_of(ballots: Iterable[CastBallot]) -> bytes:
    """What a lot is drawn from: SHA-256 of all ballots as a receipt lists them, less `young`.

    Nobody knows it before the last one is in, and no voter can steer it, for none knows the others' opaque ids.
    """
    return sha256(canonical([ballot.spoken() for ballot in sorted(ballots, key=lambda each: each.id)])).digest()


def drawn(proposal: Proposal, votes: Iterable[Vote]) -> bytes:
    """The lot of a proposal's cast ballots."""
    return lot_of([cast_of(vote, proposal.salt or "") for vote in votes])


def ballot_bytes(proposal: Proposal, ballot: CastBallot) -> bytes:
    """The canonical form of one ballot, which the DAO signs when it accepts it."""
    return canonical(
        {
            **ballot.spoken(),
            "contentHash": proposal.draft.content_hash(proposal.rules),
            "format": BALLOT_FORMAT,
            "number": proposal.number,
            "version": VERSION,
        }
    )


@dataclass(frozen=True, slots=True)
class Subject:
    """The proposal that was decided; `action`: whether it carried one, `options`: how many it had."""

    number: int
    content_hash: str
    system: VotingSystem
    action: bool
    options: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """`seq` counts the DAO's resolutions from 0; `previous` is the hash of the one before. Places and ballots are
    sorted by id."""

    seq: int
    previous: str | None
    subject: Subject
    rules: Rules
    places: tuple[Place, ...]
    ballots: tuple[CastBallot, ...]
    decided_at: datetime
    decision: Decision
    tally: Tally


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is kept of a receipt: its content is in the record, and written anew whenever it is asked for."""

    resolution_id: int
    seq: int
    hash: str
    previous: str | None
    signature: str


def receipt_hash(content: bytes) -> str:
    """SHA-256, in hex, of a receipt's canonical bytes."""
    return sha256(content).hexdigest()


class Receipts(Protocol):
    """Receipts inside one transaction, which holds the DAO's row."""

    def last(self) -> Sealed | None:
        """The one with the highest seq."""

    def add(self, sealed: Sealed, *, at: datetime) -> None: ...


class ReceiptReads(Protocol):
    async def last(self) -> Sealed | None: ...

    async def by_resolutions(self, resolution_ids: list[int]) -> dict[int, Sealed]: ...

    async def by_seq(self, seq: int) -> Sealed | None: ...

    async def resolution_at(self, seq: int) -> int | None:
        """The id of the resolution with this seq."""

    async def receipt(self, resolution_id: int, *, previous: str | None) -> Receipt | None:
        """What the record holds of a resolution, sealed or not; None when there is no such resolution."""

    async def departures(self, resolution_id: int) -> list[str]:
        """In what votes and proposal as they are shown depart from the ballots."""
