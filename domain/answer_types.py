"""What kind of thing a question asks for, and whether a sentence has one."""

import re
from enum import StrEnum

from domain.lexicon import NUMBERS
from domain.patterns import any_of, compiled
from domain.words import is_closed, is_stopped, stem, tokens


class AnswerType(StrEnum):
    """What a fitting sentence must hold; ANY holds always."""

    ANY = "any"
    PERSON = "person"
    PLACE = "place"
    TIME = "time"
    CLOCK = "clock"
    WEEKDAY = "weekday"
    MONEY = "money"
    NUMBER = "number"
    DURATION = "duration"
    FREQUENCY = "frequency"
    TEMPERATURE = "temperature"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    COLOUR = "colour"
    REASON = "reason"
    NAME = "name"


_MONEY_WORDS = any_of(
    "costs? price fees? charge bills? invoice rent salary wage pays? paid spend spent deposit fine budget owe"
)
_NUMBER_WORD = any_of(*sorted(NUMBERS, key=len, reverse=True))
_MONTHS = any_of("january february march april (?-i:May) june july august september october november december")
_WEEKDAYS = any_of("mondays? tuesdays? wednesdays? thursdays? fridays? saturdays? sundays?")
_TIME_UNITS = r"(?:s|sec|min|h|hrs?|seconds?|minutes?|hours?|days?|weeks?|months?|years?|nights?|seasons?|decades?)\b"
_CURRENCIES = any_of(
    "k euros? eur dollars? usd pounds? francs? chf cents? ct credits? tokens? percent krona kronor kroner kr zloty yen"
)
_CLOCK = r"\d{1,2}[:.]\d\d"
_PROPER = r"(?-i:\b[A-ZÀ-Þ][\w'’-]+)"

_ASKED = (
    (AnswerType.PHONE, r"\b(?:phone|telephone|mobile|fax)\b(?! (?:me|you|us|him|her|them|booth))"),
    (AnswerType.EMAIL, r"\be-?mail\b"),
    (AnswerType.ADDRESS, r"\b(?:post(?:al)? )?address\b"),
    (AnswerType.COLOUR, r"\b(?:what|which) colou?r|\bcolou?r (?:is|was|are|of)"),
    (AnswerType.TEMPERATURE, r"\bhow (?:hot|warm|cold)\b|\btemperature\b"),
    (AnswerType.MONEY, r"\bhow (?:much (?:is|are|was|were)|expensive)\b"),
    (AnswerType.MONEY, rf"\b(?:how (?:much|many|high)|what (?:does|do|did|is|was|will))\b.*{_MONEY_WORDS}"),
    (AnswerType.DURATION, r"\bhow long (?:does|do|did|must|should|may|can|has|have|was|will)\b"),
    (AnswerType.DURATION, r"\bhow long is (?:the|my|your) (?:notice|wait)\b|\bfor how long\b"),
    (AnswerType.DURATION, r"\bhow many (?:minutes|hours|days|weeks|months|years)\b"),
    (AnswerType.NUMBER, r"\bhow (?:much|many|old|long|tall|high|wide|deep|heavy|far|large|big|fast|loud)\b"),
    (AnswerType.NUMBER, r"\b(?:what|which) (?:number|percentage|size|share|speed|weight|height|length)\b"),
    (AnswerType.DURATION, r"\bwithin what (?:time|period)\b|\bhow (?:soon|quickly)\b"),
    (AnswerType.CLOCK, r"\b(?:what|which) time\b"),
    (AnswerType.WEEKDAY, r"\b(?:what|which) (?:week)?days?\b"),
    (AnswerType.FREQUENCY, r"\bhow (?:often|many times|frequently)\b"),
    (AnswerType.TIME, r"\bwhen\b|\b(?:what|which) (?:date|month|year)\b"),
    (AnswerType.TIME, r"\b(?:what|which) (?:evening|morning|night|afternoon|week|weekend)s?\b"),
    (AnswerType.NAME, r"\bname of\b"),
    (AnswerType.PERSON, r"\bwho(?:m|se)?\b"),
    (AnswerType.PLACE, r"\bwhere\b"),
    (AnswerType.REASON, r"\bwhy\b|\bwhat (?:is|was) the reason\b"),
    (AnswerType.NAME, r"\bwhat\b.*\b(?:called|name)\b|\bname\?$"),
)

_HELD = {
    AnswerType.PERSON: compiled(
        any_of("I we he she they my our members? board treasurer secretar* tenants? group team person nobody"),
        any_of("everybody everyone anyone sister brother mother father"),
        rf"{any_of('the a an each every only')} (?:\w+ )?\w+(?:er|or|ist|ian)s?\b",
    ),
    AnswerType.PLACE: compiled(
        any_of("in at on to under behind next near above below beside from inside outside by belongs? via into"),
        any_of("between opposite"),
        ":",
    ),
    AnswerType.TIME: compiled(
        _CLOCK,
        r"\b(?:19|20)\d\d\b|\b[0-3]?\d/[01]?\d\b|\b[0-3]?\d\.[01]?\d\.",
        _MONTHS,
        _WEEKDAYS,
        any_of(
            "mornings? evenings? nights? noon midnight daily weekly monthly yearly every each weeks? months? years?"
        ),
        any_of("days? weekends? within hours? minutes? after before until when while during spring summer autumn"),
        any_of("winter today tomorrow yesterday tonight never always twice once o'clock am pm"),
    ),
    AnswerType.CLOCK: compiled(
        _CLOCK,
        rf"(?:\b\d{{1,2}}|{_NUMBER_WORD})\s?(?:am|pm|o'clock)\b|\bat (?:\d|{_NUMBER_WORD})",
        any_of("noon midnight morning evening"),
    ),
    AnswerType.WEEKDAY: compiled(_WEEKDAYS, _MONTHS, any_of("weekends? daily every_day"), r"\d{4}-\d\d-\d\d"),
    AnswerType.MONEY: compiled(
        rf"[€$£]|\d[\d.,]*\s?(?:{_CURRENCIES}|%)|{_NUMBER_WORD} {_CURRENCIES}",
        r"\d\s?(?-i:[A-Z]{3})\b",
        rf"{_MONEY_WORDS}.{{0,15}}\d|\b(?:bought|sold|got)\b.*\bfor \d",
        any_of("free nothing half no_fee no_charge no_cost gratis"),
    ),
    AnswerType.NUMBER: compiled(r"\d", _NUMBER_WORD, any_of("none no all half nobody several few")),
    AnswerType.DURATION: compiled(
        rf"\d['’]?\s?-?{_TIME_UNITS}",
        rf"(?:\d|{_NUMBER_WORD}|{any_of('a an several half few')})[\s-](?:\w+[\s-])?{_TIME_UNITS}",
        any_of("overnight forever all_day all_night all_week all_year until"),
        r"\d{1,2}:\d\d (?:to|until|-)",
    ),
    AnswerType.FREQUENCY: compiled(
        any_of("times every each per once twice daily weekly monthly yearly annually always never rarely often seldom"),
        _WEEKDAYS,
    ),
    AnswerType.TEMPERATURE: compiled(
        r"\d\s?(?:°|degrees?\b|[CFK]\b)", any_of("room_temperature lukewarm boiling freezing")
    ),
    AnswerType.PHONE: compiled(r"\+?\d[\d /()-]{4,}\d", r"\bextension \d+"),
    AnswerType.EMAIL: compiled(r"\S@\S"),
    AnswerType.ADDRESS: compiled(rf"{_PROPER}\.? \d{{1,4}}[a-z]?\b", rf"\b\d{{1,4}}[a-z]? {_PROPER}", r"\blives?\b"),
    AnswerType.COLOUR: compiled(
        any_of("red green blue yellow black white gr[ae]y brown orange purple pink violet silver gold beige turquoise")
    ),
    AnswerType.REASON: compiled(
        any_of("because since so as due_to for in_order therefore that_is_why otherwise reason to_*"), ":"
    ),
    AnswerType.NAME: compiled('[“"]'),
}

_IDENTITY = compiled(
    r"^\W*who(?:['’]s| is| are| was| were) (?:the|my|our|your) (?:(?:[\w-]+ ){0,2}[\w-]+\W*$|[\w-]+ of\b)"
)
_INITIAL = re.compile(r"^\W*[A-Z][\w’'-]*(?= (?!(?:is|was)\b)[a-z])")
"""A capital that only starts the sentence."""
_FROM = re.compile(rf"\b(?:from|in|at|near)(?: {_PROPER})+")
_ASKING_WORD = compiled(any_of("who whom whose what when where which why how that"))
_YES_NO = compiled(
    r"^\W*" + any_of("is are was were do does did can could may must should shall will would has have am")
)
_ASKED_PATTERNS = tuple((kind, compiled(pattern)) for kind, pattern in _ASKED)

SOFT = frozenset({AnswerType.ANY, AnswerType.REASON})
"""Types that a sentence can answer without any telling word."""

SATISFIED_WORDS = {
    AnswerType.PHONE: "phone telephone mobile fax number extension reach contact",
    AnswerType.EMAIL: "email e-mail mail address",
    AnswerType.ADDRESS: "address postal post live",
    AnswerType.COLOUR: "colour color",
    AnswerType.TEMPERATURE: "temperature hot warm cold heat degree degrees",
    AnswerType.MONEY: "cost price fee money euro euros amount pay expensive spend",
    AnswerType.NUMBER: "number amount size length height weight age percentage tall high wide deep heavy large big far",
    AnswerType.DURATION: "minutes hours days weeks months years period time duration last",
    AnswerType.TIME: "date month year time date deadline",
    AnswerType.CLOCK: "time hour",
    AnswerType.FREQUENCY: "often times frequently",
    AnswerType.WEEKDAY: "day days weekday",
    AnswerType.NAME: "name",
    AnswerType.REASON: "reason",
    AnswerType.PERSON: "person someone member",
    AnswerType.PLACE: "place location live lie stand keep store stay located situated find",
}
"""Words of the question that a fitting answer need not repeat."""


def main_clause(question: str) -> str:
    """Up to the relative clause: "Who services the printer | that broke?" """
    asking = list(_ASKING_WORD.finditer(question))
    return question[: asking[1].start()] if len(asking) > 1 else question


def asked_type(question: str) -> AnswerType:
    """By the words of its main clause; the first that fits. "Where is what who lost?" asks for a place."""
    main = main_clause(question)
    if _YES_NO.match(question):
        return AnswerType.ANY
    return next((kind for kind, pattern in _ASKED_PATTERNS if pattern.search(main)), AnswerType.ANY)


def is_identity(question: str) -> bool:
    """ "Who is the landlord?" asks for a name, not for what somebody does."""
    return bool(_IDENTITY.search(question))


def fits(kind: AnswerType, text: str, *, given: frozenset[str] = frozenset(), identity: bool = False) -> bool:
    """Whether a sentence holds what the type asks for; names that the question gives (as stems) are no answer."""
    if kind in (AnswerType.PERSON, AnswerType.NAME):
        told = _INITIAL.sub("", text) if identity else text
        told = _FROM.sub("", told) if kind is AnswerType.PERSON else told
        if any(stem(name) not in given for name in names_in(told)):
            return True
        return not identity and bool(_HELD[kind].search(text))
    return kind is AnswerType.ANY or bool(_HELD[kind].search(text))


def names_in(text: str) -> list[str]:
    """Words with a capital that are neither everyday words nor days."""
    found = [word.removesuffix("'s").removesuffix("’s") for word in re.findall(_PROPER, text)]
    return [word for word in found if tokens(word) and not is_stopped(word) and not is_closed(stem(word))]
