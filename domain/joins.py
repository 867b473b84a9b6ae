"""Several statements that answer together: neighbours in a paragraph, or two that share a bridge."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

from domain.acceptance import is_own, misses_main, off_record, told
from domain.answer_types import AnswerType, fits
from domain.patterns import any_of, compiled
from domain.questions import GENERIC_WEIGHT, WORD_WEIGHT, Inquiry, Term
from domain.relevance import (
    Match,
    coverage,
    known_in,
    lacks_vital,
    narrows,
    outside_period,
    own_met,
    speaks_of_another,
    strict_type,
)
from domain.statements import Statement
from domain.words import is_generic, is_stopped, stem, tokens

PAIR, NAMED_PAIR, ALL = 0.72, 0.6, 0.95
"""Coverage that two statements need together: less when a name leads from one to the other, all when anything fits."""
DESCRIBED, REST_TOLD, SLACK = 0.5, 0.5, 0.1
"""Shares: of a description that its statement meets, of the rest that the other tells, and what names leave open."""
REACH = 3
"""Sentences from the first to the last of neighbours that complete each other, less one."""
_MOST = 12
"""Statements that pairs are made of."""
_DESCRIBES = compiled(any_of("who that which whoever whose"))


def adjoined(inquiry: Inquiry, matches: Sequence[Match], heard: frozenset[str]) -> Match | None:
    """Neighbours in a paragraph read as one: "I replaced the gear of Birch. The gear cost €18.40." """
    pairs = [(one, two) for one, two in permutations(matches, 2) if _near(one.statement, two.statement)]
    spans = [_span(inquiry, one, two, matches) for one, two in pairs if _completes(inquiry, one, two, heard)]
    return max(
        (span for span in spans if span is not None),
        key=lambda span: (round(span.coverage, 2), -len(span.statement.text)),
        default=None,
    )


def _near(first: Statement, second: Statement) -> bool:
    (paragraph, place), (other, later) = first.place, second.place
    if first.evidence is not second.evidence or paragraph != other or not 0 < later - place <= REACH:
        return False
    return not second.leans or first.text in second.before


def _completes(inquiry: Inquiry, one: Match, two: Match, heard: frozenset[str]) -> bool:
    """Together they meet the question, none of them alone, and no other name stands where one is asked for."""
    met = tuple(max(pair) for pair in zip(one.met, two.met, strict=True))
    if lacks_vital(inquiry, met) or misses_main(inquiry, met) or coverage(inquiry, met) < PAIR:
        return False
    if not _linked(inquiry, two) or not (one.fits or two.fits) or not _names_somebody(inquiry, one, two):
        return False
    if not strict_type(inquiry) and own_met(inquiry, met) < ALL:
        return False
    if not (told(inquiry, one) or told(inquiry, two)) or outside_period(inquiry, one.statement):
        return False
    if any(speaks_of_another(inquiry, each.met, each.statement) for each in (one, two)):
        return False
    if unheard(inquiry, met, heard) or _changes_subject(inquiry, one, two):
        return False
    return _brings(inquiry, one, two) and (_brings(inquiry, two, one) or (two.fits and not one.fits))


def _names_somebody(inquiry: Inquiry, one: Match, two: Match) -> bool:
    """Of neighbours a pronoun is not enough to say who."""
    given = frozenset(term.stem for term in inquiry.terms)
    return inquiry.type is not AnswerType.PERSON or any(
        fits(inquiry.type, each.statement.text, given=given, identity=True) for each in (one, two)
    )


def _linked(inquiry: Inquiry, second: Match) -> bool:
    """The later sentence goes on about it: it points back, or says a word of the question itself."""
    own = [_met_inside(term, second) for term in inquiry.terms if term.weight > GENERIC_WEIGHT or term.kind]
    return second.statement.leans or any(own)


def _met_inside(term: Term, found: Match) -> bool:
    return known_in(term, [found.statement.text])


def unheard(inquiry: Inquiry, met: Sequence[float], heard: frozenset[str]) -> bool:
    """A telling word that no source says."""
    return any(
        t.weight == WORD_WEIGHT and m < 0.5 and t.stem not in heard for t, m in zip(inquiry.terms, met, strict=False)
    )


def _changes_subject(inquiry: Inquiry, one: Match, two: Match) -> bool:
    """A name of the question stands in one sentence only, and another name in the other."""
    pairs = zip(inquiry.terms, one.met, two.met, strict=False)
    for term, here, there in pairs:
        if term.vital and (here >= 0.5) != (there >= 0.5):
            lacking, having = (two, one) if here >= 0.5 else (one, two)
            if named(lacking.statement, alone=True) - named(having.statement, alone=True):
                return lacking is two or not inquiry.topic
    return False


def _span(inquiry: Inquiry, one: Match, two: Match, matches: Sequence[Match]) -> Match | None:
    """From the first to the last as one statement; None when something between them is no statement."""
    paragraph, start = one.statement.place
    end = two.statement.place[1]
    inside = [
        each
        for each in matches
        if each.statement.evidence is one.statement.evidence
        and each.statement.place[0] == paragraph
        and start <= each.statement.place[1] <= end
    ]
    inside.sort(key=lambda each: each.statement.place)
    if len(inside) != end - start + 1:
        return None
    met = tuple(max(degrees) for degrees in zip(*(each.met for each in inside), strict=True))
    whole = replace(one.statement, text=" ".join(each.statement.text for each in inside))
    return replace(one, statement=whole, met=met, coverage=coverage(inquiry, met), fits=one.fits or two.fits)


def led(inquiry: Inquiry, matches: Sequence[Match]) -> list[Match]:
    """One statement describes, the other tells the rest of what it names: "Birch broke." "Chen services Birch." """
    described = described_in(inquiry)
    leads = [each for each in matches if share(described, each, inquiry) >= DESCRIBED] if described else []
    pairs = [(one, two) for one in leads for two in matches if _tells_rest(inquiry, one, two)]
    return list(max(pairs, key=lambda pair: _strength(inquiry, described, *pair), default=()))


def described_in(inquiry: Inquiry) -> list[Term]:
    """Terms of the relative clause; else the names, when the question says more."""
    telling_terms = [term for term in inquiry.terms if term.weight > GENERIC_WEIGHT]
    if inquiry.main:
        return [term for term in telling_terms if term.stem not in inquiry.main]
    names = [term for term in telling_terms if term.vital]
    return names if len(names) < len(telling_terms) else []


def share(terms: Sequence[Term], found: Match, inquiry: Inquiry) -> float:
    """How much of these terms it meets."""
    met = dict(zip((term.stem for term in inquiry.terms), found.met, strict=False))
    return sum(t.weight * met[t.stem] for t in terms) / sum(t.weight for t in terms)


def _tells_rest(inquiry: Inquiry, lead: Match, tale: Match) -> bool:
    """It has the type asked for, what the lead leaves open, and a name that the lead brings."""
    if tale is lead or not tale.fits or (strict_type(inquiry) and tale.statement.text == lead.statement.text):
        return False
    if not (told(inquiry, lead) or told(inquiry, tale)) or off_record(inquiry, tale.statement):
        return False
    met = tuple(max(pair) for pair in zip(lead.met, tale.met, strict=True))
    if lacks_vital(inquiry, met) or not _bridge(inquiry, lead, tale):
        return False
    rest = [t for t, m in zip(inquiry.terms, lead.met, strict=False) if m < 0.5 and t.weight > GENERIC_WEIGHT]
    strong = [t for t in rest if not t.kind]
    if not strong:
        return (strict_type(inquiry) and not lead.fits) or _adds_kind(inquiry, lead, tale)
    return share(strong, tale, inquiry) >= (REST_TOLD if inquiry.main else ALL - SLACK)


def _adds_kind(inquiry: Inquiry, lead: Match, tale: Match) -> bool:
    """It says what the main clause asks for by name: the berth, or who keeps it."""
    terms = zip(inquiry.terms, lead.met, tale.met, strict=False)
    return any(here < 0.5 <= there for term, here, there in terms if term.stem in inquiry.main)


def _bridge(inquiry: Inquiry, lead: Match, tale: Match) -> frozenset[str]:
    """What both say and the question does not: names, or several words."""
    asked = {term.stem for term in inquiry.terms}
    shared = (telling(lead.statement) & telling(tale.statement)) - asked
    names = (named(lead.statement) & named(tale.statement)) - asked
    return frozenset(shared) if names or (inquiry.main and shared) else frozenset()


def _strength(inquiry: Inquiry, described: Sequence[Term], lead: Match, tale: Match) -> tuple[float, ...]:
    both = tuple(max(pair) for pair in zip(lead.met, tale.met, strict=True))
    names = (named(lead.statement) & named(tale.statement)) - {term.stem for term in inquiry.terms}
    return (
        round(share(described, lead, inquiry), 2),
        bool(names),
        round(coverage(inquiry, both), 1),
        -len(named(tale.statement, alone=True) - named(lead.statement)),
        len(_bridge(inquiry, lead, tale)),
        lead.score + tale.score,
    )


def said_by(inquiry: Inquiry, matches: Sequence[Match]) -> float:
    """Coverage of all together."""
    return coverage(inquiry, tuple(max(degrees) for degrees in zip(*(each.met for each in matches), strict=True)))


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
    if lacks_vital(inquiry, met) or not second.fits:
        return False
    if inquiry.personal and not (is_own(first) or is_own(second)):
        return False
    if narrows(inquiry, met) or (not inquiry.relational and unheard(inquiry, met, heard)):
        return False
    shared = bridges(first.statement, second.statement, inquiry)
    needed = NAMED_PAIR if shared & named(first.statement) else PAIR
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
    shared = telling(first) & telling(second)
    names = named(first) & named(second)
    asked = {term.stem for term in inquiry.terms}
    if names - asked:
        return frozenset(names - asked)
    return frozenset(shared if inquiry.relational or _DESCRIBES.search(first.text) else ())


def telling(statement: Statement) -> frozenset[str]:
    text = statement.text if not statement.leans else f"{statement.before} {statement.text}"
    return frozenset(
        stem(t) for t in tokens(text) if not is_stopped(t) and not is_generic(stem(t)) and t[0].isalpha() and len(t) > 2
    )


def named(statement: Statement, *, alone: bool = False) -> frozenset[str]:
    """Capitalised words; the first of a sentence only when it is not an everyday word."""
    text = statement.text if alone or not statement.leans else f"{statement.before} {statement.text}"
    return frozenset(
        stem(t) for t in tokens(text) if t[0].isupper() and not is_stopped(t) and len(t) > 2 and not is_generic(stem(t))
    )
