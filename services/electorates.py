"""The freeze: who may vote with which weight, and whom it follows, fixed at one instant."""

from domain.caps import frozen_graph
from domain.casting import recount
from domain.flow import reached
from domain.proposals import Proposal
from domain.tally import Tally
from domain.transactions import Work
from domain.votes import slots_of, tally_of


def freeze(work: Work, proposal: Proposal) -> Proposal:
    """The proposal in VOTING. Members' weights and activity and their delegations are those of the instant that it
    starts at: it is read once nobody can change them any more, for who changes them holds the DAO's row too."""
    work.daos.locked()
    at = work.now()
    electorate = work.ballots.enrol(proposal.id, weighted=proposal.rules.weighted, at=at)
    live = work.delegations.live(at=at)
    if live:
        levels = (None,) if proposal.draft.scope_id is None else (proposal.draft.scope_id, None)
        cap = proposal.rules.delegation_cap_percent
        graph = frozen_graph(live, electorate, at=at, levels=levels, cap_percent=cap)
        nodes = reached(graph.edges, electorate.weights, slots=slots_of(proposal.system))
        work.ballots.link(proposal.id, nodes, graph)
    return proposal.started(electorate.eligible, at=at, salt=work.secret())


def recounted(work: Work, proposal: Proposal) -> Tally:
    """The tally afresh from every ballot; what arrives where is set right too."""
    found = work.ballots.nodes(proposal)
    if not found:  # nobody had weight when voting started
        return Tally()
    nodes, count = recount(found)
    work.ballots.save(proposal, nodes)
    return tally_of(count, proposal.tally.eligible)
