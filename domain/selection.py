"""Which statements answer a question: one, two that share a bridge, the newest of several preferences, or none."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

from domain.answer_types import AnswerType
from domain.chats import SourceKind
from domain.patterns import any_of, compiled
from domain.questions import KIND_WEIGHT, WORD_WEIGHT, Inquiry
from domain.relevance import (
    Match,
    Vectors,
    around,
    coverage,
    gains_without,
    known_in,
    lacks_vital,
    match,
    names_only,
    narrows,
    outside_period,
    own_met,
    rest_met,
    speaks_of_another,
    strict_type,
)
from domain.statements import Statement
from domain.words import is_generic, is_stopped, stem, stems, tokens

ENOUGH, SURE = 0.6, 0.8
"""Coverage from which a statement answers at all, and from which no second one is looked for."""
HINT, CLOSE, NEARBY = 0.33, 0.48, 0.4
"""With this coverage a cosine of at least CLOSE answers too: the sentence says it in other words; NEARBY is enough when
the missing words stand elsewhere in the passage."""
REST = 0.4
"""Share that must be met of what a question says beside its names."""
FOREIGN, OTHER_WORDS = 0.03, -0.04
"""What leaving out a word that no source says may change in the cosine: with enough coverage, and without."""
PAIR, NAMED_PAIR = 0.72, 0.6
"""Coverage that two statements need together; less when a name leads from one to the other."""
PREFERENCE_HINT, PREFERENCE_CLOSE = 0.45, 0.45
SAME_SUBJECT = 0.2
"""Two preferences whose scores differ by no more may be of one subject; then the newer counts."""
_MOST = 12
"""Statements that pairs are made of."""

_PREFERS = compiled(
    any_of("prefer* favou?rites? likes? loved? loves? hated? hates? dislikes? enjoy* rather fond can['’]?t_stand"),
    any_of("cannot_stand switched changed wants? wish against in_favour would best done_with fan_of not_a_fan believe"),
    any_of("think don['’]t_(?:like|want|eat|drink|use|need) never always too wrong_about right_about gave_in go_for"),
    any_of("opt find good bad great awful"),
)


_COLLECTIVE = compiled(any_of("we our us everybody everyone members?"))
_DESCRIBES = compiled(any_of("who that which whoever whose"))


def select(inquiry: Inquiry, statements: Sequence[Statement], vectors: Vectors, *, name: str) -> list[Match]:
    """The matches to answer with, in reading order; none when nothing known answers."""
    matches = [match(inquiry, each, vectors) for each in statements if fit_to_speak(inquiry, each, name=name)]
    if inquiry.preference:
        return preferred(inquiry, matches, vectors)
    heard = heard_of(inquiry, statements)
    single = best(
        inquiry, [each for each in matches if accepted(inquiry, each) and not foreign(inquiry, each, heard, vectors)]
    )
    if single is not None and single.coverage >= SURE and single.fits:
        return listed(inquiry, single, matches)
    pair = bridged(inquiry, matches, heard)
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
    if misses_main(inquiry, candidate.met) or narrows(inquiry, candidate.met) or not _told(inquiry, candidate):
        return False
    if speaks_of_another(inquiry, candidate.met, candidate.statement):
        return False
    if names_only(inquiry, candidate.met) and candidate.cosine < CLOSE:
        return False
    if inquiry.type is AnswerType.PLACE and _misses_subject(inquiry, candidate):
        return False
    if inquiry.topic and own_met(inquiry, candidate.met) < REST:
        return False
    if outside_period(inquiry, candidate.statement) or rest_met(inquiry, candidate.met) < REST:
        return False
    if candidate.coverage >= ENOUGH:
        return True
    close = NEARBY if _nearby(inquiry, candidate) else CLOSE
    return candidate.coverage >= HINT and candidate.cosine >= close


def _misses_subject(inquiry: Inquiry, candidate: Match) -> bool:
    """Where the soloist of the concert lives is not told by a sentence on the concert."""
    strong = [met for t, met in zip(inquiry.terms, candidate.met, strict=False) if t.weight >= WORD_WEIGHT]
    return bool(strong) and strong[0] < 0.5


def _nearby(inquiry: Inquiry, candidate: Match) -> bool:
    """What the sentence lacks stands elsewhere in its passage."""
    passage = candidate.statement.evidence.text
    missing = [t for t, met in zip(inquiry.terms, candidate.met, strict=False) if met < 0.5 and t.weight >= KIND_WEIGHT]
    return all(known_in(term, [passage]) for term in missing)


def misses_main(inquiry: Inquiry, met: tuple[float, ...]) -> bool:
    """It only tells the relative clause: that the printer broke, not who services it."""
    asked = [(t.weight, m) for t, m in zip(inquiry.terms, met, strict=False) if t.stem in inquiry.main]
    total = sum(weight for weight, _ in asked)
    return total >= WORD_WEIGHT and sum(weight * m for weight, m in asked) < HINT * total


def _told(inquiry: Inquiry, candidate: Match) -> bool:
    """Of itself the member tells, or the record, or a text in which "we" do it."""
    return not inquiry.personal or _own(candidate) or bool(_COLLECTIVE.search(candidate.statement.text))


def _own(candidate: Match) -> bool:
    evidence = candidate.statement.evidence
    return evidence.own or evidence.citation.kind is SourceKind.FACT


def heard_of(inquiry: Inquiry, statements: Sequence[Statement]) -> frozenset[str]:
    """Stems of the question's words that some statement or source says."""
    texts = [text for each in statements for text in (each.text, *around(each))]
    return frozenset(term.stem for term in inquiry.terms if known_in(term, texts))


def foreign(inquiry: Inquiry, candidate: Match, heard: frozenset[str], vectors: Vectors) -> bool:
    """A telling word of the question is met by no source, nor said here in other words."""
    limit = FOREIGN if candidate.coverage >= ENOUGH else OTHER_WORDS
    missing = [
        term
        for term, met in zip(inquiry.terms, candidate.met, strict=False)
        if met < 0.5
        and term.weight >= WORD_WEIGHT
        and term.stem not in heard
        and (not inquiry.main or term.stem in inquiry.main)
    ]
    gains = [gains_without(inquiry, term, candidate, vectors) for term in missing]
    return bool(gains) and sum(gains) / len(gains) > limit


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


def bridged(inquiry: Inquiry, matches: Sequence[Match], heard: frozenset[str]) -> list[Match]:
    """Two statements that share a word which leads from the question's description to the answer."""
    useful = sorted((each for each in matches), key=lambda each: -each.score)[:_MOST]
    pairs = [(first, second) for first, second in permutations(useful, 2) if _leads(inquiry, first, second, heard)]
    if not pairs:
        return []
    return list(max(pairs, key=lambda pair: _rank(inquiry, *pair)))


def _rank(inquiry: Inquiry, first: Match, second: Match) -> tuple[float, float, float]:
    """The second says what the main clause asks; together they say the most."""
    main = sum(t.weight * m for t, m in zip(inquiry.terms, second.met, strict=False) if t.stem in inquiry.main)
    said = coverage(inquiry, tuple(max(pair) for pair in zip(first.met, second.met, strict=True)))
    return round(main, 2), round(said, 3), first.score + second.score


def _together(inquiry: Inquiry, first: Match, second: Match) -> tuple[float, ...]:
    """What either meets; half counts what stands elsewhere in the passage of the first, which describes."""
    return tuple(max(pair) for pair in zip(_describing(inquiry, first, second), second.met, strict=True))


def _describing(inquiry: Inquiry, first: Match, second: Match) -> tuple[float, ...]:
    """What the first meets, its passage included when the second stands in another."""
    passage = first.statement.evidence.text
    if passage == second.statement.evidence.text:
        return first.met
    return tuple(
        0.5 if met < 0.5 and not term.vital and known_in(term, [passage]) else met
        for term, met in zip(inquiry.all_terms, first.met, strict=True)
    )


def _leads(inquiry: Inquiry, first: Match, second: Match, heard: frozenset[str]) -> bool:
    """`first` describes, `second` answers: each brings words of its own, and together they meet the question."""
    met = _together(inquiry, first, second)
    if lacks_vital(inquiry, met) or (strict_type(inquiry) and not second.fits):
        return False
    if inquiry.personal and not (_own(first) or _own(second)):
        return False
    if narrows(inquiry, met) or (
        not inquiry.relational
        and any(
            t.weight == WORD_WEIGHT and m < 0.5 and t.stem not in heard
            for t, m in zip(inquiry.terms, met, strict=False)
        )
    ):
        return False
    shared = bridges(first.statement, second.statement, inquiry)
    needed = NAMED_PAIR if shared & _named(first.statement) else PAIR
    if not shared or coverage(inquiry, met) < needed or misses_main(inquiry, met):
        return False
    brings = _brings(inquiry, replace(first, met=_describing(inquiry, first, second)), second)
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
    return frozenset(shared if inquiry.relational or _DESCRIBES.search(first.text) else ())


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
