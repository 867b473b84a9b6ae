"""What rows look like in the graph: nodes and native edges of the product description, and facts in words.

Every fact's id is a uuid5 of its source row, so that recording it again changes nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import NAMESPACE_URL, uuid5

from domain.documents import Document
from domain.facts import Fact, GraphBatch, GraphEdge, GraphEntity
from domain.members import DAO_GROUP, Member, member_group
from domain.proposals import Proposal, Status
from domain.resolutions import Resolution
from domain.topics import PolicyTopic
from domain.votes import Vote

NAMESPACE = uuid5(NAMESPACE_URL, "frontier:facts")
VERBS = {"FOR": "for", "AGAINST": "against", "ABSTAIN": "to abstain"}


def fact_id(source: str) -> str:
    return str(uuid5(NAMESPACE, source))


def day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def user(member: Member) -> GraphEntity:
    return GraphEntity(f"member:{member.id}", member.display_name, ("User",), {"handle": member.handle})


def twin(member: Member) -> GraphEntity:
    return GraphEntity(f"twin:{member.id}", f"{member.display_name}'s twin", ("DigitalTwin",))


def edge(
    source: GraphEntity, target: GraphEntity, *, relation: str, transaction_id: str, at: datetime | None = None
) -> GraphEdge:
    """Every native edge names the transaction that brought it."""
    when = {"ts": at.isoformat()} if at else {}
    return GraphEdge(source.key, target.key, relation, {**when, "transaction_id": transaction_id})


def topic_node(topic: PolicyTopic) -> GraphEntity:
    return GraphEntity(f"topic:{topic.id}", topic.title, ("PolicyTopic",))


def member_batches(member: Member) -> list[GraphBatch]:
    """The member and its twin, in the DAO's graph and in its own."""
    known = {"transaction_id": member.transaction_id}
    nodes = tuple(replace(node, properties={**node.properties, **known}) for node in (user(member), twin(member)))
    edges = (edge(*nodes, relation="HAS_TWIN", transaction_id=member.transaction_id),)
    joined = Fact(
        id=fact_id(f"joined:{member.id}"),
        group=DAO_GROUP,
        relation="JOINED",
        text=f"{member.display_name} joined the DAO on {day(member.joined_at)}.",
        subject=nodes[0],
        object=nodes[1],
        valid_from=member.joined_at,
        valid_to=None,
        created_at=member.joined_at,
        transaction_id=member.transaction_id,
        source=nodes[0].key,
    )
    return [
        GraphBatch(DAO_GROUP, nodes, edges, (joined,)),
        GraphBatch(member_group(member.id), nodes, edges),
    ]


def document_batch(document: Document, member: Member, *, topics: Sequence[PolicyTopic]) -> GraphBatch:
    """`(:User)-[:AUTHORED {ts}]->(:Document)-[:MENTIONS]->(:PolicyTopic)`; its passages are memory_projections.py's."""
    author, paper = user(member), document_node(document)
    subjects = [topic_node(topic) for topic in topics]
    from_tx = partial(edge, transaction_id=document.transaction_id)
    edges = [
        from_tx(author, paper, relation="AUTHORED", at=document.uploaded_at),
        *(from_tx(paper, subject, relation="MENTIONS") for subject in subjects),
    ]
    facts = [_document_fact(document, "AUTHORED", _authored(document, member), author, paper)]
    facts += [_document_fact(document, "MENTIONS", _mentions(document, member, s.name), paper, s) for s in subjects]
    return GraphBatch(document.group, (author, paper, *subjects), tuple(edges), tuple(facts))


def document_node(document: Document) -> GraphEntity:
    properties = {
        "media_type": document.upload.media_type,
        "sha256": document.upload.sha256,
        "visibility": document.upload.visibility.value,
        "ts": document.uploaded_at.isoformat(),
        "transaction_id": document.transaction_id,
    }
    return GraphEntity(f"document:{document.id}", document.upload.filename, ("Document",), dict(properties))


def _authored(document: Document, member: Member) -> str:
    return f"{member.display_name} shared “{document.upload.filename}” on {day(document.uploaded_at)}."


def _mentions(document: Document, member: Member, topic: str) -> str:
    return f"{member.display_name}'s “{document.upload.filename}” is about {topic}."


def _document_fact(document: Document, relation: str, text: str, subject: GraphEntity, object_: GraphEntity) -> Fact:
    return Fact(
        id=fact_id(f"document:{document.id}:{relation}:{object_.key}"),
        group=document.group,
        relation=relation,
        text=text,
        subject=subject,
        object=object_,
        valid_from=document.uploaded_at,
        valid_to=None,
        created_at=document.uploaded_at,
        transaction_id=document.transaction_id,
        source=f"document:{document.id}",
    )


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
