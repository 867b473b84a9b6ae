"""Receipts of any election, counted by the reference (domain/chains.py) and not by what recounts them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.auth.ed25519 import Ed25519Signer, Ed25519Verifier
from domain.canonical import canonical
from domain.chains import Standing, standing
from domain.decisions import Decision, decide_at_end
from domain.delegations import Edge
from domain.elections import decide, results
from domain.option_ballots import OptionBallot
from domain.receipt_forms import ReceiptFile, receipt_bytes
from domain.receipts import CastBallot, Place, Receipt, Subject, lot_of, receipt_hash
from domain.rules import EarlyClose, Rules, VotingSystem
from domain.tally import CastBy, Choice, Tally
from domain.verifications import Verification, verify

T0 = datetime(2026, 3, 1, tzinfo=UTC)
RULES = Rules(early_close=EarlyClose.NEVER)
ENDS = T0 + timedelta(minutes=RULES.voting_minutes)
VERIFIER = Ed25519Verifier()


@dataclass(frozen=True)
class Member:
    """`to` is another member's place in the list; `said` with `by` None means that nobody cast."""

    weight: int = 1
    to: int | None = None
    twin_first: bool = True
    accepts_twin: bool = False
    by: CastBy | None = None
    said: Choice | OptionBallot | None = None
    after: int = 60
    """Minutes from the start to the ballot."""


def id_of(at: int) -> str:
    return f"{at:032x}"


def cast(at: int, member: Member) -> CastBallot | None:
    if member.by is None:
        return None
    choice = member.said if isinstance(member.said, Choice) else None
    options = member.said if isinstance(member.said, OptionBallot) else None
    return CastBallot(id_of(at), 1, member.by, T0 + timedelta(minutes=member.after), choice, options)


def standings(members: Sequence[Member]) -> dict[int, Standing]:
    edges = {
        at: Edge(member.to, None if member.twin_first else 1, member.accepts_twin, at, carried=True)
        for at, member in enumerate(members)
        if member.to is not None
    }
    own = {at for at, member in enumerate(members) if member.by is CastBy.MEMBER}
    return standing(edges, members=own, twins={at for at, member in enumerate(members) if member.by is CastBy.TWIN})


def tally_of(members: Sequence[Member]) -> Tally:
    stands = standings(members)
    names = {Choice.FOR: "in_favour", Choice.AGAINST: "against", Choice.ABSTAIN: "abstain"}
    sums = dict.fromkeys(Tally.__dataclass_fields__, 0)
    sums["eligible"] = sum(member.weight for member in members)
    sums["voters"] = sum(member.by is not None for member in members)
    for giver, who in stands.items():
        said, weight = members[who.voter].said, members[giver].weight
        name = names[said] if isinstance(said, Choice) else "on_options"
        sums[name] += weight
        if who.voter == giver:
            sums["by_twins" if who.by is CastBy.TWIN else f"own_{name}"] += weight
    return Tally(**sums)


def receipt_of(
    members: Sequence[Member],
    *,
    system: VotingSystem = VotingSystem.BASIC,
    options: int = 0,
    rules: Rules = RULES,
    seq: int = 0,
    previous: str | None = None,
) -> Receipt:
    """Decided at the end."""
    ballots = tuple(ballot for at, member in enumerate(members) if (ballot := cast(at, member)))
    tally, ends = tally_of(members), T0 + timedelta(minutes=rules.voting_minutes)
    return Receipt(
        seq=seq,
        previous=previous,
        subject=Subject(1, "ab" * 32, system, action=False, options=options, starts_at=T0, ends_at=ends),
        rules=rules,
        places=tuple(
            Place(id_of(at), one.weight, None if one.to is None else id_of(one.to), one.twin_first, one.accepts_twin)
            for at, one in enumerate(members)
        ),
        ballots=ballots,
        decided_at=ends,
        decision=outcome(members, system, options, tally, ballots),
        tally=tally,
    )


def outcome(
    members: Sequence[Member], system: VotingSystem, options: int, tally: Tally, ballots: Sequence[CastBallot]
) -> Decision:
    if system is VotingSystem.BASIC:
        return decide_at_end(RULES.criteria, tally)
    said = [(members[who.voter].said, members[giver].weight) for giver, who in standings(members).items()]
    given = [(options_, weight) for options_, weight in said if isinstance(options_, OptionBallot)]
    return decide(RULES.criteria, tally, results(system, options, given, lot_of(ballots)))


def signed(receipt: Receipt, signer: Ed25519Signer) -> bytes:
    body = receipt_bytes(receipt)
    return ReceiptFile(receipt, receipt_hash(body), signer.sign(body), signer.key).to_bytes(body)


def verified(receipt: Receipt, signer: Ed25519Signer) -> Verification:
    return verify(signed(receipt, signer), VERIFIER, key=signer.key)


def chain_of(signer: Ed25519Signer, length: int) -> list[bytes]:
    """Files of receipts that follow each other."""
    files: list[bytes] = []
    previous = None
    for seq in range(length):
        receipt = replace(SMALL, seq=seq, previous=previous)
        files.append(signed(receipt, signer))
        previous = receipt_hash(receipt_bytes(receipt))
    return files


def signer_in(folder: Path) -> Ed25519Signer:
    return Ed25519Signer(folder / "receipt.key")


FOR, AGAINST = Choice.FOR, Choice.AGAINST
SMALL = receipt_of(
    [Member(5, by=CastBy.MEMBER, said=FOR), Member(3, to=0), Member(2, by=CastBy.TWIN, said=AGAINST), Member(1)]
)
"""Passed with 8 of 11 for and 2 against: one own ballot, which carries a giver, one twin's, one silent."""


def edited(content: bytes, change: Callable[[Any], object]) -> bytes:
    """The file with its JSON changed, in canonical form, its hash and signature as they were."""
    data = json.loads(content)
    change(data)
    return canonical(data)
