"""Topics are made once, however they are spelled and whoever comes first."""

import asyncio
from functools import partial

from sqlalchemy import select

from adapters.sql.pages import rows_of
from adapters.sql.topics import TopicRow
from domain.transactions import Work
from evals.hall import Hall, hall
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
