"""Policies: a row a version, in force for a period, enacted and repealed by the votes that passed."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.sql.policies import SqlPolicyReads
from adapters.sql.proposal_reads import SqlProposalReads
from adapters.sql.resolutions import SqlResolutionReads
from domain.actions import Action, EnactPolicy, RepealPolicy
from domain.decisions import ResolutionReason
from domain.drafts import Edit
from domain.errors import Conflict
from domain.members import Viewer
from domain.pages import Slice
from domain.policies import Policy
from domain.tally import Choice
from domain.transactions import Work
from evals.hall import Hall
from services.votes import Said
from tests.contracts.sql.times import T0, Clock

TICK = timedelta(milliseconds=1)


def policy(title: str, **changes: object) -> Policy:
    made = Policy(0, title, f"About {title}.", 1, T0, None, None, None, (), "")
    return replace(made, **changes)  # type: ignore[arg-type]  # the callers' keywords are fields


async def enacted(database: Hall, wanted: Policy) -> Policy:
    return await database.transact(lambda work: work.policies.enact(wanted))


async def in_force(database: Hall, at: datetime, topic_id: int | None = None) -> list[str]:
    page = await SqlPolicyReads(database.reader).page(Slice(), at=at, topic_id=topic_id)
    assert await page.count() == len(page.rows)
    return [found.title for found in page.rows]


async def proposed(database: Hall, author: Viewer, action: Action, *, topics: tuple[str, ...] = ()) -> int:
    """A proposal in VOTING that would do this."""
    answer = await database.proposals.create(author, Edit(title=str(action), body="B", topics=topics, action=action))
    proposal_id = int(answer["proposal"] or 0)
    await database.proposals.open(author, proposal_id)
    await database.proposals.start(author, proposal_id)
    return proposal_id


async def passed(database: Hall, author: Viewer, action: Action, *, topics: tuple[str, ...] = ()) -> int:
    """By its author, who holds most of the weight."""
    proposal_id = await proposed(database, author, action, topics=topics)
    await database.votes.cast(author, proposal_id, Said(Choice.FOR))
    return proposal_id


async def test_a_policy_is_kept_whole(database: Hall) -> None:
    (ada,) = await database.seat([1])
    proposal_id = await database.propose(ada, "Quiet")
    rent, quiet = await database.transact(lambda work: work.topics.ensure(["Rent", "Quiet"]))
    wanted = policy("Quiet", enacted_by_id=proposal_id, topic_ids=(quiet, rent))
    made = await enacted(database, wanted)
    assert made == replace(wanted, id=made.id, transaction_id=made.transaction_id)
    assert await SqlPolicyReads(database.reader).by_ids([made.id, 99]) == {made.id: made}


async def test_it_is_in_force_in_a_half_open_period(database: Hall) -> None:
    made = await enacted(database, policy("Quiet"))
    end = T0 + timedelta(hours=1)
    await database.transact(lambda work: work.policies.close(made, at=end))
    closed = (await SqlPolicyReads(database.reader).by_ids([made.id]))[made.id]
    assert closed == replace(made, in_force_to=end, transaction_id=closed.transaction_id)
    for at, there in ((T0 - TICK, False), (T0, True), (end - TICK, True), (end, False)):
        assert await in_force(database, at) == (["Quiet"] if there else [])
        assert closed.in_force(at=at) is there


async def test_a_policy_is_held_for_the_one_that_changes_it(database: Hall) -> None:
    made = await enacted(database, policy("Quiet"))

    def found(work: Work) -> tuple[str | None, Policy | None]:
        held = work.policies.locked(made.id)
        return held.title if held else None, work.policies.locked(99)

    assert await database.transact(found) == ("Quiet", None)


async def test_lists_are_by_title_and_of_a_topic(database: Hall) -> None:
    rent, quiet, unused = await database.transact(lambda work: work.topics.ensure(["Rent", "Quiet", "Unused"]))
    for title, topics in (("C", (rent,)), ("A", (rent, quiet)), ("B", ())):
        await enacted(database, policy(title, topic_ids=topics))
    old = await enacted(database, policy("Old", topic_ids=(rent,)))
    await database.transact(lambda work: work.policies.close(old, at=T0))
    assert await in_force(database, T0) == ["A", "B", "C"]
    assert await in_force(database, T0, rent) == ["A", "C"]
    assert await in_force(database, T0, unused) == []
    found = await SqlPolicyReads(database.reader).of_topics([rent, quiet, unused], at=T0)
    assert {topic: [one.title for one in policies] for topic, policies in found.items()} == {
        rent: ["A", "C"],
        quiet: ["A"],
        unused: [],
    }
    page = await SqlPolicyReads(database.reader).page(Slice(size=2), at=T0)
    assert (page.rows[0].topic_ids, page.has_next) == ((rent, quiet), True)


async def test_passed_proposals_enact_supersede_and_repeal(database: Hall, clock: Clock) -> None:
    (ada,) = await database.seat([9])
    reads = SqlPolicyReads(database.reader)
    first_by = await passed(database, ada, EnactPolicy("Quiet", "From ten."), topics=("Quiet",))
    (first,) = (await reads.page(Slice(), at=T0)).rows
    assert first == policy(
        "Quiet",
        id=first.id,
        body="From ten.",
        enacted_by_id=first_by,
        topic_ids=first.topic_ids,
        transaction_id=first.transaction_id,
    )
    assert len(first.topic_ids) == 1
    clock.forward(days=1)
    second_by = await passed(database, ada, EnactPolicy("Quieter", "From nine.", replaces_id=first.id))
    (second,) = (await reads.page(Slice(), at=clock.at)).rows
    assert (second.version, second.replaces_id, second.enacted_by_id) == (2, first.id, second_by)
    assert (second.in_force_from, second.in_force_to) == (clock.at, None)
    assert await in_force(database, clock.at - TICK) == ["Quiet"]
    clock.forward(days=1)
    await passed(database, ada, RepealPolicy(second.id))
    assert await in_force(database, clock.at) == []
    assert await in_force(database, clock.at - TICK) == ["Quieter"]
    with pytest.raises(Conflict, match=r"^That policy is not in force: name one that is.$") as refused:
        await proposed(database, ada, RepealPolicy(second.id))
    assert refused.value.field == ("action", "repealPolicy")


async def test_of_two_votes_to_repeal_the_second_is_not_applicable_and_does_nothing(
    database: Hall, clock: Clock
) -> None:
    (ada,) = await database.seat([9])
    await passed(database, ada, EnactPolicy("Quiet", "From ten."))
    (made,) = (await SqlPolicyReads(database.reader).page(Slice(), at=T0)).rows
    first = await proposed(database, ada, RepealPolicy(made.id))
    second = await proposed(database, ada, EnactPolicy("Loud", "Always.", replaces_id=made.id))
    clock.forward(hours=1)
    await database.votes.cast(ada, first, Said(Choice.FOR))
    await database.votes.cast(ada, second, Said(Choice.FOR))
    resolutions = await SqlResolutionReads(database.reader).by_proposals([first, second])
    assert [(one.passed, one.reason) for one in resolutions.values()] == [
        (True, ResolutionReason.QUORUM_AND_MAJORITY),
        (False, ResolutionReason.ACTION_NOT_APPLICABLE),
    ]
    assert await in_force(database, clock.at) == []
    found = await SqlProposalReads(database.reader).by_ids(ada, [second])
    assert found[second].status == "FAILED"
