"""Cosmos x/gov: validators vote with what is bonded to them, delegators take their own shares back.

A validator is a delegate: each delegation a ballot speaks for is a member of its own, whose weight is its shares and
whose delegate is the validator. Shares and weighted votes may be fractions, so weights are whole multiples of the
largest common part. Spam and the vetoes are the last bars of rules of ours that count them as AGAINST.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from domain.chains import standing
from domain.criteria import NO_BAR, Bar, Criteria
from domain.decisions import ResolutionReason, decide_at_end
from domain.delegations import Edge
from domain.tally import Tally
from evals.vectors.outcomes import Outcome, compared, skipped

FORMAT = "Cosmos x/gov tally"
SUMS = ("yes", "abstain", "no", "no_with_veto", "spam")
MULTIPLE_CHOICE = dict(zip(("option_one", "option_two", "option_three", "option_four"), SUMS, strict=False))
"""x/gov keeps four options under the names of its standard vote."""
KINDS = ("standard", "expedited", "optimistic", "multiple_choice")
SPAM = Bar(Fraction(1, 2))
"""As much as all other votes together."""
REJECTED = "0.1"
"""optimistic_rejected_threshold where the file gives none: x/gov's default."""

type Ballot = dict[str, Fraction]
"""Parts of one vote by option."""


@dataclass(frozen=True, slots=True)
class Verdict:
    passes: bool
    burn_deposit: bool = False


def recognises(data: dict[str, Any]) -> bool:
    """Cases with validators' and delegators' votes."""
    return any("validator_votes" in case for case in data.get("cases", ()) if isinstance(case, dict))


def run(data: dict[str, Any]) -> Iterator[Outcome]:
    for each in data["cases"]:
        case = {"kind": "standard", "delegator_votes": [], **each}
        name = f"{case['kind']}: {case['name']}"
        if unread := not_read(case):
            yield skipped(name, unread)
            continue
        sums = summed(case)
        verdict = decided(case["kind"], case["total_bonded"], sums, bars_of(data.get("params", {}), case))
        found = {"passes": verdict.passes, "burn_deposit": verdict.burn_deposit, "tally": floors(sums)}
        yield compared(name, {key: found[key] for key in case["expected"]}, expected_of(case))


def not_read(case: dict[str, Any]) -> str:
    """Why a case cannot be told in our terms; empty when it can."""
    if case["kind"] not in KINDS:
        return f"no reader for proposals of the kind {case['kind']}"
    ballots = [*case["validator_votes"].values(), *(vote["vote"] for vote in case["delegator_votes"])]
    unknown = {option for vote in ballots for option in ballot_of(vote)} - set(SUMS)
    return f"no reader for the option {', '.join(sorted(unknown))}" if unknown else ""


def expected_of(case: dict[str, Any]) -> dict[str, Any]:
    expected = dict(case["expected"])
    if "tally" in expected:
        tally = {MULTIPLE_CHOICE.get(option, option): int(count) for option, count in expected["tally"].items()}
        expected["tally"] = dict.fromkeys(SUMS, 0) | tally
    return expected


def floors(sums: Ballot) -> dict[str, int]:
    """Fractions of a share are cut off in what is shown."""
    return {option: math.floor(sums[option]) for option in SUMS}


# Votes: who stands for whom, and what it comes to.


def ballot_of(vote: str | list[dict[str, Any]] | dict[str, Any]) -> Ballot:
    """One option; or several with their parts, as a list of {option, weight} or by option."""
    if isinstance(vote, str):
        vote = {vote: 1}
    if isinstance(vote, list):
        vote = {part["option"]: part["weight"] for part in vote}
    return {MULTIPLE_CHOICE.get(option, option): Fraction(str(part)) for option, part in vote.items()}


def summed(case: dict[str, Any]) -> Ballot:
    """The weight of each option, along chains of one step: a delegation whose giver voted stands for itself."""
    weights, edges, ballots = electorate(case)
    sums = dict.fromkeys(SUMS, Fraction(0))
    for member, stands in standing(edges, members=set(ballots), twins=set()).items():
        for option, part in ballots[stands.voter].items():
            sums[option] += weights[member] * part
    return sums


def electorate(case: dict[str, Any]) -> tuple[dict[int, Fraction], dict[int, Edge], dict[int, Ballot]]:
    """Weights, delegations and ballots by member: the validators first, then the delegations that vote."""
    power = Fraction(str(case["validator_power"]))
    weights = dict.fromkeys(range(case["validators"]), power)
    ballots = {int(validator): ballot_of(vote) for validator, vote in case["validator_votes"].items()}
    edges: dict[int, Edge] = {}
    for vote in case["delegator_votes"]:
        for delegation in vote.get("delegations") or ():
            validator, shares = int(delegation["validator"]), Fraction(str(delegation["shares"]))
            if validator >= case["validators"]:
                continue  # not bonded
            member = len(weights)
            weights[validator] -= shares
            weights[member], ballots[member] = shares, ballot_of(vote["vote"])
            edges[member] = Edge(validator, None, accepts_twin=False, delegation_id=member, carried=True)
    return weights, edges, ballots


# Bars: what the sums decide.


def bars_of(params: dict[str, Any], case: dict[str, Any]) -> dict[str, Bar]:
    """An expedited quorum that the file does not give as a number is the standard one, which x/gov uses then."""
    given = {**params, **case.get("params", {})}
    special = "expedited_" if case["kind"] == "expedited" else ""
    return {
        "quorum": Bar(number(given.get(f"{special}quorum")) or number(given["quorum"]) or Fraction(0)),
        "threshold": Bar(number(given[f"{special}threshold"]) or Fraction(0), strict=True),
        "veto": Bar(number(given["veto_threshold"]) or Fraction(0), strict=True),
        "rejected": Bar(number(given.get("optimistic_rejected_threshold", REJECTED)) or Fraction(0), strict=True),
    }


def number(text: object) -> Fraction | None:
    """None where the file has words instead."""
    try:
        return Fraction(str(text))
    except ValueError:
        return None


def decided(kind: str, bonded: int | str, sums: Ballot, bars: dict[str, Bar]) -> Verdict:
    tally, objections = whole(Fraction(str(bonded)), sums)
    spam = Criteria(NO_BAR, NO_BAR, veto=SPAM)
    if tally.eligible == 0:
        return Verdict(passes=False)
    if tally.vetoed(spam, objections["spam"]):
        return Verdict(passes=False, burn_deposit=True)
    if kind == "optimistic":
        return Verdict(passes=not rejected(tally, objections["no"], bars["rejected"]))
    criteria = Criteria(bars["quorum"], bars["threshold"], veto=bars["veto"])
    if kind == "multiple_choice":
        reached = tally.quorum_reached(criteria)
        return Verdict(passes=reached, burn_deposit=not reached)
    return by_majority(criteria, tally, objections["no_with_veto"])


def by_majority(criteria: Criteria, tally: Tally, vetoes: int) -> Verdict:
    """A missed quorum and a veto cost the deposit; a veto among abstentions alone there is not."""
    decision = decide_at_end(criteria, tally)
    if decision.reason is ResolutionReason.NO_QUORUM:
        return Verdict(passes=False, burn_deposit=True)
    vetoed = tally.vetoed(criteria, vetoes)
    return Verdict(passes=decision.passed and not vetoed, burn_deposit=vetoed)


def rejected(tally: Tally, against: int, bar: Bar) -> bool:
    """An optimistic proposal asks the opposite: whether enough of all that is bonded stands against it."""
    objection = Criteria(NO_BAR, NO_BAR, approval=bar)
    return decide_at_end(objection, Tally(tally.eligible, in_favour=against)).passed


def whole(bonded: Fraction, sums: Ballot) -> tuple[Tally, dict[str, int]]:
    """The tally in whole numbers, and each kind of AGAINST in the same unit."""
    unit = math.lcm(bonded.denominator, *(weight.denominator for weight in sums.values()))
    counts = {option: int(weight * unit) for option, weight in sums.items()}
    against = counts["no"] + counts["no_with_veto"] + counts["spam"]
    return Tally(int(bonded * unit), counts["yes"], against, counts["abstain"]), counts
