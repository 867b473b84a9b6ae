"""Preferences that a member states of itself, and which older one a newer replaces.

The rule reads single English sentences in the first person and would rather miss a preference than invent one:
questions, conditions, quotations, wishes ("I'd like a coffee") and bare pronouns ("I like it") give none.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class PreferenceKind(StrEnum):
    """CHOICE excludes the alternatives ("I prefer", "my favourite"), TASTE does not ("I like")."""

    CHOICE = "CHOICE"
    TASTE = "TASTE"


@dataclass(frozen=True, slots=True)
class Preference:
    """`value` is what is liked (polarity 1) or not (-1), in lower-case words without article.

    `facet` is what is chosen among, when the sentence tells ("my favourite colour is blue": color), `purpose` what it
    is chosen for ("for brackets": bracket), both as `key` writes them; `instead_of` is what was turned down or given
    up. Each is empty when it is not told.
    """

    value: str
    polarity: int
    kind: PreferenceKind
    facet: str = ""
    purpose: str = ""
    instead_of: str = ""

    @property
    def subject(self) -> str:
        """What it is about: the facet, else the purpose, else the value's last word ("late meetings": meeting)."""
        return self.facet or self.purpose or (key(self.value).split() or [""])[-1]


def preference_of(sentence: str) -> Preference | None:
    """The preference that a sentence states of its speaker, or None."""
    text = " ".join(sentence.replace("’", "'").split())
    if text.endswith("?") or FOREIGN.search(text):
        return None
    text = OPENING.sub("", REASON.split(text, maxsplit=1)[0]).strip(" .!…;,")
    if len(text) > MAX_SENTENCE:
        return None
    for rule in RULES:
        if found := rule.pattern.fullmatch(text):
            return _read(rule, found.groupdict())
    return None


def same_subject(newer: Preference, older: Preference) -> bool:
    """Whether the newer preference speaks of what the older one did, and so takes its place. The first that applies:

    1. Purposes that differ: no.
    2. The newer turns down what the older wanted ("PETG over PLA", "switched from PLA"): yes.
    3. The same value: yes, but a general "I like PLA" leaves "PLA for brackets" alone; "no longer PLA" does not.
    4. Either names a facet: when both name the same.
    5. Two wishes for the same purpose ("PLA for brackets", "PETG for brackets"), both choices: yes.
    6. Two choices without purpose among things of one name ("early meetings", "late meetings"): yes.
    """
    if newer.purpose and older.purpose and newer.purpose != older.purpose:
        return False
    if newer.instead_of and older.polarity > 0 and key(newer.instead_of) == key(older.value):
        return True
    if key(newer.value) == key(older.value):
        return newer.purpose == older.purpose or (not newer.purpose and newer.polarity != older.polarity)
    if newer.facet or older.facet:
        return (newer.facet, newer.purpose) == (older.facet, older.purpose)
    choices = newer.kind is older.kind is PreferenceKind.CHOICE and newer.polarity == older.polarity
    if not choices or newer.purpose != older.purpose:
        return False
    return newer.purpose != "" or _thing(newer) == _thing(older) != ""


def key(phrase: str) -> str:
    """What "to print overnight", "printing overnight" and "Prints overnight" share."""
    return " ".join(_stem(word) for word in re.findall(r"\w+", phrase.casefold()) if word != "to")


def _stem(word: str) -> str:
    """A light stem: plural, -ing, a doubled consonant, a last e, British -our."""
    for ending in ("s", "ing"):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
    return re.sub(r"([b-df-hjkmnp-rtv-z])\1$", r"\1", word.removesuffix("e")).replace("our", "or")


def _thing(preference: Preference) -> str:
    """The last word of a value that has a modifier before it."""
    words = key(preference.value).split()
    return words[-1] if len(words) > 1 else ""


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    polarity: int
    kind: PreferenceKind


def _read(rule: _Rule, groups: dict[str, str | None]) -> Preference | None:
    """None when the value only points elsewhere, is a clause or is long."""
    value, facet, purpose, other = (_plain(groups.get(name)) for name in ("value", "facet", "purpose", "other"))
    if not value or len(value.split()) > 10 or POINTING.match(value):
        return None
    purpose = key(purpose or _plain(groups.get("first")))
    return Preference(value, rule.polarity, rule.kind, facet=key(facet), purpose=purpose, instead_of=other)


def _plain(phrase: str | None) -> str:
    """Lower-case words without article, quotes and closing marks."""
    words = re.sub(r"[\"“”*_`]", "", phrase or "").strip(" .,;:!'").casefold()
    return ARTICLES.sub("", words)


MAX_SENTENCE = 300

FOREIGN = re.compile(
    r"^[\"“'>]|^(?:as )?if\b|\b(?:if|unless|whether|suppose|wish)\b|\b(?:i would|i'd) (?!rather\b)", re.IGNORECASE
)
"""Not the speaker's own, or not so."""

OPENING = re.compile(
    r"^(?:(?:well|but|and|so|also|actually|honestly|personally|in fact|today|lately|recently|since then|in general|"
    r"generally|for the record|to be honest|still|however|by the way|ok|okay|yes|no|hi|hello)\b[,:;]? +)+",
    re.IGNORECASE,
)
REASON = re.compile(
    r",? (?:but|because|since|though|although|which|and i|and it|and they)\b|, (?:so|as) | [–—-] |; ", re.IGNORECASE
)
"""What follows explains; the preference stands before it."""

ARTICLES = re.compile(r"^(?:(?:the|an?|my|our|any|some|using|to use|to have|having) +)+")
POINTING = re.compile(
    r"(?:it|this|that|these|those|them|him|her|you|us|one|both|so|not|what|how|when|where|who|why|your|his|their|"
    r"things?|everything|nothing|something|anything|more|most|less|to (?:think|say|know|believe|see|hear|ask|add))\b"
)

PURPOSE = r"(?: (?:for|when it comes to|when) (?P<purpose>.+?))?"
FIRST = r"(?:(?:for|when it comes to|when) (?P<first>[^,]+?),? )?"
OTHER = r"(?: (?:to|over|rather than|instead of|and not|not) (?P<other>.+?))?"
OFTEN = r"(?:(?:really|truly|still|always|usually|generally|mostly|strongly|now|much|just|do|quite|only|also) )*"
AGAIN = r"(?: (?:now|these days|nowadays|again|from now on|a lot|very much|best|the most|instead))*"
NO_MORE = r"(?: (?:any ?more|any longer|at all|these days|now|either|much))*"
TIME = r"(?:(?:from now on|now|these days|nowadays|by now|in future),? )"
NOT = r"(?:do not|don't|no longer|never|cannot|can't|won't|will not)"


def _rule(pattern: str, polarity: int, kind: PreferenceKind) -> _Rule:
    """`I_AM` and `I_HAVE` stand for both their forms."""
    spelled = pattern.replace("I_AM", "(?:I am|I'm)").replace("I_HAVE", "(?:I have|I've)")
    return _Rule(re.compile(spelled, re.IGNORECASE), polarity, kind)


RULES = [
    _rule(rf"{TIME}?{FIRST}I {OFTEN}prefer not to (?P<value>.+?){PURPOSE}{NO_MORE}", -1, PreferenceKind.TASTE),
    _rule(
        rf"{TIME}?{FIRST}I {NOT} {OFTEN}(?:like|love|enjoy|prefer|use|want|trust|care for|stand|bear) "
        rf"(?P<value>.+?){PURPOSE}{NO_MORE}",
        -1,
        PreferenceKind.TASTE,
    ),
    _rule(
        rf"I_AM (?:not|no longer) {OFTEN}(?:a |into )?(?:(?:big |huge )?fan of |fond of |keen on )?"
        rf"(?<=of |on |to )(?P<value>.+?){PURPOSE}{NO_MORE}",
        -1,
        PreferenceKind.TASTE,
    ),
    _rule(
        rf"{TIME}?(?:I {OFTEN}(?:hate|dislike|detest|loathe|avoid)|I_AM (?:sick|tired) of|I_HAVE gone off) "
        rf"(?P<value>.+?){PURPOSE}{NO_MORE}",
        -1,
        PreferenceKind.TASTE,
    ),
    _rule(
        rf"{TIME}?{FIRST}I {OFTEN}(?:like|love|enjoy) (?P<value>.+?) (?:more|better) than (?P<other>.+?)"
        rf"{PURPOSE}{AGAIN}",
        1,
        PreferenceKind.CHOICE,
    ),
    _rule(rf"{TIME}?{FIRST}I {OFTEN}prefer (?P<value>.+?){OTHER}{PURPOSE}{AGAIN}", 1, PreferenceKind.CHOICE),
    _rule(
        rf"{FIRST}(?:I'd|I would) {OFTEN}rather (?P<value>.+?) than (?P<other>.+?){PURPOSE}", 1, PreferenceKind.CHOICE
    ),
    _rule(
        rf"my (?:new |current |all-time )?(?:favou?rite|preferred|go-to) (?P<facet>[^,]+?){PURPOSE} "
        rf"(?:is|are) (?:(?:now|still|clearly|actually) )*(?P<value>.+?){AGAIN}",
        1,
        PreferenceKind.CHOICE,
    ),
    _rule(
        rf"(?P<value>[^,]+?) (?:is|are) (?:now |still )?my (?:new |current |all-time )?(?:favou?rite|preferred|go-to) "
        rf"(?P<facet>[^,]+?){PURPOSE}{AGAIN}",
        1,
        PreferenceKind.CHOICE,
    ),
    _rule(
        rf"{TIME}?{FIRST}(?:I|I_HAVE) {OFTEN}(?:switched|moved over|moved|changed|gone over)(?: from (?P<other>.+?))? "
        rf"to (?P<value>.+?){PURPOSE}{AGAIN}",
        1,
        PreferenceKind.CHOICE,
    ),
    _rule(
        rf"{FIRST}I (?:will )?(?:now|always|only) (?:only |always )?use (?P<value>.+?){OTHER}{PURPOSE}{AGAIN}",
        1,
        PreferenceKind.CHOICE,
    ),
    _rule(
        rf"{TIME}{FIRST}(?:I|I'll|I will) {OFTEN}(?:use|choose|take) (?P<value>.+?){OTHER}{PURPOSE}{AGAIN}",
        1,
        PreferenceKind.CHOICE,
    ),
    _rule(
        rf"{TIME}?{FIRST}(?:I {OFTEN}(?:like|love|enjoy|adore)|"
        rf"I_AM {OFTEN}(?:a (?:big |huge )?fan of|fond of|keen on)) (?P<value>.+?){PURPOSE}{AGAIN}",
        1,
        PreferenceKind.TASTE,
    ),
]
"""The first that fits the whole sentence reads it; what is denied comes before what is said."""
