"""Ballots that divide their weight: WEIGHTED and QUADRATIC, in whole numbers.

A part of a ballot is often no decimal (a third, a root), so it is held in units of 10^-36, rounded down, and the sums
of parts are compared in units of 10^-18, rounded to the nearest. A DAO's weight is at most 2 x 10^9, so rounding down
loses less than 10^-26: sums that are equal come out equal, whichever parts they have, and a difference under 10^-18 is
none.
Every part depends on its own ballot alone, so sums can be kept up to date and do not depend on the order of ballots.
"""

from collections.abc import Mapping
from fractions import Fraction
from math import isqrt

type Weight = int | Fraction
type Shares = tuple[tuple[int, int], ...]

PART = 10**36
SUM = 10**18


def weighted(ballots: Mapping[Shares, Weight], options_count: int) -> list[Fraction]:
    """Each option's sum of weight x share / all the ballot's shares (Snapshot's weighted voting)."""
    sums: list[Weight] = [0] * options_count
    for shares, weight in ballots.items():
        whole = sum(share for _, share in shares)
        for option, share in shares:
            sums[option - 1] += weight * (share * PART // whole)
    return [Fraction(_nearest(each, PART // SUM), SUM) for each in sums]


def quadratic(ballots: Mapping[Shares, int], options_count: int, weight: Weight) -> list[Fraction]:
    """Each option's part of `weight`, in proportion to the squares of its sum of roots (Snapshot's quadratic voting).

    A voter adds root(weight x share / all its shares) to an option. `ballots` holds for each the sum of its voters'
    `root`s: a root is each voter's own, so weights that one delegate carries are never pooled under one root.
    """
    sums = [0] * options_count
    for shares, roots in ballots.items():
        whole = sum(share for _, share in shares)
        for option, share in shares:
            sums[option - 1] += roots * isqrt(share * PART**2 // whole)
    squares = [_nearest(each, PART**2 // SUM) ** 2 for each in sums]
    return [Fraction(weight * square, sum(squares) or 1) for square in squares]


def root(weight: Weight) -> int:
    """The weight's square root in units of 10^-36, rounded down."""
    return isqrt(weight.numerator * PART**2 // weight.denominator)


def _nearest(number: Weight, unit: int) -> int:
    return int((2 * number + unit) // (2 * unit))
