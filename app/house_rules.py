"""What an operator sets from files: the DAO's rules before its first resolution, and the formula of weights."""

import json
from pathlib import Path
from typing import Any

from app.container import Container
from app.settings import Settings
from domain.canonical import once
from domain.errors import BadInput
from domain.rules import EarlyClose, RulesChoice, camel
from domain.weights import Formula

NAMES = {camel(name): name for name in RulesChoice.__dataclass_fields__}


async def set_rules(settings: Settings, file: Path) -> str:
    """What was set, as a line. Raises BadInput, Conflict."""
    choice = choice_of(read(file))
    async with Container(settings) as container:
        await container.services.daos.set_rules(choice)
    return "set " + ", ".join(f"{camel(name)} {value}" for name, value in choice.given.items())


async def set_formula(settings: Settings, file: Path) -> str:
    """How many weights changed, as a line. Raises BadInput, Conflict."""
    formula = Formula.of_data(read(file))
    async with Container(settings) as container:
        changed = await container.services.daos.set_formula(formula)
    return f"set the formula; {changed} weights changed"


def choice_of(data: dict[str, Any]) -> RulesChoice:
    """Raises BadInput, naming the field and what it may hold."""
    given: dict[str, Any] = {}
    for name, value in data.items():
        field = NAMES.get(name)
        if field is None:
            raise BadInput(f"{name} is no rule: {', '.join(NAMES)} are.", field=(name,))
        given[field] = checked(name, field, value)
    return RulesChoice(**given)


def checked(name: str, field: str, value: object) -> object:
    """Raises BadInput."""
    if field == "early_close":
        if value not in list(EarlyClose):
            raise BadInput(f"{name} must be {', '.join(EarlyClose)}.", field=(name,))
        return EarlyClose(str(value))
    wanted = bool if field in ("strict", "weighted", "hidden_until_close") else int
    if type(value) is not wanted:
        raise BadInput(f"{name} must be {'true or false' if wanted is bool else 'a whole number'}.", field=(name,))
    return value


def read(file: Path) -> dict[str, Any]:
    """Raises BadInput."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=once)
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{file} is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise BadInput(f"{file} must hold a JSON object.")
    return data
