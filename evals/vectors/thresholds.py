"""The grid of quorum, majority and early decision, computed with exact fractions: our own rule in every row."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from domain.criteria import NO_BAR, Bar, Criteria
from domain.decisions import decide_at_end, decide_when_certain
from domain.tally import Tally
from evals.vectors.outcomes import BROKEN, Outcome, compared, misshapen, skipped

FORMAT = "threshold grid"
COUNTS = ("eligible", "yes", "no", "abstain")
TITLE = re.compile(
    r"(quorum|passed|decided_pass_early|decided_fail_early)_(\d+)(/\d+)?(?:pct)?(_ge|_gt|_incl_abstain)?"
)
"""As in `quorum_60_incl_abstain`, `passed_66pct_ge`, `passed_2/3_ge`, `decided_pass_early_66`."""
HOUSE_QUORUM = Bar(Fraction(60, 100))

type Column = Callable[[Tally], bool]


def recognises(data: dict[str, Any]) -> bool:
    """Rows under named columns, the first four of them counts."""
    return tuple(data.get("columns", ())[:4]) == COUNTS and "rows" in data


def run(data: dict[str, Any]) -> Iterator[Outcome]:
    """A column that no reader knows is skipped, and a row that is none fails; the others are compared."""
    titles = list(data["columns"][len(COUNTS) :])
    for title in titles:
        if not TITLE.fullmatch(title):
            yield skipped(f"the column {title}", "no reader for it")
    columns = columns_of([title for title in titles if TITLE.fullmatch(title)])
    for row in data["rows"] if columns else ():
        try:
            yield compared_row(row, titles, columns)
        except BROKEN as error:
            yield misshapen(f"row {row}", error)


def compared_row(row: Sequence[Any], titles: Sequence[str], columns: Mapping[str, Column]) -> Outcome:
    counts = [int(count) for count in row[: len(COUNTS)]]
    tally = all_by_hand(*counts)
    flags = dict(zip(titles, row[len(COUNTS) :], strict=True))
    name = " ".join(f"{title} {count}" for title, count in zip(COUNTS, counts, strict=True))
    found = {title: int(holds(tally)) for title, holds in columns.items()}
    return compared(name, found, {title: int(flags[title]) for title in columns})


def all_by_hand(eligible: int, yes: int, no: int, abstain: int) -> Tally:
    """A tally of members' own ballots: final, as an early decision takes them."""
    return Tally(eligible, yes, no, abstain, own_in_favour=yes, own_against=no, own_abstain=abstain)


def columns_of(titles: Sequence[str]) -> dict[str, Column]:
    """What each column says of a tally; the quorum's bar is the others' too."""
    bars = {title: bar_of(title) for title in titles}
    quorum = next((bar for title, bar in bars.items() if title.startswith("quorum")), HOUSE_QUORUM)
    return {title: column(title, Criteria(quorum, bar)) for title, bar in bars.items()}


def bar_of(title: str) -> Bar:
    number, over, how = TITLE.fullmatch(title).group(2, 3, 4)  # type: ignore[union-attr]  # run() asked
    return Bar(Fraction(f"{number}{over}") if over else Fraction(int(number), 100), strict=how == "_gt")


def column(title: str, criteria: Criteria) -> Column:
    if title.startswith("quorum"):
        return lambda tally: tally.quorum_reached(Criteria(criteria.quorum, NO_BAR))
    if title.startswith("passed"):
        return lambda tally: decide_at_end(criteria, tally).passed
    wanted = title.startswith("decided_pass")
    return lambda tally: (early := decide_when_certain(criteria, tally)) is not None and early.passed is wanted
