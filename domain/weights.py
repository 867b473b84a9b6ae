"""How much a member's vote weighs: set by hand, or by the DAO's formula over the member's attributes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.errors import BadInput, Conflict

MAX_WEIGHT, MAX_TOTAL = 1_000_000, 2_000_000_000
MAX_ATTRIBUTES, MAX_NAME, MAX_VALUE = 20, 40, 1_000_000_000


@dataclass(frozen=True, slots=True)
class Formula:
    """`base` and `each` attribute's share, summed, then raised to `floor` and cut at `cap`; whole numbers only.

    An attribute's share is its value times the first number of `each`, divided by the second, rounded down.
    """

    base: int = 1
    each: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    floor: int = 1
    cap: int = MAX_WEIGHT

    def weight(self, attributes: Mapping[str, int]) -> int:
        shares = (attributes.get(name, 0) * times // per for name, (times, per) in self.each.items())
        return max(self.floor, min(self.cap, self.base + sum(shares)))

    def to_data(self) -> dict[str, Any]:
        each = {name: {"times": times, "per": per} for name, (times, per) in sorted(self.each.items())}
        return {"base": self.base, "each": each, "floor": self.floor, "cap": self.cap}

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> "Formula":
        """Raises BadInput, naming the key and what it may hold."""
        unknown = sorted(set(data) - {"base", "each", "floor", "cap"})
        if unknown:
            raise BadInput(f"{unknown[0]} is no key of a formula: base, each, floor and cap are.", field=(unknown[0],))
        each = {name: _fraction(name, share) for name, share in _mapping(data.get("each", {})).items()}
        numbers = {name: _whole(data[name], name) for name in ("base", "floor", "cap") if name in data}
        formula = cls(each=each, **numbers)
        if formula.floor > formula.cap:
            raise BadInput("floor must not be above cap.", field=("floor",))
        return formula


def checked_weight(weight: int, *where: str) -> int:
    """Raises BadInput."""
    if not 0 <= weight <= MAX_WEIGHT:
        raise BadInput(f"weight must be between 0 and {MAX_WEIGHT:,}.", field=where)
    return weight


def check_total(total: int) -> None:
    """Raises Conflict when the DAO's weights together would be more than they may."""
    if total > MAX_TOTAL:
        raise Conflict(f"The weights of all members together may be at most {MAX_TOTAL:,}.", field=("weight",))


def checked_attributes(attributes: object) -> dict[str, int]:
    """Whole numbers by name. Raises BadInput."""
    found = _mapping(attributes, "attributes")
    if len(found) > MAX_ATTRIBUTES or any(not 1 <= len(name) <= MAX_NAME for name in found):
        raise BadInput(
            f"Give at most {MAX_ATTRIBUTES} attributes with names of 1 to {MAX_NAME} characters.", field=("attributes",)
        )
    return {name: _whole(value, "attributes", name, most=MAX_VALUE) for name, value in found.items()}


def _fraction(name: str, share: object) -> tuple[int, int]:
    """`3`, or `{"times": 1, "per": 10}`."""
    if isinstance(share, Mapping) and set(share) <= {"times", "per"}:
        per = _whole(share.get("per", 1), "each", name, "per")
        if per == 0:
            raise BadInput("per must be at least 1.", field=("each", name, "per"))
        return _whole(share.get("times", 1), "each", name, "times"), per
    return _whole(share, "each", name), 1


def _mapping(value: object, *where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise BadInput("Give an object of names and whole numbers.", field=where or ("each",))
    return value


def _whole(value: object, *where: str, most: int = MAX_WEIGHT) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise BadInput(f"{where[-1]} must be a whole number from 0 to {most:,}.", field=where)
    return value
