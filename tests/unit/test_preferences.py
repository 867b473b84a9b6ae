"""Preferences in the first person, and which one replaces which."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.preferences import Preference, PreferenceKind, key, preference_of, same_subject

CHOICE, TASTE = PreferenceKind.CHOICE, PreferenceKind.TASTE


def stated(sentence: str) -> Preference:
    preference = preference_of(sentence)
    assert preference is not None, sentence
    return preference


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("I prefer PLA for brackets.", Preference("pla", 1, CHOICE, purpose="bracket")),
        ("For brackets, I now prefer PETG!", Preference("petg", 1, CHOICE, purpose="bracket")),
        ("I prefer tea to coffee", Preference("tea", 1, CHOICE, instead_of="coffee")),
        ("I prefer PETG over PLA for brackets.", Preference("petg", 1, CHOICE, "", "bracket", "pla")),
        ("I'd rather meet online than travel.", Preference("meet online", 1, CHOICE, instead_of="travel")),
        ("I like PETG better than PLA.", Preference("petg", 1, CHOICE, instead_of="pla")),
        ("My favourite colour is blue.", Preference("blue", 1, CHOICE, facet="color")),
        ("Green is now my favorite color.", Preference("green", 1, CHOICE, facet="color")),
        ("My go-to filament for gears is nylon.", Preference("nylon", 1, CHOICE, "filament", "gear")),
        ("I’ve switched from PLA to PETG for brackets.", Preference("petg", 1, CHOICE, "", "bracket", "pla")),
        ("Recently I moved to decaf, because I slept badly.", Preference("decaf", 1, CHOICE)),
        ("I now use PETG for outdoor parts.", Preference("petg", 1, CHOICE, purpose="outdoor part")),
        (
            "From now on, I'll use matte black instead of glossy.",
            Preference("matte black", 1, CHOICE, instead_of="glossy"),
        ),
        ("I like early meetings", Preference("early meetings", 1, TASTE)),
        ("Honestly, I really love the smell of resin.", Preference("smell of resin", 1, TASTE)),
        ("I'm a big fan of short meetings.", Preference("short meetings", 1, TASTE)),
        ("I don't like early meetings any more.", Preference("early meetings", -1, TASTE)),
        ("I do not like early meetings anymore", Preference("early meetings", -1, TASTE)),
        ("I can't stand loud printers.", Preference("loud printers", -1, TASTE)),
        ("I hate ABS, but I love its finish.", Preference("abs", -1, TASTE)),
        ("I no longer use ABS for gears.", Preference("abs", -1, TASTE, purpose="gear")),
        ("I'm not a fan of long calls.", Preference("long calls", -1, TASTE)),
        ("I am no longer keen on resin.", Preference("resin", -1, TASTE)),
        ("I prefer not to print at night.", Preference("print at night", -1, TASTE)),
        ("I never use raft.", Preference("raft", -1, TASTE)),
        ("i've gone off coffee", Preference("coffee", -1, TASTE)),
    ],
)
def test_a_preference_is_read_with_its_polarity_and_purpose(sentence: str, expected: Preference) -> None:
    assert preference_of(sentence) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "Do I like PLA?",
        "I like PLA, right?",
        "If I like PLA, I say so.",
        "I'd like a coffee.",
        "I would like to ask something.",
        "I like it.",
        "I love this!",
        "I like that you came.",
        "I like your idea.",
        "I don't know what I like.",
        "I use PETG.",
        "I am not sure about that.",
        "I am no longer a member.",
        "He said I prefer tea.",
        "Ana prefers PLA.",
        "You like PLA.",
        '"I prefer tea."',
        "> I prefer tea",
        "I like to think that we can win.",
        "I wish I liked tea",
        "I prefer",
        "The board prefers PETG for brackets.",
        "I love " + "very " * 12 + "long ones",
    ],
)
def test_what_is_no_preference_of_the_speaker_gives_none(sentence: str) -> None:
    assert preference_of(sentence) is None


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("I prefer PLA for brackets.", "I now prefer PETG for brackets."),
        ("I prefer PLA for brackets.", "For a bracket I'd rather use PETG than PLA."),
        ("I prefer PLA.", "I've switched from PLA to PETG."),
        ("I like PLA.", "I prefer PETG over PLA."),
        ("I like early meetings.", "I don't like early meetings any more."),
        ("I like early meetings.", "I hate early meetings."),
        ("I hate ABS.", "I like ABS now."),
        ("I prefer to print overnight.", "I no longer like printing overnight."),
        ("My favourite colour is blue.", "My favorite color is green."),
        ("My favourite colour is blue.", "I don't like blue any more."),
        ("I prefer early meetings.", "From now on I prefer late meetings."),
        ("I prefer PLA for brackets.", "I no longer like PLA."),
        ("I prefer PLA.", "I prefer PLA."),
    ],
)
def test_a_newer_preference_replaces_the_older_of_its_subject(older: str, newer: str) -> None:
    assert same_subject(stated(newer), stated(older))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("I prefer PLA for brackets.", "I prefer PETG for gears."),
        ("I prefer PLA for brackets.", "I like PLA."),
        ("I hate ABS for brackets.", "I like ABS for gears."),
        ("I like red cars.", "I like fast cars."),
        ("I like tea.", "I like coffee."),
        ("I like tea.", "I hate coffee."),
        ("I prefer tea.", "I prefer late meetings."),
        ("I prefer tea.", "I now prefer PETG."),
        ("My favourite colour is blue.", "My favourite filament is PETG."),
        ("My favourite colour is blue.", "I prefer late meetings."),
        ("I hate PLA.", "I've switched from PLA to PETG."),
        ("I like early meetings.", "I don't like meetings."),
    ],
)
def test_a_preference_about_something_else_replaces_nothing(older: str, newer: str) -> None:
    assert not same_subject(stated(newer), stated(older))


@pytest.mark.parametrize(
    ("sentence", "subject"),
    [
        ("My favourite filament for gears is nylon.", "filament"),
        ("I prefer PLA for brackets.", "bracket"),
        ("I like early meetings.", "meet"),
    ],
)
def test_the_subject_is_the_facet_else_the_purpose_else_the_thing(sentence: str, subject: str) -> None:
    assert stated(sentence).subject == subject


def test_forms_of_a_word_share_a_key() -> None:
    assert {key(phrase) for phrase in ("to print overnight", "Printing overnight", "prints overnight")} == {
        "print overnight"
    }
    assert key("meetings") == key("meeting")
    assert key("running") == key("run")


@settings(deadline=None)
@given(text=st.text(max_size=80), start=st.sampled_from(["I like ", "I prefer ", "My favourite ", "I don't like ", ""]))
def test_any_text_gives_a_whole_preference_or_none(text: str, start: str) -> None:
    preference = preference_of(start + text)
    assert preference is None or (preference.value.strip() == preference.value != "" and preference.polarity in (1, -1))


@pytest.mark.parametrize("word", ["for ", "I prefer ", "now ", "to ", "my ", ", ", "really ", "a"])
def test_a_long_text_is_read_without_backtracking_forever(word: str) -> None:
    assert preference_of("I prefer " + word * 20_000) is None
