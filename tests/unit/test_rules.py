"""What a proposal's rules can be: what an author may choose, what a SET_RULES may set, and each field's bounds."""

from dataclasses import asdict, fields, replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.criteria import Bar, Criteria
from domain.errors import BadInput, Forbidden
from domain.members import Role, Viewer
from domain.rules import (
    ADMINS,
    AUTHORS,
    BOUNDS,
    DEPLOYED,
    EarlyClose,
    Rules,
    RulesChoice,
    VotingSystem,
    amended,
    camel,
    chosen,
)

AUTHOR, ADMIN = Viewer(1, Role.MEMBER), Viewer(3, Role.ADMIN)
HOUSE = Rules()
BASIC, SINGLE, APPROVAL = VotingSystem.BASIC, VotingSystem.SINGLE_CHOICE, VotingSystem.APPROVAL
NEVER, DECIDED, QUORUM = EarlyClose.NEVER, EarlyClose.WHEN_DECIDED, EarlyClose.ON_QUORUM
CLOSES = {BASIC: [QUORUM, DECIDED, NEVER], SINGLE: [DECIDED, NEVER], APPROVAL: [DECIDED, NEVER]}
THE_DAOS = sorted({field.name for field in fields(Rules)} - AUTHORS - ADMINS)
MESSAGES = {
    "quorum_percent": "quorumPercent must be between 0 and 100.",
    "majority_percent": "majorityPercent must be between 50 and 100.",
    "voting_minutes": "votingMinutes must be between 5 and 43200.",
    "minimum_discussion_minutes": "minimumDiscussionMinutes must be between 0 and 43200.",
    "minimum_voting_minutes": "minimumVotingMinutes must be between 0 and 43200.",
    "override_minutes": "overrideMinutes must be between 1 and 10080.",
    "minimum_approval_percent": "minimumApprovalPercent must be between 0 and 100.",
    "sponsors_needed": "sponsorsNeeded must be between 0 and 100.",
    "delegation_cap_percent": "delegationCapPercent must be between 1 and 100.",
}


def test_without_a_choice_the_house_rules_hold() -> None:
    for viewer in (AUTHOR, ADMIN):
        assert chosen(HOUSE, RulesChoice(), viewer) == HOUSE


@pytest.mark.parametrize("minutes", [5, 43_200])
def test_an_author_chooses_minutes_within_bounds(minutes: int) -> None:
    assert chosen(HOUSE, RulesChoice(voting_minutes=minutes), AUTHOR) == replace(HOUSE, voting_minutes=minutes)


@pytest.mark.parametrize("minutes", [4, 43_201, 0, -5])
def test_other_minutes_are_refused(minutes: int) -> None:
    with pytest.raises(BadInput, match=r"^votingMinutes must be between 5 and 43200.$") as refused:
        chosen(HOUSE, RulesChoice(voting_minutes=minutes), ADMIN)
    assert refused.value.field == ("rules", "votingMinutes")


def test_voting_is_not_shorter_than_the_house_wants_it() -> None:
    with pytest.raises(BadInput, match=r"^votingMinutes must be at least minimumVotingMinutes, which is 1440.$") as no:
        chosen(DEPLOYED, RulesChoice(voting_minutes=1_439), AUTHOR)
    assert no.value.field == ("rules", "votingMinutes")
    assert chosen(DEPLOYED, RulesChoice(voting_minutes=1_440), AUTHOR) == replace(DEPLOYED, voting_minutes=1_440)


@pytest.mark.parametrize("house", EarlyClose)
@pytest.mark.parametrize("wanted", EarlyClose)
def test_early_close_may_only_come_later(house: EarlyClose, wanted: EarlyClose) -> None:
    rules, patience = replace(HOUSE, early_close=house), [QUORUM, DECIDED, NEVER]
    for viewer in (AUTHOR, ADMIN):
        if patience.index(wanted) >= patience.index(house):
            assert chosen(rules, RulesChoice(early_close=wanted), viewer) == replace(HOUSE, early_close=wanted)
            continue
        with pytest.raises(Forbidden) as refused:
            chosen(rules, RulesChoice(early_close=wanted), viewer)
        assert refused.value.message == f"earlyClose may only close later than the DAO's {house}."
        assert refused.value.field == ("rules", "earlyClose")


@pytest.mark.parametrize("system", VotingSystem)
@pytest.mark.parametrize("house", EarlyClose)
def test_a_system_that_the_houses_early_close_does_not_suit_waits_for_the_end(
    system: VotingSystem, house: EarlyClose
) -> None:
    rules = chosen(replace(HOUSE, early_close=house), RulesChoice(), AUTHOR, system=system)
    assert rules.early_close is (house if house in CLOSES.get(system, [NEVER]) else NEVER)


@pytest.mark.parametrize("system", VotingSystem)
@pytest.mark.parametrize("wanted", EarlyClose)
def test_an_author_asks_a_system_only_for_what_it_can_decide(system: VotingSystem, wanted: EarlyClose) -> None:
    ways = CLOSES.get(system, [NEVER])
    if wanted in ways:
        assert chosen(HOUSE, RulesChoice(early_close=wanted), AUTHOR, system=system).early_close is wanted
        return
    with pytest.raises(BadInput) as refused:
        chosen(HOUSE, RulesChoice(early_close=wanted), AUTHOR, system=system)
    allowed = "NEVER" if ways == [NEVER] else "NEVER or WHEN_DECIDED"
    assert refused.value.message == f"With {system.value} earlyClose can be {allowed}."
    assert refused.value.field == ("rules", "earlyClose")


@pytest.mark.parametrize("early_close", [None, *EarlyClose])
def test_hidden_ballots_wait_for_the_end(early_close: EarlyClose | None) -> None:
    choice = RulesChoice(hidden_until_close=True, early_close=early_close)
    assert chosen(HOUSE, choice, AUTHOR) == replace(HOUSE, hidden_until_close=True, early_close=NEVER)
    hidden_house = replace(HOUSE, hidden_until_close=True)
    assert chosen(hidden_house, RulesChoice(), AUTHOR).early_close is NEVER


@pytest.mark.parametrize("name", ["strict", "hidden_until_close"])
def test_a_flag_may_be_raised_and_never_lowered(name: str) -> None:
    on, off = RulesChoice(**{name: True}), RulesChoice(**{name: False})  # type: ignore[arg-type]  # both are flags
    assert getattr(chosen(HOUSE, on, AUTHOR), name) is True
    with pytest.raises(Forbidden) as refused:
        chosen(on.over(HOUSE), off, ADMIN)
    assert refused.value.message == f"{camel(name)} may not be lower than the DAO's True."
    assert refused.value.field == ("rules", camel(name))


@pytest.mark.parametrize("name", THE_DAOS)
def test_the_rest_is_the_daos(name: str) -> None:
    was = getattr(HOUSE, name)
    other = not was if isinstance(was, bool) else 7
    for viewer in (AUTHOR, ADMIN):
        assert chosen(HOUSE, RulesChoice(**{name: was}), viewer) == HOUSE
        with pytest.raises(Forbidden) as refused:
            chosen(HOUSE, RulesChoice(**{name: other}), viewer)  # type: ignore[arg-type]  # the same field
        assert refused.value.message == f"{camel(name)} is the DAO's: only a passed SET_RULES changes it."
        assert refused.value.field == ("rules", camel(name))


@given(
    st.integers(0, 100),
    st.integers(50, 100),
    st.none() | st.integers(-10, 120),
    st.none() | st.integers(-10, 120),
    st.sampled_from([AUTHOR, ADMIN]),
)
def test_nobody_lowers_a_bar_and_only_an_admin_raises_one(
    quorum: int, majority: int, wanted_quorum: int | None, wanted_majority: int | None, viewer: Viewer
) -> None:
    house = Rules(quorum_percent=quorum, majority_percent=majority)
    choice = RulesChoice(quorum_percent=wanted_quorum, majority_percent=wanted_majority)
    asked = [(quorum, wanted_quorum, 0), (majority, wanted_majority, 50)]
    changed = [(house, wanted, least) for house, wanted, least in asked if wanted is not None and wanted != house]
    try:
        rules = chosen(house, choice, viewer)
    except BadInput:
        assert any(not least <= wanted <= 100 for _, wanted, least in changed)
    except Forbidden:
        assert any(wanted < house or viewer is AUTHOR for house, wanted, _ in changed)
    else:
        assert rules.quorum_percent == (quorum if wanted_quorum is None else wanted_quorum) >= quorum
        assert rules.majority_percent == (majority if wanted_majority is None else wanted_majority) >= majority
        assert not changed or viewer is ADMIN


@pytest.mark.parametrize(
    ("choice", "viewer", "field", "message"),
    [
        (RulesChoice(quorum_percent=59), ADMIN, "quorumPercent", "quorumPercent may not be lower than the DAO's 60."),
        (
            RulesChoice(majority_percent=65),
            ADMIN,
            "majorityPercent",
            "majorityPercent may not be lower than the DAO's 66.",
        ),
        (
            RulesChoice(quorum_percent=61),
            AUTHOR,
            "quorumPercent",
            "Only an ADMIN may raise quorumPercent above the DAO's 60.",
        ),
        (RulesChoice(majority_percent=49), ADMIN, "majorityPercent", "majorityPercent must be between 50 and 100."),
        (RulesChoice(quorum_percent=101), ADMIN, "quorumPercent", "quorumPercent must be between 0 and 100."),
    ],
)
def test_a_refused_bar_names_its_field_and_remedy(
    choice: RulesChoice, viewer: Viewer, field: str, message: str
) -> None:
    with pytest.raises((BadInput, Forbidden)) as refused:
        chosen(HOUSE, choice, viewer)
    assert (refused.value.message, refused.value.field) == (message, ("rules", field))


# The bounds, which a vote keeps to as well.


def test_every_number_has_bounds() -> None:
    numbers = {field.name for field in fields(Rules) if type(getattr(HOUSE, field.name)) is int}
    assert numbers == BOUNDS.keys() == MESSAGES.keys()


@pytest.mark.parametrize("name", BOUNDS)
def test_the_bounds_themselves_may_be_set(name: str) -> None:
    house = Rules(voting_minutes=43_200) if name == "minimum_voting_minutes" else HOUSE
    for value in (BOUNDS[name].least, BOUNDS[name].most):
        assert amended(house, RulesChoice(**{name: value})) == replace(house, **{name: value})  # type: ignore[arg-type]  # numbers


@pytest.mark.parametrize("name", BOUNDS)
def test_nothing_is_set_beyond_its_bounds(name: str) -> None:
    for value in (BOUNDS[name].least - 1, BOUNDS[name].most + 1):
        with pytest.raises(BadInput) as refused:
            amended(HOUSE, RulesChoice(**{name: value}), "action", "setRules")  # type: ignore[arg-type]  # numbers
        assert (refused.value.message, refused.value.field) == (MESSAGES[name], ("action", "setRules", camel(name)))


def test_a_vote_may_lower_what_no_author_may() -> None:
    choice = RulesChoice(quorum_percent=10, early_close=QUORUM, strict=False, weighted=False, sponsors_needed=0)
    house = replace(DEPLOYED, strict=True, early_close=NEVER)
    assert amended(house, choice) == replace(
        house, quorum_percent=10, early_close=QUORUM, strict=False, weighted=False, sponsors_needed=0
    )


def test_to_set_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match=r"^Give at least one rule to set.$") as refused:
        amended(HOUSE, RulesChoice(), "action", "setRules")
    assert refused.value.field == ("action", "setRules")


@pytest.mark.parametrize("choice", [RulesChoice(voting_minutes=1_439), RulesChoice(minimum_voting_minutes=4_321)])
def test_rules_that_contradict_each_other_are_refused(choice: RulesChoice) -> None:
    with pytest.raises(BadInput, match=r"^votingMinutes must be at least minimumVotingMinutes") as refused:
        amended(DEPLOYED, choice, "action", "setRules")
    assert refused.value.field == ("action", "setRules", "votingMinutes")


VALUES = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.integers(bounds.least, bounds.most) for name, bounds in BOUNDS.items()},
        **dict.fromkeys(("strict", "weighted", "hidden_until_close"), st.booleans()),
        "early_close": st.sampled_from(EarlyClose),
    },
)


@given(VALUES, VALUES)
def test_only_what_is_given_changes(before: dict[str, int], given_now: dict[str, int]) -> None:
    rules = RulesChoice(**before).over(HOUSE)  # type: ignore[arg-type]  # the same fields
    choice = RulesChoice(**given_now)  # type: ignore[arg-type]  # the same fields
    assert choice.given == given_now
    assert asdict(choice.over(rules)) == {**asdict(rules), **given_now}
    assert choice.on_top_of(RulesChoice(**before)).given == {**before, **given_now}  # type: ignore[arg-type]  # the same fields


# What the rules ask of a count.


def test_percentages_are_exact_shares() -> None:
    assert Rules(minimum_approval_percent=5).criteria == Criteria(
        quorum=Bar(Fraction(3, 5)), majority=Bar(Fraction(33, 50)), approval=Bar(Fraction(1, 20))
    )


@pytest.mark.parametrize(
    ("percent", "strict", "bar"),
    [
        (50, False, Bar(Fraction(1, 2), strict=True)),
        (50, True, Bar(Fraction(1, 2), strict=True)),
        (51, False, Bar(Fraction(51, 100))),
        (66, True, Bar(Fraction(33, 50), strict=True)),
    ],
)
def test_half_is_always_strict(percent: int, *, strict: bool, bar: Bar) -> None:
    assert Rules(majority_percent=percent, strict=strict).criteria.majority == bar


def test_a_deployed_dao_begins_with_time_to_think() -> None:
    changes = {name: value for name, value in asdict(DEPLOYED).items() if value != getattr(HOUSE, name)}
    assert changes == {
        "minimum_discussion_minutes": 1_440,
        "minimum_voting_minutes": 1_440,
        "override_minutes": 60,
        "sponsors_needed": 1,
    }
    assert (HOUSE.minimum_discussion_minutes, HOUSE.minimum_voting_minutes, HOUSE.sponsors_needed) == (0, 0, 0)
    assert (HOUSE.override_minutes, HOUSE.minimum_approval_percent, HOUSE.delegation_cap_percent) == (1, 0, 100)
