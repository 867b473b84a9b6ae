"""The weight that follows each member's ballot, as SQL over the rows of the live tally (domain/flow.py)."""

from sqlalchemy import ColumnElement, case, func

from adapters.sql.votes import VOTES
from domain.rules import VotingSystem
from domain.tally import CastBy
from domain.votes import slots_of

V = VOTES.c
OWN = 1
"""A vector's place that says whose a part of the others is, and is no weight beside them."""
PLACES = [place for place in range(slots_of(VotingSystem.BASIC) + 2) if place != OWN]
"""BASIC has the most slots; what a shorter vector lacks is null."""


def arriving(kind: int) -> ColumnElement[int]:
    """The weight that its givers send: what may follow a twin's ballot (0), or what may not (1)."""
    first, *rest = (func.coalesce(V.arriving[(kind, place)].as_integer(), 0) for place in PLACES)
    return sum(rest, start=first)


TRUSTING, STRICT = arriving(0), arriving(1)
POWER: ColumnElement[int] = case(
    (V.own.is_not(None), V.weight + TRUSTING + STRICT),
    (V.cast_by == CastBy.DELEGATE.value, 0),
    (V.twin_first & ~V.closed, V.weight + TRUSTING),
    else_=V.weight,
)
"""Of a vote with a ballot, as `Node.power`; 0 where a delegate's stands in its place. A twin's under a delegation in
the scope, or in a circle, tells its member's weight only: what else falls back on it the row does not know."""
