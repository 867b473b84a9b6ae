"""Instant runoff: rounds that exclude the lowest option until one has more than half of what still counts."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from hashlib import sha256

type Weight = int | Fraction
type Ranking = tuple[int, ...]
type Piles = defaultdict[int, list[tuple[Ranking, Weight]]]
type Round = dict[int, Weight]
"""The weight of each option that is still in."""
type TieBreak = Callable[[list[Round], int], tuple[Weight | bytes, ...]]
"""A key, from the rounds so far and an option among the lowest: the lowest key goes out."""


def rounds(rankings: Mapping[Ranking, Weight], options_count: int, *, tie_break: TieBreak) -> list[Round]:
    """Every round, the deciding one last.

    A ballot counts for the best of its options that are still in; once none is, it no longer counts, nor for the half
    that a winner must exceed. The last round has a winner, or two options that are equal, or no weight at all.
    """
    still_in = set(range(1, options_count + 1))
    piles = _piles(rankings.items(), still_in)
    counts: list[Round] = [{option: _weight(piles[option]) for option in sorted(still_in)}]
    while len(still_in) > 2 and not _decided(counts[-1]):
        loser = excluded(counts, tie_break)
        still_in.remove(loser)
        moved = _piles(piles.pop(loser), still_in)
        counts.append({option: counts[-1][option] + _weight(moved[option]) for option in sorted(still_in)})
        for option, pile in moved.items():
            piles[option] += pile
    return counts


def _weight(pile: list[tuple[Ranking, Weight]]) -> Weight:
    return sum(weight for _, weight in pile)


def _decided(count: Round) -> bool:
    whole = sum(count.values())
    return whole == 0 or 2 * max(count.values()) > whole


def excluded(counts: list[Round], tie_break: TieBreak) -> int:
    """The option that goes out after the last of these rounds."""
    lowest = min(counts[-1].values())
    tied = [option for option, weight in counts[-1].items() if weight == lowest]
    return tied[0] if len(tied) == 1 else min(tied, key=lambda option: tie_break(counts, option))


def earlier_rounds_then_lot(lot: bytes) -> TieBreak:
    """Of those tied the one goes out that was lower in the latest round in which they differed, as in the Scottish
    Local Government Elections Order 2011, schedule 1, rule 51; where they never did, the one with the lowest
    sha256(lot + round + option), both as four bytes, big end first.
    """

    def key(counts: list[Round], option: int) -> tuple[Weight | bytes, ...]:
        drawn = sha256(lot + len(counts).to_bytes(4) + option.to_bytes(4)).digest()
        return (*(count[option] for count in reversed(counts)), drawn)

    return key


def _piles(ballots: Iterable[tuple[Ranking, Weight]], still_in: set[int]) -> Piles:
    """The ballots by the best of their options that are still in."""
    piles: Piles = defaultdict(list)
    for ranking, weight in ballots:
        best = next((option for option in ranking if option in still_in), None)
        if best is not None:
            piles[best].append((ranking, weight))
    return piles
