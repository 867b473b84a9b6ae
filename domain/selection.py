"""Which statements answer a question: one, several together, the newest of several preferences, or none."""

from collections.abc import Sequence

from domain.acceptance import ENOUGH, SURE, accepted, fit_to_speak, foreign, heard_of
from domain.answer_types import AnswerType
from domain.chats import SourceKind
from domain.joins import adjoined, bridged, led, said_by
from domain.patterns import any_of, compiled
from domain.preferences import preference_of, same_subject
from domain.questions import Inquiry
from domain.relevance import Match, Vectors, lacks_vital, match
from domain.statements import Statement

MORE = 0.1
"""Coverage that neighbours must add to be quoted instead of one sentence."""
PREFERENCE_HINT, PREFERENCE_CLOSE = 0.45, 0.45
SAME_SUBJECT = 0.2
"""Two preferences whose scores differ by no more may be of one subject; then the newer counts."""

_PREFERS = compiled(
    any_of("prefer* favou?rites? likes? loved? loves? hated? hates? dislikes? enjoy* rather fond can['’]?t_stand"),
    any_of("cannot_stand switched changed wants? wish against in_favour would best done_with fan_of not_a_fan believe"),
    any_of("think don['’]t_(?:like|want|eat|drink|use|need) never always too wrong_about right_about gave_in go_for"),
    any_of("opt find good bad great awful"),
)


def select(inquiry: Inquiry, statements: Sequence[Statement], vectors: Vectors, *, name: str) -> list[Match]:
    """The matches to answer with, in reading order; none when nothing known answers."""
    matches = [match(inquiry, each, vectors) for each in statements if fit_to_speak(inquiry, each, name=name)]
    if inquiry.preference:
        return preferred(inquiry, matches, vectors)
    heard = heard_of(inquiry, statements)
    fitting = [each for each in matches if accepted(inquiry, each) and not foreign(inquiry, each, heard, vectors)]
    single = best(inquiry, fitting)
    if single is not None and single.coverage >= SURE and single.fits:
        return listed(inquiry, single, matches)
    return joined(inquiry, matches, heard, single)


def joined(inquiry: Inquiry, matches: Sequence[Match], heard: frozenset[str], single: Match | None) -> list[Match]:
    """Two that share a bridge, else neighbours that say more than the best one alone, else that one."""
    pair = led(inquiry, matches) if inquiry.main or single is None else []
    loose = inquiry.relational or (
        inquiry.type is not AnswerType.PLACE and (single is None or single.coverage < ENOUGH)
    )
    if not pair and loose:
        pair = bridged(inquiry, matches, heard)
    near = adjoined(inquiry, matches, heard) if single is None or not inquiry.topic else None
    if pair and (near is None or said_by(inquiry, pair) > near.coverage):
        return pair
    if near is not None and (single is None or near.coverage > single.coverage + MORE):
        return [near]
    return [single] if single else []


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
    while newer := [each for each in fitting if _replaces(each, first)]:
        first = max(newer, key=lambda each: (each.statement.evidence.at, each.score))
    return [first]


def _liked(inquiry: Inquiry, candidate: Match) -> bool:
    if not inquiry.all_terms:
        return True
    return candidate.coverage >= PREFERENCE_HINT or candidate.cosine >= PREFERENCE_CLOSE


def _replaces(newer: Match, older: Match) -> bool:
    """Said later of the same subject; where a sentence is no plain preference, by how they match the question."""
    if newer.statement.evidence.at <= older.statement.evidence.at:
        return False
    one, other = preference_of(newer.statement.text), preference_of(older.statement.text)
    if one and other and same_subject(one, other):
        return True
    return abs(newer.coverage - older.coverage) <= SAME_SUBJECT and newer.score >= older.score - 2 * SAME_SUBJECT
