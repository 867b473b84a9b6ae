"""What proposals, votes and resolutions look like in the graph; projections.py says how."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from domain.facts import Fact, GraphBatch, GraphEntity
from domain.members import DAO_GROUP, Member
from domain.projections import day, edge, fact_id, topic_node, user
from domain.proposals import Proposal, Status
from domain.resolutions import Resolution
from domain.topics import PolicyTopic
from domain.votes import Vote

VERBS = {"FOR": "for", "AGAINST": "against", "ABSTAIN": "to abstain"}


def proposal_node(proposal: Proposal) -> GraphEntity:
    properties = {
        "number": proposal.number,
        "status": proposal.status.value,
        "ts": proposal.created_at.isoformat(),
        "transaction_id": proposal.transaction_id,
    }
    return GraphEntity(f"proposal:{proposal.id}", proposal.title, ("Proposal",), dict(properties))


def proposal_batch(
    proposal: Proposal, author: Member, *, topics: Sequence[PolicyTopic], votes: Sequence[Vote]
) -> GraphBatch | None:
    """A proposal as all members see it, its votes' `open` with it; None for a DRAFT, which they do not see."""
    if proposal.status is Status.DRAFT:
        return None
    proposer, node = user(author), proposal_node(proposal)
    subjects = [topic_node(topic) for topic in topics]
    from_tx = partial(edge, transaction_id=proposal.transaction_id)
    edges = [from_tx(proposer, node, relation="PROPOSED", at=proposal.created_at)]
    edges += [from_tx(node, subject, relation="MENTIONS") for subject in subjects]
    facts = [_proposed(proposal, proposer, node)]
    if proposal.starts_at is not None:
        facts.append(_voting(proposal, proposer, node))
    nodes = [proposer, node, *subjects, *(vote_node(vote, proposal) for vote in votes)]
    return GraphBatch(DAO_GROUP, tuple(nodes), tuple(edges), tuple(facts))


def _proposed(proposal: Proposal, proposer: GraphEntity, node: GraphEntity) -> Fact:
    return Fact(
        id=fact_id(f"{node.key}:proposed"),
        group=DAO_GROUP,
        relation="PROPOSED",
        text=f"{proposer.name} proposed “{proposal.title}” on {day(proposal.created_at)}.",
        subject=proposer,
        object=node,
        valid_from=proposal.created_at,
        valid_to=None,
        created_at=proposal.created_at,
        transaction_id=proposal.transaction_id,
        source=node.key,
    )


def _voting(proposal: Proposal, proposer: GraphEntity, node: GraphEntity) -> Fact:
    running = proposal.status is Status.VOTING
    started = proposal.starts_at or proposal.created_at
    ended = min(proposal.changed_at, proposal.ends_at or started)
    span = f"is open until {day(proposal.ends_at or started)}" if running else f"was open until {day(ended)}"
    return Fact(
        id=fact_id(f"{node.key}:voting"),
        group=DAO_GROUP,
        relation="VOTING",
        text=f"Voting on “{proposal.title}” {span}.",
        subject=proposer,
        object=node,
        valid_from=started,
        valid_to=None if running else ended,
        created_at=started,
        transaction_id=proposal.transaction_id,
        source=node.key,
    )


def vote_node(vote: Vote, proposal: Proposal) -> GraphEntity:
    properties = {
        "open": proposal.status is Status.VOTING,
        "choice": vote.ballot.choice.value if vote.ballot.choice else None,
        "weight": vote.ballot.weight,
        "cast_by": vote.ballot.cast_by.value,
        "ts": vote.cast_at.isoformat(),
        "transaction_id": vote.transaction_id,
    }
    known: dict[str, str | int | float | bool] = {
        name: value for name, value in properties.items() if value is not None
    }
    return GraphEntity(f"vote:{vote.id}", f"Vote {vote.id}", ("Vote",), known)


def vote_batch(revisions: Sequence[Vote], voter: Member, proposal: Proposal, *, shown: Vote) -> GraphBatch:
    """`(:User)-[:VOTED {ts}]->(:Vote)-[:ON]->(:Proposal)`; each revision is a fact, closed by the next.

    `shown`: the vote as it is read, which at the close may say what a delegate said instead of its member's twin.
    """
    newest, member, subject = revisions[-1], user(voter), proposal_node(proposal)
    node = vote_node(shown, proposal)
    edges = (
        edge(member, node, relation="VOTED", transaction_id=newest.transaction_id, at=newest.cast_at),
        edge(node, subject, relation="ON", transaction_id=newest.transaction_id),
    )
    followers = [*(later.cast_at for later in revisions[1:]), None]
    facts = [_voted(vote, until, member, subject) for vote, until in zip(revisions, followers, strict=True)]
    return GraphBatch(DAO_GROUP, (member, node, subject), edges, tuple(facts))


def _voted(vote: Vote, until: datetime | None, member: GraphEntity, proposal: GraphEntity) -> Fact:
    why = f" Reason: {vote.ballot.reason}" if vote.ballot.reason else ""
    verb = VERBS[vote.ballot.choice.value] if vote.ballot.choice else "on"
    return Fact(
        id=fact_id(f"vote:{vote.id}:{vote.revision}"),
        group=DAO_GROUP,
        relation="VOTED",
        text=f"{member.name} voted {verb} “{proposal.name}” on {day(vote.cast_at)}.{why}",
        subject=member,
        object=proposal,
        valid_from=vote.cast_at,
        valid_to=until,
        created_at=vote.cast_at,
        transaction_id=vote.transaction_id,
        source=f"vote:{vote.id}",
    )


def resolution_batch(resolution: Resolution, proposal: Proposal) -> GraphBatch:
    """`(:DAOResolution)` and what was decided, in words."""
    subject, tally = proposal_node(proposal), resolution.tally
    outcome = "passed" if resolution.passed else "failed"
    node = GraphEntity(
        f"resolution:{resolution.id}",
        f"Resolution {resolution.seq + 1}: {proposal.title}",
        ("DAOResolution",),
        {
            "passed": resolution.passed,
            "reason": resolution.reason.value,
            "ts": resolution.decided_at.isoformat(),
            "transaction_id": resolution.transaction_id,
        },
    )
    counts = f"{tally.in_favour} for, {tally.against} against, {tally.abstain} abstained of {tally.eligible} eligible"
    reason = resolution.reason.value.lower().replace("_", " ")
    decided = Fact(
        id=fact_id(node.key),
        group=DAO_GROUP,
        relation="DECIDED",
        text=f"The DAO decided on {day(resolution.decided_at)}: “{proposal.title}” {outcome} ({reason}: {counts}).",
        subject=subject,
        object=node,
        valid_from=resolution.decided_at,
        valid_to=None,
        created_at=resolution.decided_at,
        transaction_id=resolution.transaction_id,
        source=node.key,
    )
    resolved = edge(subject, node, relation="RESOLVED_BY", transaction_id=resolution.transaction_id)
    return GraphBatch(DAO_GROUP, (subject, node), (resolved,), (decided,))
