"""What kind of thing a question asks for, and whether a sentence has one."""

import re
from enum import StrEnum

from domain.lexicon import NUMBERS


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
    TEMPERATURE = "temperature"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    COLOUR = "colour"
    REASON = "reason"
    NAME = "name"


_MONEY_WORDS = r"(?:cost|price|fee|charge|rent|salary|wage|pay|paid|spend|spent|deposit|fine|budget|owe)"
_NUMBER_WORD = rf"(?:{'|'.join(sorted(NUMBERS, key=len, reverse=True))})"
_MONTHS = r"(?:january|february|march|april|(?-i:May)|june|july|august|september|october|november|december)"
_WEEKDAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"

_ASKED = (
    (AnswerType.PHONE, r"\b(?:phone|telephone|mobile|fax)\b(?! (?:me|you|us|him|her|them|booth))"),
    (AnswerType.EMAIL, r"\be-?mail\b"),
    (AnswerType.ADDRESS, r"(?<!e-mail )(?<!email )\b(?:post(?:al)? )?address\b"),
    (AnswerType.COLOUR, r"\b(?:what|which) colou?r|\bcolou?r (?:is|was|are|of)"),
    (AnswerType.TEMPERATURE, r"\bhow (?:hot|warm|cold)\b|\btemperature\b"),
    (AnswerType.MONEY, rf"\bhow much (?:is|are|was|were)\b|\bhow (?:much|many|high)\b.*\b{_MONEY_WORDS}s?\b"),
    (AnswerType.MONEY, rf"\bwhat (?:does|do|did|is|was|will)\b.*\b{_MONEY_WORDS}s?\b|\bhow expensive\b"),
    (AnswerType.DURATION, r"\bhow long (?:does|do|did|must|should|may|can|is (?:the|my|your) (?:notice|wait)|has|have|was|will)\b"),
    (AnswerType.DURATION, r"\bfor how long\b|\bhow many (?:minutes|hours|days|weeks|months|years)\b"),
    (AnswerType.NUMBER, r"\bhow (?:much|many|old|long|tall|high|wide|deep|heavy|far|large|big|fast|loud)\b"),
    (AnswerType.NUMBER, r"\b(?:what|which) (?:number|percentage|size|share|speed|weight|height|length)\b"),
    (AnswerType.CLOCK, r"\b(?:what|which) time\b"),
    (AnswerType.WEEKDAY, r"\b(?:what|which|on what|on which) (?:week)?days?\b"),
    (AnswerType.TIME, r"\bwhen\b|\b(?:what|which) (?:evening|morning|night|afternoon|week|weekend)s?\b|\b(?:what|which) (?:date|month|year)\b|\bhow often\b|\b(?:until|since) when\b"),
    (AnswerType.NAME, r"\bname of\b"),
    (AnswerType.PERSON, r"\bwho(?:m|se)?\b"),
    (AnswerType.PLACE, r"\bwhere\b"),
    (AnswerType.REASON, r"\bwhy\b|\bwhat (?:is|was) the reason\b"),
    (AnswerType.NAME, r"\bwhat\b.*\b(?:called|name)\b|\bname\?$"),
)  # fmt: skip

_HELD = {
    AnswerType.PERSON: r"(?-i:\b[A-Z][\w'’-]+)|\b(?:i|we|he|she|they|my|our|members?|board|treasurer|secretar\w+|tenants?|group|team|person"
    r"|nobody|everybody|everyone|anyone|sister|brother|mother|father|\w+(?:er|or|ist|ian)s?)\b",
    AnswerType.PLACE: r"\b(?:in|at|on|to|under|behind|next|near|above|below|beside|from|inside|outside|by|belongs?|via|into|between|opposite)\b|:",
    AnswerType.TIME: rf"\d{{1,2}}[:.]\d\d|\b(?:19|20)\d\d\b|\b{_MONTHS}\b|\b{_WEEKDAYS}\b|\b(?:morning|evening|night|noon|midnight|daily|weekly"
    r"|monthly|yearly|every|each|weeks?|months?|years?|days?|weekend|within|hours?|minutes?|after|before|until|when|while|during|spring|summer|autumn|winter"
    r"|today|tomorrow|yesterday|tonight|never|always|twice|once|o'clock|am|pm)\b",
    AnswerType.CLOCK: rf"\d{{1,2}}[:.]\d\d|\b(?:\d{{1,2}}|{_NUMBER_WORD})\s?(?:am|pm|o'clock)\b|\b(?:noon|midnight|morning|evening)\b|\bat (?:\d|{_NUMBER_WORD})",
    AnswerType.WEEKDAY: rf"\b{_WEEKDAYS}\b|\bweekends?\b|\bdaily\b|\bevery day\b|\b{_MONTHS}\b|\d{{4}}-\d\d-\d\d",
    AnswerType.MONEY: rf"[€$£]|\d[\d.,]*\s?(?:k\b|euros?\b|eur\b|dollars?\b|usd\b|pounds?\b|francs?\b|chf\b|cents?\b|ct\b|credits?\b|tokens?\b|percent\b|%)"
    rf"|\b{_NUMBER_WORD} (?:euros?|dollars?|pounds?|cents?|francs?)\b|\b(?:free|nothing|half|no (?:fee|charge|cost)|gratis)\b",
    AnswerType.NUMBER: rf"\d|\b{_NUMBER_WORD}\b|\b(?:none|no|all|half|nobody|several|few)\b",
    AnswerType.DURATION: rf"(?:\d|\b(?:{_NUMBER_WORD}|a|an|several|half|few))[\d.,]*['’]?\s?-?(?:s|sec|min|h|hrs?|seconds?|minutes?|hours?|days?|weeks?|months?|years?"
    r"|nights?|seasons?|decades?)\b|\b(?:overnight|forever|all (?:day|night|week|year))\b|\buntil\b|\d{1,2}:\d\d (?:to|until|-)",
    AnswerType.TEMPERATURE: r"\d\s?(?:°|degrees?\b|c\b|f\b|k\b)|\b(?:room temperature|lukewarm|boiling|freezing|cold|hot|warm)\b",
    AnswerType.PHONE: r"\+?\d[\d /()-]{4,}\d|\bextension \d+",
    AnswerType.EMAIL: r"\S@\S",
    AnswerType.ADDRESS: r"(?-i:\b[A-ZÀ-Þ]\w+\.? \d{1,4}[a-z]?\b|\b\d{1,4}[a-z]? [A-ZÀ-Þ]\w+)|\blives?\b",
    AnswerType.COLOUR: r"\b(?:red|green|blue|yellow|black|white|gr[ae]y|brown|orange|purple|pink|violet|silver|gold|beige|turquoise)\b",
    AnswerType.NAME: r"(?-i:(?<!^)\b[A-Z][\w'’-]+)|[“\"']",
}  # fmt: skip

_ASKING_WORD = re.compile(r"\b(?:who|whom|whose|what|when|where|which|why|how|that)\b", re.IGNORECASE)
_ASKED_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _ASKED)
_HELD_PATTERNS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _HELD.items()}

SOFT = frozenset({AnswerType.ANY, AnswerType.REASON, AnswerType.PLACE, AnswerType.NAME})
"""Types that a sentence can answer without any telling word."""

SATISFIED_WORDS = {
    AnswerType.PHONE: "phone telephone mobile fax number extension reach contact",
    AnswerType.EMAIL: "email e-mail mail address",
    AnswerType.ADDRESS: "address postal post live",
    AnswerType.COLOUR: "colour color",
    AnswerType.TEMPERATURE: "temperature hot warm cold heat degree degrees",
    AnswerType.MONEY: "cost price fee money money euro euros amount pay expensive spend",
    AnswerType.NUMBER: "number amount size length height weight age percentage tall high wide deep heavy large big fast loud old long far",
    AnswerType.DURATION: "minutes hours days weeks months years period time duration last",
    AnswerType.TIME: "date month year time date deadline",
    AnswerType.CLOCK: "time hour",
    AnswerType.WEEKDAY: "day days weekday",
    AnswerType.NAME: "name",
    AnswerType.REASON: "reason",
    AnswerType.PERSON: "person someone member",
    AnswerType.PLACE: "place location",
}
"""Words of the question that a fitting answer need not repeat."""


def main_clause(question: str) -> str:
    """Up to the relative clause: "Who services the printer | that broke?" """
    asking = list(_ASKING_WORD.finditer(question))
    return question[: asking[1].start()] if len(asking) > 1 else question


def asked_type(question: str) -> AnswerType:
    """By the words of its main clause; the first that fits. "Where is what who lost?" asks for a place."""
    main = main_clause(question)
    return next((kind for kind, pattern in _ASKED_PATTERNS if pattern.search(main)), AnswerType.ANY)


def fits(kind: AnswerType, text: str) -> bool:
    """Whether a sentence holds what the type asks for."""
    if kind is AnswerType.ANY:
        return True
    if kind is AnswerType.REASON:
        return bool(_REASON.search(text))
    return bool(_HELD_PATTERNS[kind].search(text))


_REASON = re.compile(
    r"\b(?:because|since|so|as|due to|for|in order|therefore|that is why|otherwise|reason|to \w+)\b|:", re.IGNORECASE
)
