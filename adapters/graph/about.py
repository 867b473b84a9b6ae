"""Facts about entities, newest first, a page for each of many in one read."""

from collections.abc import Awaitable, Callable, Sequence

from adapters.graph.engines import Row
from adapters.graph.records import FACT_COLUMNS, OPEN, fact_of
from domain.facts import Fact
from domain.pages import Key, Page, Slice, foreign_cursor

THEIRS = f"""UNWIND $uuids AS uuid MATCH (:Entity {{uuid: uuid}})-[e:RELATES_TO]-()
    WHERE e.newest >= {-OPEN} AND e.newest <= {OPEN}"""
"""A text is neither less nor more: who damaged a fact so keeps no other from its place."""
COUNT_ABOUT = f"{THEIRS} RETURN uuid AS about, count(DISTINCT e) AS facts"
BEHIND = "(e.newest < $after OR e.newest = $after AND e.uuid > $after_id)"
BEFORE = "(e.newest > $before OR e.newest = $before AND e.uuid < $before_id)"


def reading(wanted: Slice) -> tuple[str, dict[str, object]]:
    """Cypher for each entity's rows of $uuids, one more than wanted if there are more, and its other parameters. Raises
    BadInput for a cursor of another list."""
    params: dict[str, object] = {"most": wanted.size + 1}
    beyond = []
    for name, key, condition in (("after", wanted.after, BEHIND), ("before", wanted.before, BEFORE)):
        if key is not None:
            params[name], params[f"{name}_id"] = place(key, name)
            beyond.append(condition)
    order = "e.newest, e.uuid DESC" if wanted.backward else "e.newest DESC, e.uuid"
    text = f"""{" AND ".join([THEIRS, *beyond])} WITH DISTINCT uuid, e ORDER BY {order}
        WITH uuid, collect(e)[..$most] AS found UNWIND found AS e
        RETURN uuid AS about, e.newest AS newest, {FACT_COLUMNS}"""
    return text, params


def place(key: Key, name: str) -> tuple[int, str]:
    """Raises BadInput."""
    match key:
        case (int(newest), str(id)) if abs(newest) <= OPEN:
            return newest, id
    raise foreign_cursor(name)


def page_about(rows: Sequence[Row], wanted: Slice, count: Callable[[], Awaitable[int]]) -> Page[Fact]:
    """Of an entity's rows of all groups. What cannot be read is left out."""
    read = [((row["newest"], row["uuid"]), fact) for row in rows if (fact := fact_of(row)) is not None]
    ranked = sorted(read, key=lambda each: (-each[0][0], each[0][1]))
    cut = ranked[-wanted.size :] if wanted.backward else ranked[: wanted.size]
    more = len(rows) > wanted.size
    return Page(
        rows=[fact for _, fact in cut],
        keys=[key for key, _ in cut],
        has_next=wanted.before is not None if wanted.backward else more,
        has_previous=more if wanted.backward else wanted.after is not None,
        count=count,
    )
