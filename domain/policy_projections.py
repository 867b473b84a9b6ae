"""What policies look like in the graph: each version a fact in force for its period, the superseded one closed."""

from collections.abc import Sequence
from functools import partial

from domain.facts import Fact, GraphBatch, GraphEntity
from domain.members import DAO_GROUP
from domain.policies import Policy
from domain.projections import day, edge, fact_id, topic_node
from domain.proposal_projections import proposal_node
from domain.proposals import Proposal
from domain.topics import PolicyTopic

MAX_WORDS = 1_000
"""Characters of a policy's body that stand in its fact."""


def policy_node(policy: Policy) -> GraphEntity:
    properties: dict[str, str | int | float | bool] = {
        "version": policy.version,
        "open": policy.in_force_to is None,
        "ts": policy.in_force_from.isoformat(),
        "transaction_id": policy.transaction_id,
    }
    return GraphEntity(f"policy:{policy.id}", policy.title, ("Policy",), properties)


def policy_batch(policy: Policy, topics: Sequence[PolicyTopic], enacted_by: Proposal | None) -> GraphBatch:
    """`(:Proposal)-[:ENACTED]->(:Policy)-[:ABOUT]->(:PolicyTopic)`; recorded again, its fact is closed."""
    node, subjects = policy_node(policy), [topic_node(topic) for topic in topics]
    source = proposal_node(enacted_by) if enacted_by else node
    from_tx = partial(edge, transaction_id=policy.transaction_id)
    edges = [from_tx(node, subject, relation="ABOUT") for subject in subjects]
    if enacted_by:
        edges.append(from_tx(source, node, relation="ENACTED"))
    nodes = tuple({each.key: each for each in (source, node, *subjects)}.values())
    return GraphBatch(DAO_GROUP, nodes, tuple(edges), (_in_force(policy, source, node),))


def _in_force(policy: Policy, source: GraphEntity, node: GraphEntity) -> Fact:
    begun = day(policy.in_force_from)
    span = f"from {begun} until {day(policy.in_force_to)}" if policy.in_force_to else f"since {begun}"
    words = " ".join(policy.body.split())[:MAX_WORDS]
    return Fact(
        id=fact_id(node.key),
        group=DAO_GROUP,
        relation="IN_FORCE",
        text=f"Policy “{policy.title}”, version {policy.version}, in force {span}: {words}",
        subject=source,
        object=node,
        valid_from=policy.in_force_from,
        valid_to=policy.in_force_to,
        created_at=policy.in_force_from,
        transaction_id=policy.transaction_id,
        source=node.key,
    )
