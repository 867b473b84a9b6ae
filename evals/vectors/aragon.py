"""Aragon's token voting: support strictly above its threshold, participation and approval of all power at theirs.

A threshold is a ratio of 1,000,000. Support is our majority, made strict; a participation of at least the ratio rounded
up is our quorum, because weights are whole; `mode` early executes what no later ballot can change: our WHEN_DECIDED.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from domain.criteria import Bar, Criteria
from domain.decisions import decide_at_end, decide_when_certain
from domain.tally import Tally
from evals.vectors.outcomes import Outcome, compared, skipped
from evals.vectors.thresholds import all_by_hand

FORMAT = "Aragon token voting"
RATIO_BASE = 1_000_000
EARLY = "early"
NEEDED = (
    "support_threshold",
    "min_participation",
    "min_approval",
    "total",
    "yes",
    "no",
    "abstain",
    "open",
    "can_execute",
)


def recognises(data: dict[str, Any]) -> bool:
    """Cases with Aragon's three thresholds."""
    return any("support_threshold" in case for case in data.get("cases", ()) if isinstance(case, dict))


def run(data: dict[str, Any]) -> Iterator[Outcome]:
    base = int(data.get("formulas", {}).get("ratio_base", RATIO_BASE))
    for case in data["cases"]:
        if missing := [key for key in NEEDED if key not in case]:
            yield skipped(case["name"], f"gives no {', '.join(missing)}")
            continue
        yield compared(case["name"], can_execute(case, base), case["can_execute"])


def can_execute(case: dict[str, Any], base: int) -> bool:
    tally = all_by_hand(*(int(case[count]) for count in ("total", "yes", "no", "abstain")))
    criteria = Criteria(
        quorum=Bar(ratio(case["min_participation"], base)),
        majority=Bar(ratio(case["support_threshold"], base), strict=True),
        approval=Bar(ratio(case["min_approval"], base)),
    )
    return (
        passes_open(criteria, tally, mode=case.get("mode", ""))
        if case["open"]
        else decide_at_end(criteria, tally).passed
    )


def passes_open(criteria: Criteria, tally: Tally, *, mode: str) -> bool:
    """Before the end, in the mode that may end early; in the others a proposal waits."""
    early = decide_when_certain(criteria, tally) if mode == EARLY else None
    return early is not None and early.passed


def ratio(threshold: int | str, base: int) -> Fraction:
    return Fraction(int(threshold), base)
