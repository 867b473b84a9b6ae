"""What an operator's file of rules may hold: what it may not is named, whatever it is."""

from pathlib import Path

import pytest

from app.house_rules import choice_of, read
from domain.errors import BadInput
from domain.rules import EarlyClose, RulesChoice
from domain.weights import Formula


def test_a_file_sets_the_rules_that_it_names(tmp_path: Path) -> None:
    file = tmp_path / "rules.json"
    file.write_text('{"quorumPercent": 50, "earlyClose": "NEVER", "strict": true}')
    assert choice_of(read(file)) == RulesChoice(quorum_percent=50, early_close=EarlyClose.NEVER, strict=True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no JSON: Expecting value"),
        (b"\xff", "is no JSON: 'utf-8' codec"),
        (b"[" * 100_000, "is no JSON: maximum recursion depth"),
        (b'{"strict":true,"strict":false}', "is no JSON: The key 'strict' stands twice in one object."),
        (b'{"quorumPercent":' + b"9" * 5000 + b"}", "is no JSON: Exceeds the limit (4300 digits)"),
        (b"[]", "must hold a JSON object."),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "rules.json"
    file.write_bytes(content)
    with pytest.raises(BadInput) as refused:
        read(file)
    assert str(refused.value).startswith(f"{file} {said}")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"quorum": 50}, "quorum is no rule: quorumPercent, "),
        ({"quorumPercent": 50.0}, "quorumPercent must be a whole number."),
        ({"quorumPercent": True}, "quorumPercent must be a whole number."),
        ({"quorumPercent": "50"}, "quorumPercent must be a whole number."),
        ({"strict": 1}, "strict must be true or false."),
        ({"strict": None}, "strict must be true or false."),
        ({"earlyClose": "SOON"}, "earlyClose must be NEVER, ON_QUORUM, WHEN_DECIDED."),
    ],
)
def test_a_rule_that_is_none_is_named(data: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        choice_of(data)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"bases": 1}, "bases is no key of a formula: "),
        ({"base": 1.5}, "base must be a whole number from 0 to 1,000,000."),
        ({"each": {"hours": {"times": 1, "per": 0}}}, "per must be at least 1."),
        ({"floor": 5, "cap": 2}, "floor must not be above cap."),
    ],
)
def test_a_formula_that_is_none_is_named(data: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput) as refused:
        Formula.of_data(data)
    assert str(refused.value).startswith(said)
