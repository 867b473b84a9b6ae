"""Which statements answer a question: one, two that share a bridge, the newest of several preferences, or none."""

import re
from collections.abc import Sequence
from itertools import permutations

from domain.answer_types import AnswerType
from domain.chats import SourceKind
from domain.questions import Inquiry
from domain.relevance import (
    Match,
    Vectors,
    around,
    cosine,
    coverage,
    lacks_vital,
    match,
    outside_period,
    rest_met,
    strict_type,
)
from domain.statements import Statement
from domain.words import is_generic, is_stopped, stem, stems, tokens

ENOUGH, SURE = 0.6, 0.8
"""Coverage from which a statement answers at all, and from which no second one is looked for."""
HINT, CLOSE = 0.33, 0.52
"""With this coverage a cosine of at least CLOSE answers too: the sentence says it in other words."""
PAIR = 0.72
PREFERENCE_HINT, PREFERENCE_CLOSE = 0.45, 0.45
SAME_SUBJECT = 0.2
"""Two preferences whose scores differ by no more may be of one subject; then the newer counts."""
_MOST = 12
"""Statements that pairs are made of."""

_PREFERS = re.compile(
    r"\b(?:prefer\w*|favou?rites?|likes?|loves?|loved|hates?|hated|dislikes?|enjoy\w*|rather|fond|can['’]?t stand|cannot stand|switched|changed"
    r"|want|wants|wish|against|in favour|would|best|done with|not a fan|fan of|believe|think|don['’]t (?:like|want|eat|drink|use|need)|never|always"
    r"|too|wrong about|right about|gave in|go for|opt|find|good|bad|great|awful)\b",
    re.IGNORECASE,
)


def select(inquiry: Inquiry, statements: Sequence[Statement], vectors: Vectors, *, name: str) -> list[Match]:
    """The matches to answer with, in reading order; none when nothing known answers."""
    matches = [match(inquiry, each, vectors) for each in statements if fit_to_speak(inquiry, each, name=name)]
    if inquiry.preference:
        return preferred(inquiry, matches, vectors)
    single = best(inquiry, [each for each in matches if accepted(inquiry, each)])
    if single is not None and single.coverage >= SURE and single.fits:
        return listed(inquiry, single, matches)
    pair = bridged(inquiry, matches)
    return pair or ([single] if single else [])


def fit_to_speak(inquiry: Inquiry, statement: Statement, *, name: str) -> bool:
    """What others say of themselves, or how others voted, tells nothing about the member."""
    if not inquiry.about_member:
        return True
    if statement.evidence.citation.kind is SourceKind.FACT:
        return _names_member(statement, name) or not _personal(inquiry)
    return statement.evidence.own or not statement.first_person


def _names_member(statement: Statement, name: str) -> bool:
    return bool(stems(statement.text) & {stem(part) for part in name.split() if len(part) > 2})


def _personal(inquiry: Inquiry) -> bool:
    """It asks what the member did, not what "we" did."""
    return not re.search(r"\b(?:we|us|our)\b", inquiry.text, re.IGNORECASE)


def accepted(inquiry: Inquiry, candidate: Match) -> bool:
    """Names, numbers and dates are there, the asked type too, and enough of the other words or of the meaning."""
    if lacks_vital(inquiry, candidate.met) or (strict_type(inquiry) and not candidate.fits):
        return False
    if outside_period(inquiry, candidate.statement) or rest_met(inquiry, candidate.met) < HINT:
        return False
    if candidate.coverage >= ENOUGH:
        return True
    return candidate.coverage >= HINT and candidate.cosine >= CLOSE


def best(inquiry: Inquiry, candidates: Sequence[Match]) -> Match | None:
    """The highest score; the newer of two equals, then the one that comes first."""
    return max(candidates, key=lambda each: (round(each.score, 2), each.statement.evidence.at), default=None)


def listed(inquiry: Inquiry, first: Match, matches: Sequence[Match]) -> list[Match]:
    """Of the record all facts that answer as well, at most three: "what was decided in May?" """
    if first.statement.evidence.citation.kind is not SourceKind.FACT or inquiry.type is not AnswerType.ANY:
        return [first]
    others = [
        each
        for each in matches
        if each is not first
        and each.statement.evidence.citation.kind is SourceKind.FACT
        and each.coverage >= first.coverage - 0.05
        and accepted(inquiry, each)
    ]
    return sorted([first, *others][:3], key=lambda each: each.statement.evidence.at)


def preferred(inquiry: Inquiry, matches: Sequence[Match], vectors: Vectors) -> list[Match]:
    """The newest of the member's own preferences about what is asked."""
    own = [each for each in matches if each.statement.evidence.own and _PREFERS.search(each.statement.text)]
    fitting = [each for each in own if not lacks_vital(inquiry, each.met) and _liked(inquiry, each)]
    first = best(inquiry, fitting)
    if first is None:
        single = best(inquiry, [each for each in matches if accepted(inquiry, each)])
        return [single] if single else []
    rivals = [each for each in fitting if same_subject(first, each, vectors)]
    return [max(rivals, key=lambda each: (each.statement.evidence.at, each.score))]


def _liked(inquiry: Inquiry, candidate: Match) -> bool:
    if not inquiry.all_terms:
        return True
    if candidate.coverage >= PREFERENCE_HINT:
        return True
    return candidate.cosine >= PREFERENCE_CLOSE


def same_subject(one: Match, other: Match, vectors: Vectors) -> bool:
    return abs(one.coverage - other.coverage) <= SAME_SUBJECT and other.score >= one.score - 2 * SAME_SUBJECT


def bridged(inquiry: Inquiry, matches: Sequence[Match]) -> list[Match]:
    """Two statements that share a word which leads from the question's description to the answer."""
    useful = sorted((each for each in matches), key=lambda each: -each.score)[:_MOST]
    pairs = [(first, second) for first, second in permutations(useful, 2) if _leads(inquiry, first, second)]
    if not pairs:
        return []
    chosen = max(pairs, key=lambda pair: (round(_joint(inquiry, *pair), 3), pair[1].score + pair[0].score))
    return list(chosen)


def _joint(inquiry: Inquiry, first: Match, second: Match) -> float:
    return coverage(inquiry, tuple(max(pair) for pair in zip(first.met, second.met, strict=True)))


def _leads(inquiry: Inquiry, first: Match, second: Match) -> bool:
    """`first` describes, `second` answers: each brings words of its own, and together they meet the question."""
    met = tuple(max(pair) for pair in zip(first.met, second.met, strict=True))
    if lacks_vital(inquiry, met) or (strict_type(inquiry) and not second.fits):
        return False
    if coverage(inquiry, met) < PAIR or not bridges(first.statement, second.statement, inquiry):
        return False
    brings = _brings(inquiry, first, second)
    answers = _brings(inquiry, second, first) or (strict_type(inquiry) and not first.fits)
    return brings and answers


def _brings(inquiry: Inquiry, one: Match, other: Match) -> bool:
    gained = sum(
        term.weight * max(0.0, here - there)
        for term, here, there in zip(inquiry.all_terms, one.met, other.met, strict=True)
    )
    return gained >= 0.4


def bridges(first: Statement, second: Statement, inquiry: Inquiry) -> frozenset[str]:
    """Telling words that both have; a name counts always, another word only in a question that relates two things."""
    shared = _telling(first) & _telling(second)
    names = _named(first) & _named(second)
    asked = {term.stem for term in inquiry.terms}
    if names - asked:
        return frozenset(names - asked)
    return frozenset(shared if inquiry.relational else ())


def _telling(statement: Statement) -> frozenset[str]:
    text = statement.text if not statement.leans else f"{statement.before} {statement.text}"
    return frozenset(
        stem(t) for t in tokens(text) if not is_stopped(t) and not is_generic(stem(t)) and t[0].isalpha() and len(t) > 2
    )


def _named(statement: Statement) -> frozenset[str]:
    """Capitalised words; the first of a sentence only when it is not an everyday word."""
    text = statement.text if not statement.leans else f"{statement.before} {statement.text}"
    return frozenset(
        stem(t) for t in tokens(text) if t[0].isupper() and not is_stopped(t) and len(t) > 2 and not is_generic(stem(t))
    )


def describe(inquiry: Inquiry, candidate: Match, vectors: Vectors) -> str:
    """One line for tuning: how a statement fared."""
    return (
        f"cov {candidate.coverage:.2f} cos {candidate.cosine:.2f} fit {candidate.fits} {candidate.statement.text[:80]}"
    )


__all__ = ["around", "cosine", "describe", "select"]
