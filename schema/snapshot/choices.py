"""Ballots in Snapshot's form. Options count from 1 on both sides."""

from domain.option_ballots import OptionBallot
from domain.tally import Choice

BASIC_CHOICES = (Choice.FOR, Choice.AGAINST, Choice.ABSTAIN)

type SnapshotChoice = int | list[int] | dict[str, int]


def basic_choice(choice: Choice) -> int:
    """For, against and abstain are Snapshot's first, second and third choice of its type `basic`."""
    return BASIC_CHOICES.index(choice) + 1


def option_choice(ballot: OptionBallot) -> SnapshotChoice:
    """One option; those approved; a ranking, best first; or shares by option. Raises ValueError for none of them.

    A ranking may leave options out here, which stand below the rest; Snapshot's always names them all.
    """
    match ballot.canonical():
        case OptionBallot(single=int(option)):
            return option
        case OptionBallot(approved=tuple(options)) | OptionBallot(ranking=tuple(options)):
            return list(options)
        case OptionBallot(shares=tuple(shares)):
            return {str(option): share for option, share in shares}
    raise ValueError("A ballot among options names one of its four forms.")
