"""Topics are made once, however they are spelled and whoever comes first."""

import asyncio
from functools import partial

import pytest
from sqlalchemy import select

from adapters.sql.pages import rows_of
from adapters.sql.topics import SqlTopicReads, TopicRow
from domain.errors import BadInput, Forbidden
from domain.members import Role, Viewer
from domain.pages import Slice
from domain.transactions import Work
from evals.hall import Hall, hall
from services.topics import Topics
from tests.contracts.sql.times import Clock


def ensure(titles: list[str], work: Work) -> tuple[int, ...]:
    return work.topics.ensure(titles)


async def test_two_spellings_are_one_topic_and_the_first_stays(database: Hall) -> None:
    first = await database.transact(lambda work: work.topics.ensure(["Rent", "rent!", "Heating"]))
    again = await database.transact(lambda work: work.topics.ensure(["HEATING", "Ｒent", "New"]))
    assert len(first) == 2
    assert again[:2] == (first[1], first[0])
    rows = await rows_of(database.reader, select(TopicRow).order_by(TopicRow.id))  # type: ignore[arg-type]  # a mapped column
    assert [(row.key, row.title) for row in rows if row.key != "new"] == [
        (key, title) for key, title in sorted([("rent", "Rent"), ("heating", "Heating")])
    ]
    assert len(rows) == 3


async def test_titles_without_letters_are_no_topics(database: Hall) -> None:
    assert await database.transact(lambda work: work.topics.ensure(["!?", " ", ""])) == ()


async def test_writers_at_once_make_each_topic_once(database: Hall, url: str, clock: Clock) -> None:
    titles = [f"Topic {number}" for number in range(8)]
    async with hall(url, clock=clock) as other:
        made = [
            one.transact(partial(ensure, order))
            for one in (database, other)
            for order in (titles, titles[::-1], titles[3:] + titles[:3])
        ]
        answers = await asyncio.gather(*made)
    assert len({frozenset(answer) for answer in answers}) == 1
    assert len(await rows_of(database.reader, select(TopicRow))) == 8


async def test_a_scope_is_made_by_an_admin_and_seen_by_all(database: Hall) -> None:
    ada, ben = await database.seat([1, 1])
    service, reads = Topics(database.transact), SqlTopicReads(database.reader)
    admin = Viewer(ada.member_id, Role.ADMIN)
    free, loose = await database.transact(lambda work: work.topics.ensure(["Free", "Loose"]))
    made = await service.create(admin, " Rent  control ", "Wanted.", delegable=True)
    assert await service.create(admin, "rent control!", "Again.", delegable=True) == made
    assert await service.create(admin, "FREE", "Marked.", delegable=True) == {"topic": free}
    page = await reads.page(ben, Slice())
    assert [(topic.title, topic.delegable) for topic in page.rows] == [("Free", True), ("Rent control", True)]
    await service.create(admin, "Free", "Unmarked.", delegable=False)
    assert await reads.by_ids(ben, [free, loose]) == {}
    assert [(topic.id, topic.delegable) for topic in (await reads.all_by_ids([free, loose])).values()] == [
        (free, False),
        (loose, False),
    ]


async def test_neither_members_nor_texts_make_a_scope(database: Hall) -> None:
    (ada,) = await database.seat([1])
    service = Topics(database.transact)
    with pytest.raises(Forbidden, match=r"^Only an ADMIN makes topics.$"):
        await service.create(ada, "Rent", "Mine.", delegable=True)
    for title, reason, field in (("!", "R", "title"), (" ", "R", "title"), ("T", " ", "reason")):
        with pytest.raises(BadInput) as refused:
            await service.create(Viewer(ada.member_id, Role.ADMIN), title, reason, delegable=True)
        assert refused.value.field == (field,)
    assert await rows_of(database.reader, select(TopicRow)) == []
    (rent,) = await database.transact(lambda work: work.topics.ensure(["Rent"]))
    await service.create(Viewer(ada.member_id, Role.ADMIN), "Rent", "Wanted.", delegable=True)
    await database.transact(lambda work: work.topics.ensure(["RENT"]))
    topic = await database.transact(lambda work: work.topics.by_id(rent))
    assert topic is not None
    assert (topic.title, topic.delegable) == ("Rent", True)
