"""Processor time a request: one connection, one request after the other, ours and stock in turns."""

from statistics import median

from evals.figures import Figure
from evals.listeners import Caller
from evals.servers import MICRO, Server, ours, stock
from evals.system import NotMeasured

SIMPLE = "{ viewer { handle } }"
LIST = "{ members(first: 100) { nodes { id handle displayName joinedAt } } }"
MEMBERS = 100
WARM_UP, TURN = 200, {SIMPLE: 500, LIST: 150}
GOALS = {SIMPLE: 1 / 7, LIST: 0.45}


async def requests(*, turns: int) -> list[Figure]:
    with ours(members=MEMBERS) as (_, mine), stock(members=MEMBERS) as other:
        return [
            *await compared("viewer { handle }", SIMPLE, mine, other, turns=turns),
            *await compared("100 members × 4 fields", LIST, mine, other, turns=turns),
        ]


async def compared(name: str, query: str, *servers: Server, turns: int) -> list[Figure]:
    """The median of the turns, and that of their ratios: what slows a turn slows both."""
    taken = [await in_turn(query, servers) for turn in range(turns + 1)][1:]
    mine, other = (median(column) for column in zip(*taken, strict=True))
    return [
        Figure(f"{name}, CPU a request", MICRO * mine, "us"),
        Figure(f"{name}, CPU a request, stock", MICRO * other, "us"),
        Figure(
            f"{name}, ours to stock", median(mine / other for mine, other in taken), "times", round(GOALS[query], 3)
        ),
    ]


async def in_turn(query: str, servers: tuple[Server, ...]) -> list[float]:
    return [await cpu_a_request(query, server) for server in servers]


async def cpu_a_request(query: str, server: Server) -> float:
    """Seconds."""
    async with Caller(server.port, server.tokens[0]) as caller:
        await caller.ask(query)
        request, count = caller.request(query), TURN[query]
        before = server.cpu
        for _ in range(count):
            answer = await caller.send(request)
        taken = server.cpu - before
        if b'"errors"' in answer:
            raise NotMeasured(f"An operation failed: {answer.decode()}")
        return taken / count
