"""What docs/governance.md gives as examples is what the domain counts."""

from pathlib import Path

import pytest

from domain.decisions import Decision, ResolutionReason, decide_at_end, decide_on_quorum, decide_when_certain
from domain.elections import results
from domain.option_ballots import OptionBallot
from domain.rules import Rules, VotingSystem
from domain.tally import Tally

TEXT = (Path(__file__).parents[2] / "docs" / "governance.md").read_text()
CRITERIA = Rules().criteria
ROWS = [
    [cell.strip().replace("–", "0") for cell in line.strip("|").split("|")]
    for line in TEXT.partition("| eligible |")[2].partition("\n\n")[0].splitlines()[2:]
]
RANKED = [((1, 2, 3), 4), ((2, 3, 1), 3), ((3, 2, 1), 2)]
SHARED = [(1, 9), *[(2, 1)] * 4]
"""The option that gets all, and the weight."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row[:4]))
def test_the_table_of_outcomes_is_right(row: list[str]) -> None:
    eligible, in_favour, against, abstain = map(int, row[:4])
    decision = decide_at_end(CRITERIA, Tally(eligible, in_favour=in_favour, against=against, abstain=abstain))
    assert row[4].split(":")[0] == decision.reason.value


def test_the_table_of_outcomes_is_read() -> None:
    assert len(ROWS) == 6


def test_the_examples_of_an_early_close_are_right() -> None:
    passed = Decision(passed=True, reason=ResolutionReason.QUORUM_AND_MAJORITY)
    assert decide_on_quorum(CRITERIA, Tally(100, in_favour=40, against=20)) == passed
    assert decide_on_quorum(CRITERIA, Tally(100, in_favour=40, against=20, young_in_favour=1)) is None
    assert decide_when_certain(CRITERIA, Tally(100, in_favour=66, own_in_favour=66)) == passed
    assert decide_when_certain(CRITERIA, Tally(100, in_favour=65, own_in_favour=65)) is None
    impossible = Decision(passed=False, reason=ResolutionReason.MAJORITY_IMPOSSIBLE)
    assert decide_when_certain(CRITERIA, Tally(100, against=35, own_against=35)) == impossible
    assert decide_when_certain(CRITERIA, Tally(100, against=34, own_against=34)) is None


@pytest.mark.parametrize(
    ("system", "ballots", "winner"),
    [
        (VotingSystem.SINGLE_CHOICE, [(OptionBallot(single=order[0]), weight) for order, weight in RANKED], 1),
        (VotingSystem.RANKED_INSTANT_RUNOFF, [(OptionBallot(ranking=order), weight) for order, weight in RANKED], 2),
        (VotingSystem.RANKED_SCHULZE, [(OptionBallot(ranking=order), weight) for order, weight in RANKED], 2),
        (VotingSystem.WEIGHTED, [(OptionBallot(shares=((to, 1),)), weight) for to, weight in SHARED], 1),
        (VotingSystem.QUADRATIC, [(OptionBallot(shares=((to, 1),)), weight) for to, weight in SHARED], 2),
    ],
)
def test_the_examples_among_options_are_right(
    system: VotingSystem, ballots: list[tuple[OptionBallot, int]], winner: int
) -> None:
    first = [standing.option for standing in results(system, 3, ballots, b"").standings if standing.rank == 1]
    assert first == [winner]
