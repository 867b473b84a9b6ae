"""What a commit writes last: rows that nothing reads before it, and states that each ballot of one commit would write
over again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Insert, SelectBase, Update, event

NOTE = "late"


type RowOf = Callable[[], dict[str, Any]]


@dataclass(slots=True)
class Late:
    """Of one commit, which several commands may share. `states` has states by their keys, as the commit is to leave
    them, each with what makes the row for the statement `save`. `wrote` tells of anything but reading since it was last
    set to False. `full`: a row is held that all proposals share, and no commit may then wait for another proposal's."""

    rows: list[tuple[Insert, dict[str, Any]]] = field(default_factory=list)
    states: dict[int, tuple[Any, RowOf]] = field(default_factory=dict)
    save: Update | None = None
    wrote: bool = False
    full: bool = False

    def mark(self) -> "Late":
        return Late(list(self.rows), dict(self.states), self.save)

    def restore(self, mark: "Late") -> None:
        self.rows, self.states, self.save = mark.rows, mark.states, mark.save


def late_of(connection: Connection) -> Late:
    found: Late = connection.info.setdefault(NOTE, Late())
    return found


@contextmanager
def late_writes(connection: Connection) -> Iterator[None]:
    """One commit's: written at its end, forgotten when it fails."""
    late = late_of(connection)  # a connection that was lost cannot be asked afterwards
    try:
        yield
        write(connection, late)
    finally:
        late.restore(Late())
        late.full = False


def write(connection: Connection, late: Late) -> None:
    """One statement a table: a statement for each row costs a ballot a tenth of its time. States are read anew
    afterwards: whoever made this necessary may change them."""
    states, rows = late.states, late.rows
    late.states, late.rows = {}, []
    if states and late.save is not None:
        connection.execute(late.save, [row_of() for _, row_of in states.values()])
    for statement in dict.fromkeys(statement for statement, _ in rows):
        connection.execute(statement, [row for of, row in rows if of is statement])


LIGHT: set[int] = set()
"""Statements of a ballot's that look at nothing that may be held; any other is preceded by what is."""


def light[S: Executable](statement: S) -> S:
    """To be kept as long as the program runs: statements are known by their identity."""
    LIGHT.add(id(statement))
    return statement


def write_before_others(engine: Engine) -> None:
    """Let every statement but the LIGHT ones see what is held, and note which one writes."""

    def flush(connection: Connection, statement: object, *_: object) -> None:
        late = connection.info.get(NOTE)
        if late is None:
            return
        late.wrote = late.wrote or not isinstance(statement, SelectBase)
        if (late.states or late.rows) and id(statement) not in LIGHT:
            write(connection, late)

    event.listen(engine, "before_execute", flush)
