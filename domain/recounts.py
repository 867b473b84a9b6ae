"""Counting a receipt again: from its own electorate, delegations and ballots to its tally and its outcome."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta

from domain.casting import recount
from domain.coherence import incoherent
from domain.decisions import Decision, ResolutionReason, decide_at_end, decide_on_quorum, decide_when_certain, failed
from domain.elections import Election, decide, decided_early, results
from domain.flow import Flow, Node
from domain.option_ballots import OptionBallot
from domain.receipts import CastBallot, Place, Receipt, lot_of
from domain.rules import EarlyClose, VotingSystem, camel
from domain.tally import CastBy, Tally
from domain.votes import CHOICES, YOUNG, slots_of, standings, tally_of


def mismatches(receipt: Receipt) -> list[str]:
    """In what the receipt contradicts itself; empty when its outcome is what its ballots give."""
    if wrong := incoherent(receipt):
        return wrong
    nodes = nodes_of(receipt)
    tally = counted(receipt, nodes)
    return [*_tally(receipt, tally), *_decision(receipt, permitted(receipt, tally, nodes))]


def nodes_of(receipt: Receipt) -> list[Node]:
    """The electorate by position, as the live count holds it."""
    position = {place.id: at for at, place in enumerate(receipt.places)}
    cast = {ballot.id: ballot for ballot in receipt.ballots}
    nothing = Flow.nothing(slots_of(receipt.subject.system))
    return [_node(at, place, position, cast.get(place.id), nothing) for at, place in enumerate(receipt.places)]


def _node(at: int, place: Place, position: dict[str, int], cast: CastBallot | None, nothing: Flow) -> Node:
    to = None if place.to is None else position[place.to]
    node = Node(at, place.weight, to, place.twin_first, place.accepts_twin, nothing)
    if cast is None:
        return node
    slot = CHOICES.index(cast.choice) + cast.young * YOUNG if cast.choice else 0
    return node._replace(own=slot) if cast.cast_by is CastBy.MEMBER else node._replace(twin=slot)


def counted(receipt: Receipt, nodes: list[Node]) -> Tally:
    if not nodes:
        return Tally()
    return tally_of(recount(nodes)[1], sum(place.weight for place in receipt.places))


def elected(receipt: Receipt, nodes: list[Node]) -> Election:
    """How the options stand: each member with its own weight behind the ballot that stands for it, never pooled."""
    said = {ballot.id: ballot.options for ballot in receipt.ballots}
    stands = standings(nodes)
    standing = [
        (said[receipt.places[stands[node.member_id].voter].id], node.weight)
        for node in nodes
        if node.member_id in stands
    ]
    by_lot = receipt.subject.system is VotingSystem.RANKED_INSTANT_RUNOFF
    return _results(receipt, standing, lot_of(receipt.ballots) if by_lot else b"")


def _results(receipt: Receipt, ballots: list[tuple[OptionBallot | None, int]], lot: bytes = b"") -> Election:
    given = [(options, weight) for options, weight in ballots if options is not None]
    return results(receipt.subject.system, receipt.subject.options, given, lot)


def permitted(receipt: Receipt, tally: Tally, nodes: list[Node]) -> list[Decision]:
    """What the rules allow to be decided at that time."""
    found = [early for early in [_early(receipt, tally, nodes)] if early is not None]
    if receipt.decided_at >= receipt.subject.ends_at:
        found.append(_at_end(receipt, tally, nodes))
    if receipt.subject.action and any(decision.passed for decision in found):
        found.append(failed(ResolutionReason.ACTION_NOT_APPLICABLE))
    return found


def _at_end(receipt: Receipt, tally: Tally, nodes: list[Node]) -> Decision:
    criteria = receipt.rules.criteria
    if receipt.subject.system is VotingSystem.BASIC:
        return decide_at_end(criteria, tally)
    return decide(criteria, tally, elected(receipt, nodes))


def _early(receipt: Receipt, tally: Tally, nodes: list[Node]) -> Decision | None:
    rules, system = receipt.rules, receipt.subject.system
    if rules.early_close not in system.early_closes:
        return None
    match rules.early_close:
        case EarlyClose.ON_QUORUM:
            ran, least = receipt.decided_at - receipt.subject.starts_at, timedelta(minutes=rules.minimum_voting_minutes)
            return decide_on_quorum(rules.criteria, tally) if ran >= least else None
        case EarlyClose.WHEN_DECIDED if system is VotingSystem.BASIC:
            return decide_when_certain(rules.criteria, tally)
        case EarlyClose.WHEN_DECIDED:
            return _certain(receipt, tally)
        case EarlyClose.NEVER:
            return None


def _certain(receipt: Receipt, tally: Tally) -> Decision | None:
    """Members' own ballots with their own weight."""
    weights = {place.id: place.weight for place in receipt.places}
    own = [(each.options, weights[each.id]) for each in receipt.ballots if each.cast_by is CastBy.MEMBER]
    scores = [int(standing.score) for standing in _results(receipt, own).standings]
    return decided_early(receipt.rules.criteria, scores, final_weight=tally.by_members, eligible=tally.eligible)


def _tally(receipt: Receipt, tally: Tally) -> Iterator[str]:
    for field in fields(Tally):
        said, found = getattr(receipt.tally, field.name), getattr(tally, field.name)
        if said != found:
            yield f"outcome.tally.{camel(field.name)} is {said}, but the ballots give {found}."


def _decision(receipt: Receipt, allowed: list[Decision]) -> Iterator[str]:
    if not allowed:
        yield "The proposal was decided before its end, but its rules and ballots did not allow that."
    elif receipt.decision not in allowed:
        yield f"The outcome is {_told(receipt.decision)}, but the ballots give {' or '.join(map(_told, allowed))}."


def _told(decision: Decision) -> str:
    chosen = f" of option {decision.chosen_option}" if decision.chosen_option else ""
    return f"{'passed' if decision.passed else 'failed'} with {decision.reason}{chosen}"
