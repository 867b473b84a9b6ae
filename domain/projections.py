"""What members and documents look like in the graph: nodes and native edges of the product description, and facts in
words. Proposals and votes: proposal_projections.py.

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
from domain.topics import PolicyTopic

NAMESPACE = uuid5(NAMESPACE_URL, "frontier:facts")


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
