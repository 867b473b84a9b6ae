"""What a passed BASIC proposal does, in the transaction that resolves it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from domain.rules import EarlyClose, RulesChoice, camel


class NotApplicable(Exception):
    """The action no longer fits the DAO as it is: its proposal fails, for this reason."""


@dataclass(frozen=True, slots=True)
class EnactPolicy:
    """A new policy, or the next version of the one that it replaces."""

    title: str
    body: str
    replaces_id: int | None = None


@dataclass(frozen=True, slots=True)
class RepealPolicy:
    policy_id: int


@dataclass(frozen=True, slots=True)
class SetRules:
    """Only the fields given; merged into the DAO's rules as they are when it runs."""

    choice: RulesChoice


@dataclass(frozen=True, slots=True)
class SetWeight:
    member_id: int
    weight: int


@dataclass(frozen=True, slots=True)
class AdmitMember:
    member_id: int
    weight: int


type Action = EnactPolicy | RepealPolicy | SetRules | SetWeight | AdmitMember

KINDS: Mapping[str, type[EnactPolicy | RepealPolicy | SetWeight | AdmitMember]] = {
    kind.__name__: kind for kind in (EnactPolicy, RepealPolicy, SetWeight, AdmitMember)
}


def action_data(action: Action | None) -> dict[str, Any] | None:
    """As it is stored and hashed: the kind and its fields, of a SetRules those that it sets."""
    if action is None:
        return None
    fields = action.choice.given if isinstance(action, SetRules) else asdict(action)
    return {"kind": type(action).__name__, **fields}


def action_of(stored: Mapping[str, Any] | None) -> Action | None:
    if stored is None:
        return None
    fields = {name: value for name, value in stored.items() if name != "kind"}
    if stored["kind"] == SetRules.__name__:
        early_close = fields.pop("early_close", None)
        return SetRules(RulesChoice(**fields, early_close=EarlyClose(early_close) if early_close else None))
    return KINDS[stored["kind"]](**fields)


def summary(action: Action) -> str:
    """In a few words, for people."""
    match action:
        case EnactPolicy(title=title, replaces_id=replaces_id):
            return f"policy “{title}” {'amended' if replaces_id else 'enacted'}"
        case RepealPolicy():
            return "a policy repealed"
        case SetRules(choice=choice):
            return "rules set: " + ", ".join(f"{camel(name)} {value}" for name, value in choice.given.items())
        case SetWeight(weight=weight):
            return f"a member's weight set to {weight}"
        case AdmitMember(weight=weight):
            return f"a member admitted with weight {weight}"


def action_words(action: Action | None) -> str:
    """What two proposals must share to be the same one tabled again."""
    data = action_data(action)
    return " ".join(f"{name} {value}" for name, value in sorted(data.items())) if data else ""
