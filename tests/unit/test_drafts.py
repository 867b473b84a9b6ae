"""What an author writes: trimmed, within bounds, and what makes it the same proposal again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actions import Action, EnactPolicy, RepealPolicy, SetRules, SetWeight
from domain.drafts import (
    MAX_BODY,
    MAX_OPTION,
    MAX_OPTIONS,
    MAX_TITLE,
    MAX_TOPIC,
    MAX_TOPICS,
    MAX_URL,
    OPTIONAL,
    Draft,
    Edit,
    checked,
    checked_options,
)
from domain.errors import BadInput
from domain.rules import EarlyClose, Rules, RulesChoice, VotingSystem

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK = timedelta(milliseconds=1)
SINGLE = VotingSystem.SINGLE_CHOICE
URL = "https://forum.example/t/7"
WHOLE = Draft(
    "T",
    "B",
    ("a",),
    RulesChoice(voting_minutes=10),
    scope_id=3,
    action=RepealPolicy(4),
    start_at=T0,
    discussion_url=URL,
)


def drafted(title: str, body: str, topics: list[str]) -> Draft:
    return Edit(title=title, body=body, topics=topics).over(Draft(), at=T0)


def test_a_draft_is_trimmed_and_its_topics_are_folded() -> None:
    assert drafted(" T ", "\nB\n", ["a  b", "c", " a b "]) == Draft("T", "B", ("a b", "c"))


def test_the_bounds_of_a_draft_are_allowed() -> None:
    topics = [f"{number}" + "x" * (MAX_TOPIC - 1) for number in range(MAX_TOPICS)]
    made = drafted("t" * MAX_TITLE, "b" * MAX_BODY, topics)
    assert (len(made.title), len(made.body), made.topics) == (MAX_TITLE, MAX_BODY, tuple(topics))


@pytest.mark.parametrize(
    ("title", "body", "topics", "field", "message"),
    [
        ("", "b", [], "title", "Give title in 1 to 200 characters."),
        ("t" * (MAX_TITLE + 1), "b", [], "title", "Give title in 1 to 200 characters."),
        ("t", " \n", [], "body", "Give body in 1 to 50000 characters."),
        ("t", "b" * (MAX_BODY + 1), [], "body", "Give body in 1 to 50000 characters."),
        ("t", "b", list("abcdef"), "topics", "Give at most 5 topics of 1 to 80 characters."),
        ("t", "b", [" "], "topics", "Give at most 5 topics of 1 to 80 characters."),
        ("t", "b", ["x" * (MAX_TOPIC + 1)], "topics", "Give at most 5 topics of 1 to 80 characters."),
        ("t\0", "b", [], "title", "title holds a character that is none: NUL or half of a surrogate pair."),
        ("t", "\ud83d", [], "body", "body holds a character that is none: NUL or half of a surrogate pair."),
        ("t", "b", ["a\0"], "topics", "topics holds a character that is none: NUL or half of a surrogate pair."),
    ],
)
def test_a_draft_out_of_bounds_names_its_field(
    title: str, body: str, topics: list[str], field: str, message: str
) -> None:
    with pytest.raises(BadInput) as refused:
        drafted(title, body, topics)
    assert (refused.value.field, refused.value.message) == ((field,), message)


# What an edit gives, keeps and takes away.


def test_an_edit_that_gives_nothing_keeps_everything() -> None:
    assert Edit().over(WHOLE, at=T0) == WHOLE


@pytest.mark.parametrize(
    ("edit", "changes"),
    [
        (Edit(title="N"), {"title": "N"}),
        (Edit(body="N"), {"body": "N"}),
        (Edit(topics=[]), {"topics": ()}),
        (Edit(scope_id=9), {"scope_id": 9}),
        (Edit(action=SetWeight(1, 2)), {"action": SetWeight(1, 2)}),
        (Edit(start_at=T0 + TICK), {"start_at": T0 + TICK}),
        (Edit(discussion_url=" http://x.example "), {"discussion_url": "http://x.example"}),
        (Edit(choice=RulesChoice(strict=True)), {"choice": RulesChoice(voting_minutes=10, strict=True)}),
        (Edit(choice=RulesChoice(voting_minutes=11)), {"choice": RulesChoice(voting_minutes=11)}),
    ],
)
def test_an_edit_changes_what_it_gives_alone(edit: Edit, changes: dict[str, object]) -> None:
    assert edit.over(WHOLE, at=T0) == replace(WHOLE, **changes)  # type: ignore[arg-type]  # the cases' names are fields


@pytest.mark.parametrize("name", sorted(OPTIONAL))
def test_an_optional_field_can_be_taken_away(name: str) -> None:
    assert Edit(cleared=frozenset({name})).over(WHOLE, at=T0) == replace(WHOLE, **{name: None})  # type: ignore[arg-type]  # a field


@pytest.mark.parametrize("name", ["title", "body", "choice", "topics", "system", "options"])
def test_other_fields_are_never_taken_away(name: str) -> None:
    assert Edit(cleared=frozenset({name})).over(WHOLE, at=T0) == WHOLE


def test_what_is_both_cleared_and_given_is_given() -> None:
    assert Edit(scope_id=9, cleared=OPTIONAL).over(WHOLE, at=T0) == replace(
        WHOLE, scope_id=9, action=None, start_at=None, discussion_url=None
    )


def test_a_start_lies_in_the_future() -> None:
    for at in (T0, T0 - TICK):
        with pytest.raises(BadInput, match=r"^startAt must lie in the future.$") as refused:
            Edit(start_at=at).over(WHOLE, at=T0)
        assert refused.value.field == ("startAt",)
    assert Edit(title="Later").over(WHOLE, at=T0 + TICK).start_at == T0  # a start that has passed keeps no edit away


# Options.


@pytest.mark.parametrize("system", [system for system in VotingSystem if system is not VotingSystem.BASIC])
def test_options_are_folded_and_keep_their_order(system: VotingSystem) -> None:
    made = Edit(title="T", body="B", system=system, options=[" b  c ", "a"]).over(Draft(), at=T0)
    assert (made.system, made.options) == (system, ("b c", "a"))


def test_the_bounds_of_options_are_allowed() -> None:
    most = [f"{number:03}" + "x" * (MAX_OPTION - 3) for number in range(MAX_OPTIONS)]
    assert checked_options(SINGLE, most) == tuple(most)
    assert checked_options(SINGLE, ["a", "b"]) == ("a", "b")


@pytest.mark.parametrize(
    ("system", "options", "message"),
    [
        (VotingSystem.BASIC, ["a", "b"], "BASIC has no options: it is FOR, AGAINST and ABSTAIN."),
        (SINGLE, [], "Give 2 to 50 options of 1 to 200 characters."),
        (SINGLE, ["a"], "Give 2 to 50 options of 1 to 200 characters."),
        (SINGLE, ["a", " "], "Give 2 to 50 options of 1 to 200 characters."),
        (SINGLE, ["a", "x" * (MAX_OPTION + 1)], "Give 2 to 50 options of 1 to 200 characters."),
        (SINGLE, [str(n) for n in range(MAX_OPTIONS + 1)], "Give 2 to 50 options of 1 to 200 characters."),
        (SINGLE, ["Yes", "yes"], "Two options read the same: give each its own title."),
        (SINGLE, ["Ｙes", " yes"], "Two options read the same: give each its own title."),
        (SINGLE, ["a", "b\0"], "options holds a character that is none: NUL or half of a surrogate pair."),
    ],
)
def test_options_out_of_bounds_are_refused(system: VotingSystem, options: list[str], message: str) -> None:
    with pytest.raises(BadInput) as refused:
        Edit(title="T", body="B", system=system, options=options).over(Draft(), at=T0)
    assert (refused.value.field, refused.value.message) == (("options",), message)


def test_only_basic_carries_an_action() -> None:
    with pytest.raises(BadInput, match=r"^Only a BASIC proposal carries an action") as refused:
        checked(Draft("T", "B", system=SINGLE, options=("a", "b"), action=RepealPolicy(1)))
    assert refused.value.field == ("action",)
    assert checked(Draft("T", "B", action=RepealPolicy(1))).action == RepealPolicy(1)


# The address of a discussion.


@pytest.mark.parametrize("url", [URL, "http://x", "https://[::1]/a?b#c", "https://x/" + "a" * (MAX_URL - 10)])
def test_an_address_of_the_web_is_kept(url: str) -> None:
    assert checked(Draft("T", "B", discussion_url=url)).discussion_url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "forum",
        "ftp://x/",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "http://[::1",
        "//x/",
        "https://x/\0",
    ],
)
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match=r"^discussionUrl ") as refused:
        checked(Draft("T", "B", discussion_url=url))
    assert refused.value.field == ("discussionUrl",)


def test_an_address_has_a_bound() -> None:
    with pytest.raises(BadInput, match=r"^discussionUrl must be an http or https address of at most 2000 characters.$"):
        checked(Draft("T", "B", discussion_url="https://x/" + "a" * (MAX_URL - 9)))


# What makes two proposals the same.


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("RAISE the rent!", "By 3 %, now."),
        ("Raise the rent", "by 3 now"),
        ("raise-the-rent", "by\u200b 3\nnow"),
        ("Ｒaise the rent", "by ３ now"),
        ("Raise", "the rent by 3 now"),
    ],
)
def test_commas_case_and_width_do_not_make_another_proposal(title: str, body: str) -> None:
    assert Draft(title, body).fingerprint() == "raisetherentby3now"


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_fingerprint_has_letters_and_digits_only(title: str, body: str) -> None:
    mark = Draft(title, body).fingerprint()
    assert mark.isalnum() or mark == ""
    assert Draft(mark).fingerprint() == mark


ACTIONS: list[Action | None] = [
    None,
    RepealPolicy(1),
    RepealPolicy(2),
    SetWeight(1, 2),
    SetWeight(2, 1),
    SetRules(RulesChoice(quorum_percent=50)),
    SetRules(RulesChoice(majority_percent=50)),
    EnactPolicy("Quiet", "From ten."),
    EnactPolicy("Quiet", "From ten.", replaces_id=1),
]


def test_another_action_makes_another_proposal() -> None:
    marks = [Draft("T", "B", action=action).fingerprint() for action in ACTIONS]
    assert len(set(marks)) == len(ACTIONS)
    loud = Draft("T", "B", action=EnactPolicy("QUIET!", "from, ten")).fingerprint()
    assert loud == marks[ACTIONS.index(EnactPolicy("Quiet", "From ten."))]


def test_other_minutes_or_topics_make_no_other_proposal() -> None:
    other = replace(
        WHOLE, topics=(), choice=RulesChoice(strict=True), scope_id=None, start_at=None, discussion_url=None
    )
    assert other.fingerprint() == WHOLE.fingerprint()


# The hash of what is immutable.


def test_the_content_is_hashed_as_sorted_json() -> None:
    draft = Draft("Ü", "B", system=SINGLE, options=("a", "b"), scope_id=3)
    written = (
        '{"action":null,"body":"B","options":["a","b"],"rules":{"delegation_cap_percent":100,"early_close":"NEVER",'
        '"hidden_until_close":false,"majority_percent":66,"minimum_approval_percent":0,"minimum_discussion_minutes":0,'
        '"minimum_voting_minutes":0,"override_minutes":1,"quorum_percent":60,"sponsors_needed":0,"strict":false,'
        '"voting_minutes":4320,"weighted":true},"scope":3,"system":"SINGLE_CHOICE","title":"Ü"}'
    )
    expected = sha256(written.encode()).hexdigest()
    assert draft.content_hash(Rules(early_close=EarlyClose.NEVER)) == expected


@pytest.mark.parametrize(
    "other",
    [
        replace(WHOLE, title="t"),
        replace(WHOLE, body="b"),
        replace(WHOLE, scope_id=None),
        replace(WHOLE, action=RepealPolicy(5)),
        replace(WHOLE, system=SINGLE),
        replace(WHOLE, options=("a", "b")),
    ],
)
def test_whatever_is_immutable_changes_the_hash(other: Draft) -> None:
    assert other.content_hash(Rules()) != WHOLE.content_hash(Rules())


def test_the_rules_in_force_change_the_hash_and_what_was_asked_does_not() -> None:
    assert WHOLE.content_hash(Rules(strict=True)) != WHOLE.content_hash(Rules())
    other = replace(WHOLE, choice=RulesChoice(), topics=(), start_at=None, discussion_url=None)
    assert other.content_hash(Rules()) == WHOLE.content_hash(Rules())
