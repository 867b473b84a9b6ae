"""Keyset pages in every order, from both ends, against a list."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.sql.audits import SqlAuditReads
from adapters.sql.chats import SqlChatReads
from adapters.sql.clock import database_clock
from adapters.sql.delegations import SqlDelegationReads
from adapters.sql.documents import SqlDocumentReads
from adapters.sql.members import SqlMemberReads
from adapters.sql.memories import SqlMemoryReads
from adapters.sql.policies import SqlPolicyReads
from adapters.sql.proposal_reads import SqlProposalReads
from adapters.sql.resolutions import SqlResolutionReads
from adapters.sql.topics import SqlTopicReads
from adapters.sql.vote_reads import SqlVoteReads
from domain.chats import Sender
from domain.drafts import Edit
from domain.errors import BadInput
from domain.members import Role, Viewer
from domain.memories import MemoryFilter
from domain.pages import Key, Page, Slice
from domain.proposals import Proposal, ProposalFilter, ProposalOrder
from domain.transactions import Work
from domain.votes import VoteFilter
from evals.hall import Hall
from tests.contracts.sql.times import T0

type Read = Callable[[Slice], Awaitable[Page[Any]]]
SLICES = st.tuples(st.integers(1, 12), st.booleans(), st.none() | st.integers(0, 11), st.none() | st.integers(0, 11))


async def twelve(database: Hall) -> Viewer:
    """Twelve proposals, with ends that are equal, different and missing, titles and topics in no order."""
    author, *_ = await database.seat([1] * 12)
    ends = [3, None, 1, 1, None, 2, 2, 2, 9, None, 5, 1]

    def end(work: Work) -> None:
        for proposal_id, days in zip(ids, ends, strict=True):
            ends_at = None if days is None else T0 + timedelta(days=days, milliseconds=days)
            work.proposals.save(replace(work.proposals.locked(proposal_id), ends_at=ends_at))

    titles = ["m", "B", "a", "z", "É", "b", "ab", "A b", "10", "9", "ß", "_"]
    made = [await database.proposals.create(author, Edit(title, "Body", [f"T {title}"])) for title in titles]
    ids = [int(one["proposal"] or 0) for one in made]
    await database.transact(end)
    return author


def expected[T](
    rows: list[T], size: int, *, backward: bool, after: int | None, before: int | None
) -> tuple[list[T], bool, bool]:
    """Relay's algorithm on a list: the rows, and whether there are more on the side that was cut."""
    first = 0 if after is None else after + 1
    last = len(rows) if before is None else before
    kept = rows[first : max(first, last)]
    more = len(kept) > size
    cut = kept[-size:] if backward else kept[:size]
    return cut, more if not backward else before is not None, more if backward else after is not None


@pytest.mark.parametrize("order", ProposalOrder)
async def test_every_slice_of_a_list_is_the_same_as_of_python_s(database: Hall, order: ProposalOrder) -> None:
    viewer = await twelve(database)
    reads = SqlProposalReads(database.reader)
    whole = await reads.page(viewer, Slice(size=100), ProposalFilter(), order)
    assert whole.rows == sorted(whole.rows, key=SORTED_BY[order])
    assert (len(whole.rows), await whole.count(), whole.has_next, whole.has_previous) == (12, 12, False, False)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(SLICES)
    def drawn(wanted: tuple[int, bool, int | None, int | None]) -> None:
        slices.append(wanted)

    slices: list[tuple[int, bool, int | None, int | None]] = []
    drawn()
    for size, backward, after, before in slices:
        keys = [None if at is None else whole.keys[at] for at in (after, before)]
        page = await reads.page(viewer, Slice(size, backward, *keys), ProposalFilter(), order)
        found = (page.rows, page.has_next, page.has_previous)
        assert found == expected(whole.rows, size, backward=backward, after=after, before=before)
        assert list(page.keys) == [whole.keys[whole.rows.index(row)] for row in page.rows]


SORTED_BY: dict[ProposalOrder, Callable[[Proposal], Any]] = {
    ProposalOrder.CREATED_DESC: lambda proposal: -proposal.number,
    ProposalOrder.CREATED_ASC: lambda proposal: proposal.number,
    ProposalOrder.ENDING_SOON: lambda proposal: (
        proposal.ends_at is None,
        proposal.ends_at or T0,
        proposal.number,
    ),
}


def lists_of(database: Hall, viewer: Viewer) -> dict[str, Read]:
    engine = database.reader
    every = ProposalFilter()
    return {
        "members": SqlMemberReads(engine).page,
        "topics": lambda wanted: SqlTopicReads(engine).page(viewer, wanted),
        "resolutions": SqlResolutionReads(engine).page,
        "votes": lambda wanted: SqlVoteReads(engine).page(viewer, wanted, VoteFilter(proposal_id=1)),
        "delegations": lambda wanted: SqlDelegationReads(engine, database_clock).page(viewer, None, wanted),
        "policies": lambda wanted: SqlPolicyReads(engine).page(wanted, at=T0),
        "audits": SqlAuditReads(engine).page,
        "documents": lambda wanted: SqlDocumentReads(engine).page(viewer, wanted),
        "memories": lambda wanted: SqlMemoryReads(engine).page(viewer, wanted, MemoryFilter()),
        "sessions": lambda wanted: SqlChatReads(engine).page(viewer, wanted),
        "messages": lambda wanted: SqlChatReads(engine).page_messages(viewer, 1, wanted),
        "newest": lambda wanted: SqlProposalReads(engine).page(viewer, wanted, every, ProposalOrder.CREATED_DESC),
        "ending": lambda wanted: SqlProposalReads(engine).page(viewer, wanted, every, ProposalOrder.ENDING_SOON),
    }


async def test_walking_a_list_by_cursors_meets_every_row_once(database: Hall) -> None:
    viewer = await twelve(database)
    for name, size in (("members", 12), ("topics", 11), ("newest", 12), ("ending", 12)):  # "B" and "b" are one topic
        read = lists_of(database, viewer)[name]
        whole = (await read(Slice(size=100))).rows
        assert len(whole) == size
        for backward in (False, True):
            assert await walked(read, backward=backward) == whole


async def walked(read: Read, *, backward: bool) -> list[Any]:
    met: list[Any] = []
    wanted: Slice | None = Slice(size=5, backward=backward)
    while wanted is not None:
        page = await read(wanted)
        met = [*page.rows, *met] if backward else [*met, *page.rows]
        more = page.has_previous if backward else page.has_next
        edge: Key = page.keys[0] if backward else page.keys[-1]
        wanted = replace(wanted, before=edge if backward else None, after=None if backward else edge) if more else None
    return met


async def test_the_lists_of_many_are_sliced_as_each_alone(database: Hall) -> None:
    (viewer, other) = await database.seat([1, 1])
    lists = {await talk(database, viewer, length): length for length in (0, 1, 3, 7)}
    await talk(database, other, 2)
    reads = SqlChatReads(database.reader)
    for size, backward, after, before in product((1, 3, 9), (False, True), (None, 0, 2), (None, 1, 5)):
        wanted = Slice(size, backward, None if after is None else (after,), None if before is None else (before,))
        pages = await reads.pages_of_messages(viewer, wanted, list(lists))
        assert list(pages) == list(lists)
        for page, length in zip(pages.values(), lists.values(), strict=True):
            rows, has_next, has_previous = expected(
                list(range(length)), size, backward=backward, after=after, before=before
            )
            assert ([row.turn for row in page.rows], list(page.keys)) == (rows, [(turn,) for turn in rows])
            assert (page.has_next, page.has_previous, await page.count()) == (has_next, has_previous, length)


async def talk(database: Hall, viewer: Viewer, length: int) -> int:
    """The id of a conversation of so many turns."""

    def command(work: Work) -> int:
        session = work.chats.start(viewer.member_id, f"Of {length}", at=work.now())
        for turn in range(length):
            work.chats.add(session.id, Sender.MEMBER, f"Turn {turn}", complete=True, at=work.now())
        return session.id

    return await database.transact(command)


async def test_nobody_reads_the_messages_of_another_among_its_own(database: Hall) -> None:
    (viewer, other) = await database.seat([1, 1])
    own, foreign = await talk(database, viewer, 2), await talk(database, other, 2)
    pages = await SqlChatReads(database.reader).pages_of_messages(viewer, Slice(), [own, foreign])
    assert [len(page.rows) for page in pages.values()] == [2, 0]
    assert [await page.count() for page in pages.values()] == [2, 0]


async def test_an_empty_list_is_an_empty_page(database: Hall) -> None:
    for read in lists_of(database, Viewer(1, Role.MEMBER)).values():
        page = await read(Slice())
        assert (page.rows, list(page.keys), page.has_next, page.has_previous, await page.count()) == (
            [],
            [],
            False,
            False,
            0,
        )


@pytest.mark.parametrize(
    "key",
    [
        (),
        (1, 2, 3),
        ("x",),
        ("x", "y"),
        (2**31,),
        (2**63,),
        (10**30, 10**30),
        (-(2**70),),
        ("\0", 1),
        ("\ud800", 1),
        ("1e5",),
    ],
)
async def test_a_cursor_of_another_list_or_none_at_all_is_refused_or_harmless(database: Hall, key: Key) -> None:
    """Where a key happens to fit the list's columns it only gives other rows; it never breaks."""
    viewer = await twelve(database)
    asked = [
        read(wanted)
        for read in lists_of(database, viewer).values()
        for wanted in (Slice(after=key), Slice(backward=True, before=key))
    ]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    refused = [outcome for outcome in outcomes if not isinstance(outcome, Page)]
    assert {type(outcome) for outcome in refused} == {BadInput}
    assert len(refused) >= 22  # all but topics and policies, whose keys are a text and a number


async def test_a_cursor_stays_where_it_is_while_rows_come_and_go(database: Hall) -> None:
    viewer = await twelve(database)
    read = lists_of(database, viewer)["newest"]
    first = await read(Slice(size=4))
    await database.proposals.create(viewer, Edit("new", "Body"))
    following = await read(Slice(size=4, after=first.keys[-1]))
    assert [row.number for row in following.rows] == [8, 7, 6, 5]


async def test_times_in_cursors_are_exact_to_the_millisecond(database: Hall) -> None:
    viewer = await twelve(database)
    page = await lists_of(database, viewer)["ending"](Slice(size=1))
    assert list(page.keys) == [("2026-03-02T12:00:00.001", 3)]
    assert page.rows[0].ends_at == T0 + timedelta(days=1, milliseconds=1)
    assert page.rows[0].ends_at.tzinfo is UTC
