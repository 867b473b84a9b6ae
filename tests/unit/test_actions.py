"""Actions as they are stored: nothing is lost, and what is compared does not depend on their order."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actions import (
    Action,
    AdmitMember,
    EnactPolicy,
    RepealPolicy,
    SetRules,
    SetWeight,
    action_data,
    action_of,
    action_words,
)
from domain.rules import BOUNDS, EarlyClose, RulesChoice

IDS = st.integers(1, 10**6)
CHOICES = st.builds(
    RulesChoice,
    early_close=st.none() | st.sampled_from(EarlyClose),
    strict=st.none() | st.booleans(),
    weighted=st.none() | st.booleans(),
    hidden_until_close=st.none() | st.booleans(),
    **{name: st.none() | st.integers(bounds.least, bounds.most) for name, bounds in BOUNDS.items()},
)
ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.builds(EnactPolicy, title=st.text(), body=st.text(), replaces_id=st.none() | IDS),
    st.builds(RepealPolicy, policy_id=IDS),
    st.builds(SetRules, choice=CHOICES),
    st.builds(SetWeight, member_id=IDS, weight=IDS),
    st.builds(AdmitMember, member_id=IDS, weight=IDS),
)


@given(ACTIONS)
def test_an_action_comes_back_as_it_was_stored(action: Action) -> None:
    assert action_of(json.loads(json.dumps(action_data(action)))) == action


@given(ACTIONS, ACTIONS)
def test_different_actions_are_stored_differently(one: Action, other: Action) -> None:
    assert (action_data(one) == action_data(other)) == (one == other)


def test_no_action_is_nothing() -> None:
    assert (action_data(None), action_of(None), action_words(None)) == (None, None, "")


@pytest.mark.parametrize(
    ("action", "data", "words"),
    [
        (
            EnactPolicy("Quiet", "From ten.", 4),
            {"kind": "EnactPolicy", "title": "Quiet", "body": "From ten.", "replaces_id": 4},
            "body From ten. kind EnactPolicy replaces_id 4 title Quiet",
        ),
        (RepealPolicy(4), {"kind": "RepealPolicy", "policy_id": 4}, "kind RepealPolicy policy_id 4"),
        (
            SetRules(RulesChoice(quorum_percent=50, strict=False, early_close=EarlyClose.NEVER)),
            {"kind": "SetRules", "quorum_percent": 50, "early_close": "NEVER", "strict": False},
            "early_close NEVER kind SetRules quorum_percent 50 strict False",
        ),
        (
            SetWeight(2, 7),
            {"kind": "SetWeight", "member_id": 2, "weight": 7},
            "kind SetWeight member_id 2 weight 7",
        ),
        (
            AdmitMember(2, 7),
            {"kind": "AdmitMember", "member_id": 2, "weight": 7},
            "kind AdmitMember member_id 2 weight 7",
        ),
    ],
)
def test_an_action_is_stored_by_kind_and_field(action: Action, data: dict[str, object], words: str) -> None:
    assert action_data(action) == data
    assert action_words(action) == words


def test_of_set_rules_only_what_it_sets_is_stored() -> None:
    choice = RulesChoice(sponsors_needed=0)
    assert action_data(SetRules(choice)) == {"kind": "SetRules", "sponsors_needed": 0}
    assert action_data(SetRules(replace(choice, weighted=False))) == {
        "kind": "SetRules",
        "sponsors_needed": 0,
        "weighted": False,
    }
