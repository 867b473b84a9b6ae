"""The hub's filters as conditions."""

from typing import Any

import pytest

from domain.errors import BadInput
from domain.public import Condition, ProposalField, Test
from resolvers.snapshot.conditions import Fixed, conditions, holds, parted
from resolvers.snapshot.limits import check_limits
from resolvers.snapshot.meanings import PROPOSALS, VOTES
from schema.ids import global_id
from schema.snapshot.where import ProposalWhere, VoteWhere


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (ProposalWhere(), []),
        (ProposalWhere(space="frontier", network="0"), []),
        (ProposalWhere(id=global_id("Proposal", 7)), [Condition(ProposalField.ID, Test.IS, 7)]),
        (
            ProposalWhere(id_in=[global_id("Proposal", 7), "0x7", None]),
            [Condition(ProposalField.ID, Test.IN, (7,))],
        ),
        (
            ProposalWhere(title_contains="a", votes_gt=0),
            [
                Condition(ProposalField.TITLE, Test.CONTAINS, "a"),
                Condition(ProposalField.VOTES, Test.ABOVE, 0),
            ],
        ),
        (ProposalWhere(state="closed"), [Condition(ProposalField.STATE, Test.IS, "closed")]),
        (ProposalWhere(state="final"), []),
        (ProposalWhere(scores_state_in=["final"]), [Condition(ProposalField.SCORES_STATE, Test.IN, ("final",))]),
        (ProposalWhere(created_gte=None, flagged=None, labels_in=[]), []),
        (ProposalWhere(id="0x7"), None),
        (ProposalWhere(id=global_id("Vote", 7)), None),
        (ProposalWhere(id_in=[]), None),
        (ProposalWhere(author=None), None),
        (ProposalWhere(space="ens.eth"), None),
        (ProposalWhere(scores_total_value_gt=0), None),
        (ProposalWhere(updated_lt=5), None),
    ],
)
def test_a_filter_asks_the_database_or_is_settled(
    where: ProposalWhere, found: list[Condition[ProposalField]] | None
) -> None:
    assert conditions(where, PROPOSALS) == found


@pytest.mark.parametrize(("where", "meanings"), [(ProposalWhere, PROPOSALS), (VoteWhere, VOTES)])
def test_every_field_of_the_inputs_has_a_meaning(where: type[Any], meanings: dict[str, Any]) -> None:
    assert [name for name in where.__annotations__ if parted(name, meanings)[0] not in meanings] == []


@pytest.mark.parametrize(
    ("test", "asked", "held"),
    [
        (Test.IS, 5, True),
        (Test.IS_NOT, 5, False),
        (Test.IN, [4, 5], True),
        (Test.IN, [], False),
        (Test.NOT_IN, [4], True),
        (Test.NOT_IN, [], False),
        (Test.ABOVE, 5, False),
        (Test.FROM, 5, True),
        (Test.BELOW, 6, True),
        (Test.UP_TO, 4, False),
        (Test.IS, None, False),
    ],
)
def test_what_is_the_same_everywhere_is_compared_here(test: Test, asked: object, held: bool) -> None:
    assert holds(5, test, asked) is held


def test_no_value_is_never_as_asked() -> None:
    assert [holds(Fixed(None).value, test, 1) for test in Test] == [False] * len(Test)


def test_limits_are_the_hubs() -> None:
    check_limits(1_000, 5_000, ProposalWhere(id_in=["x"] * 100))
    check_limits(1, 0, ProposalWhere(space_in=["x"] * 10_000), space_in=10_000)
    for first, skip, where in (
        (1_001, 0, None),
        (1, 5_001, None),
        (-1, 0, None),
        (1, 0, ProposalWhere(space_in=["x"] * 101)),
    ):
        with pytest.raises(BadInput):
            check_limits(first, skip, where)
