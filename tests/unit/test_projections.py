"""What the graph is told of rows, in nodes, edges and words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.decisions import ResolutionReason
from domain.drafts import Draft
from domain.facts import GraphBatch
from domain.members import DAO_GROUP, Member, Role
from domain.projections import member_batches
from domain.proposal_projections import proposal_batch, resolution_batch, vote_batch
from domain.proposals import Proposal, Status
from domain.resolutions import Resolution
from domain.rules import Rules
from domain.tally import Choice, Tally
from domain.topics import PolicyTopic
from domain.votes import Ballot, Vote

MAY = datetime(2026, 5, 3, 12, tzinfo=UTC)
ANA = Member(7, "local|ana", "ana", "Ana Ribeiro", Role.MEMBER, 1, admitted=True, joined_at=MAY, last_seen=MAY)
PROPOSAL = Proposal(
    id=4,
    number=4,
    draft=Draft("Buy a printer", "Now."),
    status=Status.VOTING,
    author_id=7,
    topic_ids=(2,),
    created_at=MAY,
    changed_at=MAY,
    tally=Tally(eligible=12),
    starts_at=MAY,
    ends_at=MAY + timedelta(days=3),
)


def vote(choice: Choice, revision: int, at: datetime) -> Vote:
    return Vote(9, revision, Ballot(4, 7, choice, 1, reason="We need it."), at, "t")


def voted(*revisions: Vote) -> GraphBatch:
    return vote_batch(revisions, ANA, PROPOSAL, shown=revisions[-1])


def test_a_member_has_a_twin_in_the_daos_graph_and_in_its_own() -> None:
    for batch, group in zip(member_batches(ANA), (DAO_GROUP, "member_7"), strict=True):
        assert batch.group == group
        assert [(node.key, node.labels) for node in batch.nodes] == [
            ("member:7", ("User",)),
            ("twin:7", ("DigitalTwin",)),
        ]
        assert [(edge.source, edge.relation, edge.target) for edge in batch.edges] == [
            ("member:7", "HAS_TWIN", "twin:7")
        ]


def test_a_vote_leads_from_its_member_to_its_proposal_and_says_how() -> None:
    batch = voted(vote(Choice.FOR, 1, MAY))
    assert [(edge.source, edge.relation, edge.target) for edge in batch.edges] == [
        ("member:7", "VOTED", "vote:9"),
        ("vote:9", "ON", "proposal:4"),
    ]
    [fact] = batch.facts
    assert fact.text == "Ana Ribeiro voted for “Buy a printer” on 3 May 2026. Reason: We need it."
    assert (fact.valid_from, fact.valid_to) == (MAY, None)
    [node] = [node for node in batch.nodes if node.key == "vote:9"]
    assert node.properties["open"] is True


def test_a_changed_mind_closes_the_fact_before() -> None:
    later = MAY + timedelta(hours=1)
    first, second = voted(vote(Choice.FOR, 1, MAY), vote(Choice.AGAINST, 2, later)).facts
    assert (first.valid_from, first.valid_to) == (MAY, later)
    assert (second.valid_from, second.valid_to) == (later, None)
    assert first.id != second.id
    assert second.text.startswith("Ana Ribeiro voted against")


def test_the_same_rows_give_the_same_facts_again() -> None:
    assert voted(vote(Choice.FOR, 1, MAY)) == voted(vote(Choice.FOR, 1, MAY))


def test_nobody_else_hears_of_a_draft() -> None:
    draft = replace(PROPOSAL, status=Status.DRAFT, starts_at=None, ends_at=None)
    assert proposal_batch(draft, ANA, topics=[], votes=[]) is None


def test_votes_of_a_decided_proposal_are_not_open() -> None:
    ended = replace(PROPOSAL, status=Status.PASSED, changed_at=MAY + timedelta(days=1))
    batch = proposal_batch(ended, ANA, topics=[PolicyTopic(2, "Machines")], votes=[vote(Choice.FOR, 1, MAY)])
    assert batch is not None
    properties = {node.key: node.properties for node in batch.nodes}
    assert properties["vote:9"]["open"] is False
    assert properties["proposal:4"]["status"] == "PASSED"
    assert ("proposal:4", "MENTIONS", "topic:2") in [(edge.source, edge.relation, edge.target) for edge in batch.edges]
    [voting] = [fact for fact in batch.facts if fact.relation == "VOTING"]
    assert voting.valid_to == MAY + timedelta(days=1)
    assert voting.text == "Voting on “Buy a printer” was open until 4 May 2026."


def test_a_resolution_says_what_was_decided_and_how() -> None:
    resolution = Resolution(
        id=1,
        seq=0,
        proposal_id=4,
        passed=False,
        reason=ResolutionReason.NO_QUORUM,
        rules=Rules(),
        tally=Tally(12, 3, 1, 1, 5),
        tally_seq=9,
        decided_at=MAY,
        transaction_id="t",
    )
    batch = resolution_batch(resolution, replace(PROPOSAL, status=Status.FAILED))
    [fact] = batch.facts
    assert fact.text == (
        "The DAO decided on 3 May 2026: “Buy a printer” failed "
        "(no quorum: 3 for, 1 against, 1 abstained of 12 eligible)."
    )
    assert [node.labels for node in batch.nodes] == [("Proposal",), ("DAOResolution",)]


def test_every_edge_names_the_transaction_that_brought_it() -> None:
    ana, printing = replace(ANA, transaction_id="joined"), PolicyTopic(2, "Machines")
    proposed = proposal_batch(replace(PROPOSAL, transaction_id="opened"), ana, topics=[printing], votes=[])
    batches = [*member_batches(ana), proposed, voted(vote(Choice.FOR, 1, MAY))]
    named = {edge.relation: edge.properties["transaction_id"] for batch in batches if batch for edge in batch.edges}
    assert named == {"HAS_TWIN": "joined", "PROPOSED": "opened", "MENTIONS": "opened", "VOTED": "t", "ON": "t"}
