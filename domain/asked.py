"""Questions on the record: who voted how, what was decided, who proposed it. What answers them stands first."""

from collections.abc import Sequence
from datetime import datetime

from domain.facts import Fact
from domain.patterns import any_of, compiled
from domain.periods import Window
from domain.words import is_generic, is_stopped, stem, tokens

RELATIONS = {
    "VOTED": compiled(any_of("vote votes voted voting ballots?")),
    "DECIDED": compiled(any_of("decide decides decided decisions? resolved resolutions?")),
    "PROPOSED": compiled(any_of("propose proposes proposed proposals?")),
}


def asked_relations(query: str) -> frozenset[str]:
    """Names of the edges that a query asks for by their verb; empty for most."""
    return frozenset(name for name, verb in RELATIONS.items() if verb.search(query))


def asked_first(
    found: Sequence[tuple[Fact, float]], query: str, *, window: Window | None, at: datetime, limit: int
) -> list[tuple[Fact, float]]:
    """The best `limit` of what was found, those in force at `at` before closed ones, in both the asked relation first.

    Of that relation, first those of which the query names most: subject, object, period; else they stay as they were
    found. A fact has the period when it begins in it: a decision of April is in force in May, but was not made then.
    """
    asked, words = asked_relations(query), _telling(query)

    def worth(fact: Fact) -> int:
        named = sum(not words.isdisjoint(_telling(end.name)) for end in (fact.subject, fact.object))
        return 1 + named + begins_within(fact, window) if fact.relation in asked else 0

    best = sorted(found, key=lambda each: -worth(each[0]))[:limit]
    return sorted(best, key=lambda each: each[0].valid_to is not None and each[0].valid_to <= at)


def begins_within(fact: Fact, window: Window | None) -> bool:
    if window is None or fact.valid_from is None:
        return False
    return (window.start is None or window.start <= fact.valid_from) and (
        window.end is None or fact.valid_from < window.end
    )


def _telling(text: str) -> frozenset[str]:
    return frozenset(stem(token) for token in tokens(text) if not is_stopped(token) and not is_generic(stem(token)))
