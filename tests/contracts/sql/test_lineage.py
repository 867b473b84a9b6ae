"""Every row names its transaction, and from either the other is found."""

import pytest
from sqlalchemy import text

from adapters.sql.lineage import NOUNS, SqlLineageReads
from adapters.sql.outbox import SqlOutbox
from adapters.sql.tables import METADATA
from domain.errors import BadInput
from domain.fences import under
from domain.lineage import Trace
from domain.transactions import Once, Work
from evals.hall import Hall
from schema.ids import KEYS
from tests.contracts.sql.times import T0, Clock

TRANSACTION = text("SELECT transaction_id FROM status_change WHERE status = 'VOTING'")


@pytest.fixture
def lineage(database: Hall) -> SqlLineageReads:
    return SqlLineageReads(database.reader)


async def started(database: Hall) -> str:
    """The transaction that put a proposal to the vote."""
    return await database.reader(lambda session: session.execute(TRANSACTION).scalar_one())


def test_every_table_names_the_transaction_of_its_rows() -> None:
    assert [name for name, table in METADATA.tables.items() if "transaction_id" not in table.c] == []


def test_every_noun_with_rows_is_known() -> None:
    assert set(KEYS) - {"Fact"} <= set(NOUNS)


async def test_a_transaction_shows_the_rows_it_wrote_and_what_it_wanted(
    database: Hall, lineage: SqlLineageReads
) -> None:
    ana, bo = await database.seat([1, 1])
    proposal_id = await database.put_to_vote(ana, "Buy a printer")
    found = await lineage.of_transaction(await started(database))
    assert {(trace.store, trace.kind) for trace in found} == {
        ("sql", "outbox"),
        ("sql", "proposal"),
        ("sql", "status_change"),
        ("sql", "vote"),
    }
    assert Trace("sql", "proposal", str(proposal_id), at=T0) in [
        Trace(trace.store, trace.kind, trace.key, at=T0) for trace in found
    ]
    assert "ProposalChanged open" in [trace.state for trace in found if trace.kind == "outbox"]
    assert len([trace for trace in found if trace.kind == "vote"]) == len([ana, bo])


async def test_a_node_shows_the_transactions_that_made_it(database: Hall, lineage: SqlLineageReads) -> None:
    [ana] = await database.seat([1])
    proposal_id = await database.put_to_vote(ana, "Buy a printer")
    found = await lineage.transactions("Proposal", proposal_id, limit=9)
    assert await started(database) in found
    assert len(found) == 3  # made, opened, started
    assert await lineage.transactions("Proposal", proposal_id + 1, limit=9) == []
    assert await lineage.transactions("Member", ana.member_id, limit=9) == ["seated"]
    with pytest.raises(BadInput, match="A Fact has no rows"):
        await lineage.transactions("Fact", 1, limit=9)


async def test_nobodys_words_are_shown(database: Hall, lineage: SqlLineageReads) -> None:
    [ana] = await database.seat([1])
    seen: list[str] = []

    def command(work: Work) -> dict[str, int | str | None]:
        seen.append(work.transaction_id)
        session = work.chats.start(ana.member_id, "Secret title", at=work.now())
        return {"session": session.id}

    await database.transact.once(Once(ana.member_id, "startChat", "secret key", "hash"), command)
    found = await lineage.of_transaction(seen[0])
    assert {(trace.kind, trace.key) for trace in found} == {
        ("chat_session", "1"),
        ("idempotent_answer", f"{ana.member_id}/startChat"),
    }
    assert "ecret" not in str(found)


async def test_a_jobs_rows_carry_the_id_of_what_wanted_it(
    database: Hall, lineage: SqlLineageReads, clock: Clock
) -> None:
    outbox = SqlOutbox(database.reader, database.writer, clock)
    await database.transact(lambda work: work.enqueue("ingest", 1))
    [entry] = await outbox.claim(limit=1, lease_seconds=30)
    with under(entry):
        await database.transact(lambda work: work.topics.ensure(["Machines"]))
    found = await lineage.of_transaction(entry.transaction_id)
    assert [(trace.kind, trace.state) for trace in found if trace.kind == "outbox"] == [("outbox", "ingest open")]
    assert "policy_topic" in {trace.kind for trace in found}
