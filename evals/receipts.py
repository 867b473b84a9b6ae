"""How long receipts take: `python -m evals.receipts [--ballots 10000] [--repeat 3]`.

Each member casts; every third follows the member before it, every seventh ballot is a twin's. Without a database: the
domain alone, and the file as `frontier verify` reads it.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from adapters.auth.ed25519 import Ed25519Signer, Ed25519Verifier
from domain.decisions import Decision, ResolutionReason
from domain.option_ballots import OptionBallot
from domain.receipt_forms import ReceiptFile, receipt_bytes
from domain.receipts import CastBallot, Place, Receipt, Subject, opaque_id, receipt_hash
from domain.recounts import counted, nodes_of, permitted
from domain.rules import EarlyClose, Rules, VotingSystem
from domain.tally import CastBy, Choice, Tally
from domain.verifications import verify
from evals.figures import Figure, table

GOAL_SECONDS = 2.0
START = datetime(2026, 3, 1, tzinfo=UTC)
SYSTEMS = (VotingSystem.BASIC, VotingSystem.RANKED_INSTANT_RUNOFF, VotingSystem.QUADRATIC)
OPTIONS = 5
SALT = sha256(b"a salt of this measurement").hexdigest()


def receipt_of(size: int, system: VotingSystem) -> Receipt:
    """An election of so many members, its tally and outcome as its ballots give them."""
    ids = [opaque_id(SALT, member) for member in range(1, size + 1)]
    rules = Rules(early_close=EarlyClose.NEVER)
    ends = START + timedelta(minutes=rules.voting_minutes)
    basic = system is VotingSystem.BASIC
    places = (
        Place(ids[at], 1 + at % 10, ids[at - 1] if at % 3 == 2 else None, at % 2 == 0, accepts_twin=True)
        for at in range(size)
    )
    ballots = (ballot_of(ids[at], at, system) for at in range(size))
    draft = Receipt(
        seq=0,
        previous=None,
        subject=Subject(1, SALT, system, action=False, options=0 if basic else OPTIONS, starts_at=START, ends_at=ends),
        rules=rules,
        places=tuple(sorted(places, key=lambda place: place.id)),
        ballots=tuple(sorted(ballots, key=lambda ballot: ballot.id)),
        decided_at=ends,
        decision=Decision(passed=False, reason=ResolutionReason.TIE),
        tally=Tally(),
    )
    nodes = nodes_of(draft)
    tally = counted(draft, nodes)
    return replace(draft, tally=tally, decision=permitted(draft, tally, nodes)[0])


def ballot_of(name: str, at: int, system: VotingSystem) -> CastBallot:
    by, cast_at = CastBy.TWIN if at % 7 == 0 else CastBy.MEMBER, START + timedelta(seconds=at)
    if system is VotingSystem.BASIC:
        return CastBallot(name, 1, by, cast_at, tuple(Choice)[at % 4 % 3])
    options = [1 + (at + step) % OPTIONS for step in range(1 + at % OPTIONS)]
    shares = tuple(sorted((option, 1 + at % 9) for option in options))
    ranked = system is VotingSystem.RANKED_INSTANT_RUNOFF
    return CastBallot(
        name, 1, by, cast_at, options=OptionBallot(ranking=tuple(options)) if ranked else OptionBallot(shares=shares)
    )


def measured(size: int, system: VotingSystem, repeat: int, signer: Ed25519Signer) -> list[Figure]:
    receipt, verifier = receipt_of(size, system), Ed25519Verifier()

    def sealed() -> bytes:
        body = receipt_bytes(receipt)
        return ReceiptFile(receipt, receipt_hash(body), signer.sign(body), signer.key).to_bytes(body)

    content = sealed()
    result = verify(content, verifier, key=signer.key)
    if not result.valid:
        raise SystemExit(f"The receipt to measure is not valid: {result.mismatches}")
    name = f"receipt of {size:,} ballots, {system}"
    return [
        Figure(f"{name}, written and signed", fastest(repeat, sealed), "s"),
        Figure(
            f"{name}, verified", fastest(repeat, lambda: verify(content, verifier, key=signer.key)), "s", GOAL_SECONDS
        ),
        Figure(f"{name}, size", len(content) / 1e6, "MB"),
    ]


def fastest(repeat: int, run: Callable[[], object]) -> float:
    """Seconds of the shortest run: what disturbs it only makes it longer."""
    taken: list[float] = []
    for _ in range(repeat):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    return min(taken)


@click.command()
@click.option("--ballots", default=10_000, show_default=True)
@click.option("--repeat", default=3, show_default=True)
def main(ballots: int, repeat: int) -> None:
    with TemporaryDirectory() as folder:
        signer = Ed25519Signer(Path(folder) / "receipt.key")
        figures = [figure for system in SYSTEMS for figure in measured(ballots, system, repeat, signer)]
    print(table(figures, f"python -m evals.receipts --ballots {ballots}"))


if __name__ == "__main__":
    main()
