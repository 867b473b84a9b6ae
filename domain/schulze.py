"""The Schulze method: Markus Schulze, "A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent
single-winner election method", Social Choice and Welfare 36 (2011), with winning votes as the strength of a link."""

from collections.abc import Mapping

type Ranking = tuple[int, ...]
type Matrix = list[list[int]]


def pairwise(rankings: Mapping[Ranking, int], options_count: int) -> Matrix:
    """[i][j] is the weight that prefers option i + 1 to option j + 1; a listed option is preferred to all unlisted.

    A row is added up as one long number with a field for each option: 20 options in one addition instead of 20.
    """
    field = sum(rankings.values()).bit_length() + 1
    bits = [1 << field * option for option in range(options_count)]
    all_bits, rows = sum(bits), [0] * options_count
    for ranking, weight in rankings.items():
        below = all_bits
        for option in ranking:
            below ^= bits[option - 1]
            rows[option - 1] += weight * below
    mask = (1 << field) - 1
    return [[row >> field * other & mask for other in range(options_count)] for row in rows]


def strongest_paths(preferred: Matrix) -> Matrix:
    """The strength of the strongest path from each option to each other, that of its weakest link (Floyd, Warshall)."""
    most = max((max(row) for row in preferred), default=0)
    paths = [[_strength(p, preferred[j][i], most) for j, p in enumerate(row)] for i, row in enumerate(preferred)]
    for via, further in enumerate(paths):
        for start, row in enumerate(paths):
            if start != via:
                row[:] = [max(p, min(row[via], rest)) for p, rest in zip(row, further, strict=True)]
    return paths


def _strength(support: int, opposition: int, most: int) -> int:
    """Winning votes, as the paper defines them: a link that is won is the stronger the more support it has, and with
    equal support the less opposition; then come ties, and last what is lost."""
    if support > opposition:
        return support * (most + 1) - opposition
    return 0 if support == opposition else -1


def defeats(paths: Matrix) -> list[set[int]]:
    """For each option (from 0) those that it beats: its strongest path to them is stronger than theirs to it."""
    options = range(len(paths))
    return [{j for j in options if i != j and paths[i][j] > paths[j][i]} for i in options]


def potential_winners(beaten: list[set[int]]) -> list[int]:
    """Options (from 0) that none beats: never none, and more than one is a tie for the first place."""
    losers = set[int]().union(*beaten)
    return [option for option in range(len(beaten)) if option not in losers]
