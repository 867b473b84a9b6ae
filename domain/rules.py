"""What a proposal needs to pass: the DAO's rules, what an author may choose, and the fixed bounds of each field."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from fractions import Fraction

from domain.criteria import Bar, Criteria
from domain.errors import BadInput, Forbidden
from domain.members import Role, Viewer

DAY = 24 * 60


class EarlyClose(StrEnum):
    """NEVER waits for the end. ON_QUORUM ends voting once quorum and majority are reached, as passed only (Aragon's
    formula, OpenZeppelin's super quorum). WHEN_DECIDED ends it when no ballot still to come can change the outcome."""

    NEVER = "NEVER"
    ON_QUORUM = "ON_QUORUM"
    WHEN_DECIDED = "WHEN_DECIDED"

    @property
    def patience(self) -> int:
        """How late it closes: an author may only choose a higher one than the DAO's."""
        return (EarlyClose.ON_QUORUM, EarlyClose.WHEN_DECIDED, EarlyClose.NEVER).index(self)


class VotingSystem(StrEnum):
    """BASIC is FOR, AGAINST and ABSTAIN under quorum and majority; the others choose among options."""

    BASIC = "BASIC"
    SINGLE_CHOICE = "SINGLE_CHOICE"
    APPROVAL = "APPROVAL"
    RANKED_SCHULZE = "RANKED_SCHULZE"
    RANKED_INSTANT_RUNOFF = "RANKED_INSTANT_RUNOFF"
    WEIGHTED = "WEIGHTED"
    QUADRATIC = "QUADRATIC"

    @property
    def early_closes(self) -> tuple[EarlyClose, ...]:
        """Those that can be decided early; for instant runoff the question is NP-hard."""
        match self:
            case VotingSystem.BASIC:
                return (EarlyClose.ON_QUORUM, EarlyClose.WHEN_DECIDED, EarlyClose.NEVER)
            case VotingSystem.SINGLE_CHOICE | VotingSystem.APPROVAL:
                return (EarlyClose.WHEN_DECIDED, EarlyClose.NEVER)
            case _:
                return (EarlyClose.NEVER,)


@dataclass(frozen=True, slots=True)
class Rules:
    """Frozen with a proposal when it is opened. Percentages are whole numbers: 66 is not two thirds."""

    quorum_percent: int = 60
    majority_percent: int = 66
    voting_minutes: int = 72 * 60
    early_close: EarlyClose = EarlyClose.ON_QUORUM
    strict: bool = False
    weighted: bool = True
    hidden_until_close: bool = False
    minimum_discussion_minutes: int = 0
    minimum_voting_minutes: int = 0
    override_minutes: int = 1
    minimum_approval_percent: int = 0
    sponsors_needed: int = 0
    delegation_cap_percent: int = 100

    @property
    def criteria(self) -> Criteria:
        """At 50 % the majority is always strict: a tie fails (Cosmos x/gov, Aragon)."""
        return Criteria(
            quorum=Bar(percent(self.quorum_percent)),
            majority=Bar(percent(self.majority_percent), strict=self.strict or self.majority_percent == 50),
            approval=Bar(percent(self.minimum_approval_percent)),
        )


DEPLOYED = Rules(minimum_discussion_minutes=DAY, minimum_voting_minutes=DAY, override_minutes=60, sponsors_needed=1)
"""What a DAO outside the demo begins with."""


@dataclass(frozen=True, slots=True)
class RulesChoice:
    """Fields that somebody sets; None leaves one as it is."""

    quorum_percent: int | None = None
    majority_percent: int | None = None
    voting_minutes: int | None = None
    early_close: EarlyClose | None = None
    strict: bool | None = None
    weighted: bool | None = None
    hidden_until_close: bool | None = None
    minimum_discussion_minutes: int | None = None
    minimum_voting_minutes: int | None = None
    override_minutes: int | None = None
    minimum_approval_percent: int | None = None
    sponsors_needed: int | None = None
    delegation_cap_percent: int | None = None

    @property
    def given(self) -> dict[str, int | bool | EarlyClose]:
        """The fields that are set, by name."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}

    def over(self, rules: Rules) -> Rules:
        """`rules` with these fields in place of theirs. Unchecked."""
        return replace(rules, **self.given)  # type: ignore[arg-type]  # the same fields

    def on_top_of(self, earlier: "RulesChoice") -> "RulesChoice":
        """This choice, and where it is silent the earlier one."""
        return replace(earlier, **self.given)  # type: ignore[arg-type]  # the same fields


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most of a field, both allowed."""

    least: int
    most: int


BOUNDS = {
    "quorum_percent": Bounds(0, 100),
    "majority_percent": Bounds(50, 100),
    "voting_minutes": Bounds(5, 30 * DAY),
    "minimum_discussion_minutes": Bounds(0, 30 * DAY),
    "minimum_voting_minutes": Bounds(0, 30 * DAY),
    "override_minutes": Bounds(1, 7 * DAY),
    "minimum_approval_percent": Bounds(0, 100),
    "sponsors_needed": Bounds(0, 100),
    "delegation_cap_percent": Bounds(1, 100),
}
"""Fixed: not even SET_RULES leaves them."""

AUTHORS = {"voting_minutes", "early_close", "strict", "hidden_until_close"}
ADMINS = {"quorum_percent", "majority_percent"}


def percent(whole: int) -> Fraction:
    return Fraction(whole, 100)


def camel(name: str) -> str:
    """The field as the contract spells it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def check_bounds(choice: RulesChoice, *where: str) -> None:
    """Raises BadInput, naming the field under `where` and its bounds."""
    for name, value in choice.given.items():
        bounds = BOUNDS.get(name)
        if bounds and not bounds.least <= value <= bounds.most:  # type: ignore[operator]  # those with bounds are numbers
            raise BadInput(
                f"{camel(name)} must be between {bounds.least} and {bounds.most}.", field=(*where, camel(name))
            )


def amended(rules: Rules, choice: RulesChoice, *where: str) -> Rules:
    """The DAO's rules after a SET_RULES: only what is given changes. Raises BadInput."""
    if not choice.given:
        raise BadInput("Give at least one rule to set.", field=where)
    check_bounds(choice, *where)
    return consistent(choice.over(rules), *where)


def consistent(rules: Rules, *where: str) -> Rules:
    """The rules, if their fields go together. Raises BadInput."""
    if rules.voting_minutes < rules.minimum_voting_minutes:
        raise BadInput(
            f"votingMinutes must be at least minimumVotingMinutes, which is {rules.minimum_voting_minutes}.",
            field=(*where, "votingMinutes"),
        )
    return rules


def chosen(house: Rules, choice: RulesChoice, viewer: Viewer, *, system: VotingSystem = VotingSystem.BASIC) -> Rules:
    """The DAO's rules with what this author may choose. Nobody lowers a bar. Raises BadInput, Forbidden."""
    check_bounds(choice, "rules")
    for name, wanted in choice.given.items():
        if wanted != getattr(house, name):
            _check_choice(name, wanted, house, viewer)
    if choice.early_close and choice.early_close not in system.early_closes:
        allowed = " or ".join(sorted(way.value for way in system.early_closes))
        raise BadInput(f"With {system.value} earlyClose can be {allowed}.", field=("rules", "earlyClose"))
    return consistent(_patient(choice.over(house), system), "rules")


def _check_choice(name: str, wanted: int | bool | EarlyClose, house: Rules, viewer: Viewer) -> None:
    was, where = getattr(house, name), ("rules", camel(name))
    if name not in AUTHORS | ADMINS:
        raise Forbidden(f"{camel(name)} is the DAO's: only a passed SET_RULES changes it.", field=where)
    if isinstance(wanted, EarlyClose):
        if wanted.patience < house.early_close.patience:
            raise Forbidden(f"earlyClose may only close later than the DAO's {was}.", field=where)
    elif name != "voting_minutes" and wanted < was:
        raise Forbidden(f"{camel(name)} may not be lower than the DAO's {was}.", field=where)
    if name in ADMINS and viewer.role is not Role.ADMIN:
        raise Forbidden(f"Only an ADMIN may raise {camel(name)} above the DAO's {was}.", field=where)


def _patient(rules: Rules, system: VotingSystem) -> Rules:
    """Hidden ballots and systems that cannot be decided early wait for the end."""
    if rules.hidden_until_close or rules.early_close not in system.early_closes:
        return replace(rules, early_close=EarlyClose.NEVER)
    return rules
