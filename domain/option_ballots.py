"""A member's ballot among options: one field a system, checked and in one canonical form.

Options count from 1. A ballot that approves or ranks nothing is a member's way to abstain: it counts for the quorum.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from domain.errors import BadInput
from domain.rules import VotingSystem

MAX_SHARE = 1_000_000

KINDS = {
    VotingSystem.SINGLE_CHOICE: "single",
    VotingSystem.APPROVAL: "approved",
    VotingSystem.RANKED_SCHULZE: "ranking",
    VotingSystem.RANKED_INSTANT_RUNOFF: "ranking",
    VotingSystem.WEIGHTED: "shares",
    VotingSystem.QUADRATIC: "shares",
}
"""The one field that a system's ballots have."""


@dataclass(frozen=True, slots=True)
class OptionBallot:
    """Exactly one field is given.

    `single` is an option; `approved` any number of them; `ranking` lists the best first, and what it leaves out stands
    below all that it lists, none above another; `shares` are pairs of an option and its relative share.
    """

    single: int | None = None
    approved: tuple[int, ...] | None = None
    ranking: tuple[int, ...] | None = None
    shares: tuple[tuple[int, int], ...] | None = None

    @property
    def kinds(self) -> list[str]:
        """The names of the fields that are given: one, once the ballot is checked."""
        return [field.name for field in fields(self) if getattr(self, field.name) is not None]

    @property
    def options(self) -> tuple[int, ...]:
        """Every option that the ballot names, in the order given."""
        if self.single is not None:
            return (self.single,)
        return self.approved or self.ranking or tuple(option for option, _ in self.shares or ())

    def canonical(self) -> "OptionBallot":
        """With approved options and shares in the options' order: one form for what means the same."""
        return replace(
            self,
            approved=None if self.approved is None else tuple(sorted(self.approved)),
            shares=None if self.shares is None else tuple(sorted(self.shares)),
        )

    def to_data(self) -> dict[str, Any]:
        """The contract's shape as JSON can hold it; the same checked ballot always gives the same data."""
        if self.shares is not None:
            return {"shares": [{"option": option, "share": share} for option, share in self.shares]}
        (kind,) = self.kinds
        value = getattr(self, kind)
        return {kind: value if kind == "single" else list(value)}

    @staticmethod
    def from_data(data: dict[str, Any]) -> "OptionBallot":
        """What `to_data` gave, unchecked beyond its shape. Raises BadInput."""
        match data:
            case {"single": single} if len(data) == 1:
                return OptionBallot(single=_whole([single])[0])
            case {"approved": [*approved]} if len(data) == 1:
                return OptionBallot(approved=_whole(approved))
            case {"ranking": [*ranking]} if len(data) == 1:
                return OptionBallot(ranking=_whole(ranking))
            case {"shares": [*shares]} if len(data) == 1:
                return OptionBallot(shares=tuple(_pair(share) for share in shares))
        raise BadInput("A ballot holds exactly one of single, approved, ranking and shares.", field=("ballot",))


def _whole(numbers: list[Any]) -> tuple[int, ...]:
    if all(type(number) is int for number in numbers):
        return tuple(numbers)
    raise BadInput("A ballot's options and shares are whole numbers.", field=("ballot",))


def _pair(share: Any) -> tuple[int, int]:  # noqa: ANN401  # anything that JSON can hold
    match share:
        case {"option": option, "share": of_it} if len(share) == 2:
            return _whole([option, of_it])[0], of_it
    raise BadInput("A share holds an option and its share.", field=("ballot", "shares"))


def checked_ballot(system: VotingSystem, given: OptionBallot | None, options_count: int) -> OptionBallot:
    """The ballot in its canonical form. Raises BadInput, naming the field and what to give."""
    if system not in KINDS:
        raise BadInput(f"Give choice and no ballot: the proposal is {system.value}.", field=("ballot",))
    kind = KINDS[system]
    if given is None or not given.kinds:
        raise BadInput(f"Give ballot.{kind}: the proposal is {system.value}.", field=("ballot",))
    if wrong := [name for name in given.kinds if name != kind]:
        raise BadInput(
            f"Give ballot.{kind} and not {wrong[0]}: the proposal is {system.value}.", field=("ballot", wrong[0])
        )
    _check_options(given.options, options_count, kind)
    if given.shares is not None:
        _check_shares([share for _, share in given.shares])
    return given.canonical()


def _check_options(options: Iterable[int], options_count: int, kind: str) -> None:
    seen = set[int]()
    for option in options:
        if not 1 <= option <= options_count:
            raise BadInput(
                f"There is no option {option}: they count from 1 to {options_count}.", field=("ballot", kind)
            )
        if option in seen:
            raise BadInput(f"Option {option} is named twice: name each at most once.", field=("ballot", kind))
        seen.add(option)


def _check_shares(shares: list[int]) -> None:
    where = ("ballot", "shares")
    if any(not 0 <= share <= MAX_SHARE for share in shares):
        raise BadInput(f"A share must be between 0 and {MAX_SHARE}.", field=where)
    if not any(shares):
        raise BadInput("Give at least one option a share above 0.", field=where)
