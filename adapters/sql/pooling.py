"""How many connections to Postgres a process has, and how long it waits for one, and on one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pooling:
    """A process's connections to Postgres: `connections` stay, `overflow` more come and go. Times in seconds."""

    connections: int = 10
    overflow: int = 0
    wait_seconds: float = 10.0
    connect_seconds: float = 5.0
    statement_seconds: float = 15.0


USUAL = Pooling()
