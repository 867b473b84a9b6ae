"""A second search for questions with a bridge: "Who services the printer that broke?" needs its name first."""

import re
from collections.abc import Sequence
from datetime import datetime

from domain.answer_types import main_clause
from domain.joins import described_in, named, telling
from domain.models import Evidence
from domain.patterns import any_of, compiled
from domain.questions import GENERIC_WEIGHT, Inquiry, Term, inquiry_of
from domain.relevance import coverage, degree, holds
from domain.statements import Statement, statements_of
from domain.words import stem, tokens

DESCRIBES, ANSWERS = 0.5, 0.95
"""Share of a description that a statement must meet to lead on; coverage from which no second search is needed."""
LEADS, WORDS = 2, 6
"""Statements that lead on, and words that each lends to the second search."""
_POSSESSIVE = compiled(rf"{any_of('my our your of_my of_our of_your')} [\w-]+['’]s\b", r"\b[a-z]\w+['’]s [a-z]")


def description_of(question: str, evidence: Sequence[Evidence], *, name: str, now: datetime) -> str | None:
    """The part that describes one thing by another, fit to be searched for by itself; None when all is found already.

    "... the printer that broke in March?" by its relative clause; "... the Velo Noord order?" from its first name on.
    """
    inquiry = inquiry_of(question, name=name, now=now)
    described = described_in(inquiry)
    if not described or inquiry.preference or _found(inquiry, evidence):
        return None
    main = main_clause(inquiry.text)
    if main != inquiry.text:
        return f"{' '.join(main.split()[-1:])} {inquiry.text[len(main) :]}".strip(" ?")
    return inquiry.text[inquiry.text.find(described[0].word) :].strip(" ?")


def hop_queries(question: str, evidence: Sequence[Evidence], *, name: str, now: datetime) -> list[str]:
    """What the main clause asks, with what the best first finds say of the thing described; none without a bridge."""
    inquiry = inquiry_of(question, name=name, now=now)
    described = described_in(inquiry) or _possessed(inquiry)
    if not described or inquiry.preference or _found(inquiry, evidence):
        return []
    statements = [each for one in evidence for each in statements_of(one)]
    ranked = sorted(statements, key=lambda each: -_share(described, each, inquiry))
    leads = [each for each in ranked[:LEADS] if _share(described, each, inquiry) >= DESCRIBES]
    asked = _rest(inquiry, described)
    return list(dict.fromkeys(f"{asked} {' '.join(lent)}" for each in leads if (lent := _lent(each, inquiry))))


def _possessed(inquiry: Inquiry) -> list[Term]:
    """All terms of "my sister's flat", which has no name and no relative clause."""
    related = inquiry.relational or bool(_POSSESSIVE.search(inquiry.text))
    return [term for term in inquiry.terms if term.weight > GENERIC_WEIGHT] if related else []


def _found(inquiry: Inquiry, evidence: Sequence[Evidence]) -> bool:
    return any(_answers(inquiry, each) for one in evidence for each in statements_of(one))


def _answers(inquiry: Inquiry, statement: Statement) -> bool:
    met = tuple(degree(term, statement, inquiry) for term in inquiry.all_terms)
    return coverage(inquiry, met) >= ANSWERS and holds(inquiry, statement)


def _share(described: Sequence[Term], statement: Statement, inquiry: Inquiry) -> float:
    total = sum(term.weight for term in described)
    return sum(term.weight * degree(term, statement, inquiry) for term in described) / total


def _rest(inquiry: Inquiry, described: Sequence[Term]) -> str:
    """The question without its description."""
    if inquiry.main:
        return main_clause(inquiry.text).strip()
    gone = {term.stem for term in described if term.vital}
    kept = [word for word in inquiry.text.split() if not ({stem(t) for t in tokens(word)} & gone)]
    return re.sub(r"[?]", "", " ".join(kept))


def _lent(statement: Statement, inquiry: Inquiry) -> list[str]:
    """Names that the statement brings, else its other telling words."""
    asked = {term.stem for term in inquiry.terms}
    names, others = named(statement) - asked, telling(statement) - asked
    text = f"{statement.heading} {statement.before if statement.leans else ''} {statement.text}"
    words = list(dict.fromkeys(tokens(text)))
    return [word for word in words if stem(word) in (names or others)][:WORDS]
