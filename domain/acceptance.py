"""Whether a statement answers a question by itself."""

import re
from collections.abc import Sequence

from domain.answer_types import AnswerType, fits
from domain.chats import SourceKind
from domain.patterns import any_of, compiled
from domain.questions import GENERIC_WEIGHT, KIND_WEIGHT, WORD_WEIGHT, Inquiry
from domain.relevance import (
    AROUND,
    Match,
    Vectors,
    around,
    gains_without,
    known_in,
    lacks_vital,
    names_only,
    narrows,
    outside_period,
    own_met,
    rest_met,
    speaks_of_another,
    strict_type,
    tells_topic,
)
from domain.statements import Statement
from domain.words import stem, stems

ENOUGH, SURE = 0.6, 0.8
"""Coverage from which a statement answers at all, and from which no second one is looked for."""
HINT, CLOSE, NEARBY = 0.33, 0.48, 0.4
"""With this coverage a cosine of at least CLOSE answers too: the sentence says it in other words; NEARBY is enough when
the missing words stand elsewhere in the passage."""
REST = 0.4
"""Share that must be met of what a question says beside its names."""
FOREIGN, OTHER_WORDS = 0.03, -0.04
"""What leaving out a word that no source says may change in the cosine: with enough coverage, and without."""
_DONE = (AnswerType.PERSON, AnswerType.PLACE, AnswerType.TIME)
"""Who did it, where or when is told only together with what was done."""
_ON_RECORD = (
    (
        compiled("\\bvoted (?:for|against|abstain)"),
        compiled(any_of("vot* ballot against in_favou?r stand proposals? decided")),
    ),
    (
        compiled("^The proposal .* (?:passed|failed|rejected|decided)"),
        compiled(any_of("propos* vot* decid* decision pass* reject* approv* adopt* agree* resol* results? outcome")),
    ),
    (compiled("\\bshared “"), compiled(any_of("shar* upload* documents? files? wr[io]te* published? notes"))),
    (
        compiled("^Reason:"),
        compiled(any_of("why reasons? vote* against in_favou?r argu* think opinion said because proposals? decided")),
    ),
)
"""Kinds of facts, and the words that ask for them."""
_COLLECTIVE = compiled(any_of("we our us everybody everyone members?"))


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
    if misses_main(inquiry, candidate.met) or narrows(inquiry, candidate.met) or not told(inquiry, candidate):
        return False
    if speaks_of_another(inquiry, candidate.met, candidate.statement) or off_record(inquiry, candidate.statement):
        return False
    if misses_description(inquiry, candidate.met) or not tells_topic(inquiry, candidate.met):
        return False
    if names_only(inquiry, candidate.met) and (inquiry.type in _DONE or candidate.cosine < CLOSE):
        return False
    if inquiry.type is AnswerType.PERSON and _only_follows(inquiry, candidate):
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


def _only_follows(inquiry: Inquiry, candidate: Match) -> bool:
    """Nothing of the question stands in the sentence itself and no name: "Nobody may clean it." """
    text = candidate.statement.text
    if any(known_in(term, [text]) for term in inquiry.all_terms):
        return False
    return not fits(AnswerType.PERSON, text, given=frozenset(t.stem for t in inquiry.terms), identity=True)


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


def misses_description(inquiry: Inquiry, met: tuple[float, ...]) -> bool:
    """It says nothing of the relative clause: who services a printer, not the one that broke."""
    described = [
        (t.weight, m)
        for t, m in zip(inquiry.terms, met, strict=False)
        if t.stem not in inquiry.main and t.weight > GENERIC_WEIGHT
    ]
    total = sum(weight for weight, _ in described)
    return bool(inquiry.main) and total >= WORD_WEIGHT and sum(w * m for w, m in described) < HINT * total


def off_record(inquiry: Inquiry, statement: Statement) -> bool:
    """What the record says of sharing files and of reasons for votes answers only who asks for that."""
    if statement.evidence.citation.kind is not SourceKind.FACT:
        return False
    return any(said.search(statement.text) and not asked.search(inquiry.text) for said, asked in _ON_RECORD)


def told(inquiry: Inquiry, candidate: Match) -> bool:
    """Of itself the member tells, or the record, or a text in which "we" do it."""
    if not inquiry.personal or is_own(candidate) or bool(_COLLECTIVE.search(candidate.statement.text)):
        return True
    strong = [met for t, met in zip(inquiry.terms, candidate.met, strict=False) if t.weight >= WORD_WEIGHT]
    return len(strong) > 1 and min(strong) >= AROUND and not candidate.statement.first_person


def is_own(candidate: Match) -> bool:
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
