"""Documents made to be dear: how long the server works until it has refused them."""

import time
from collections.abc import Mapping

from evals.figures import MILLI, Figure, percentile
from evals.listeners import Caller
from evals.servers import ours
from evals.system import NotMeasured

GOAL_MS = 50.0
DOUBLINGS, LAYERS, MANY = 40, 2_000, 5_000


def doubling() -> str:
    """Each fragment spreads the next one twice: 2**40 fields in 2 kB."""
    spread = " ".join(
        f"fragment f{n} on Member {{ a: twin {{ member {{ ...f{n + 1} }} }} b: twin {{ member {{ ...f{n + 1} }} }} }}"
        for n in range(DOUBLINGS)
    )
    return f"{{ viewer {{ ...f0 }} }} {spread} fragment f{DOUBLINGS} on Member {{ handle }}"


def plain_doubling() -> str:
    spread = " ".join(f"fragment f{n} on Member {{ ...f{n + 1} ...f{n + 1} }}" for n in range(DOUBLINGS))
    return f"{{ viewer {{ ...f0 }} }} {spread} fragment f{DOUBLINGS} on Member {{ handle }}"


BOMBS: Mapping[str, str] = {
    "fragments that double": plain_doubling(),
    "fragments that double through fields": doubling(),
    "a fragment that spreads itself": "{ viewer { ...f } } fragment f on Member { handle ...f }",
    "nested fields": "{ viewer " + "{ twin { member " * LAYERS + "{ id }" + " } }" * LAYERS + " }",
    "nested lists": "{ proposal(id: " + "[" * LAYERS + "]" * LAYERS + ") { id } }",
    "aliases": "{ " + " ".join(f"a{n}: viewer {{ handle }}" for n in range(MANY)) + " }",
    "directives": "{ viewer { handle " + "@include(if: true) " * MANY + "} }",
    "the same field again and again": "{ viewer { " + "handle " * MANY + "} }",
    "unknown fields": "{ " + " ".join(f"x{n}" for n in range(MANY)) + " }",
}


async def bombs(*, times: int) -> list[Figure]:
    """The longest of the answers; each time with another name, so that none is remembered."""
    with ours(members=1) as (_, server):
        async with Caller(server.port, server.tokens[0]) as caller:
            await caller.ask("{ viewer { handle } }")
            return [
                Figure(f"{name}, {len(text):,} bytes, longest of {times}", MILLI * longest, "ms", GOAL_MS)
                for name, text in BOMBS.items()
                for longest in [percentile([await answered(caller, text, turn) for turn in range(times)], 100)]
            ]


async def answered(caller: Caller, text: str, turn: int) -> float:
    """Seconds. Raises NotMeasured for a bomb that went off."""
    request = caller.request(f"{text} # {turn}")
    began = time.perf_counter()
    answer = await caller.send(request)
    taken = time.perf_counter() - began
    if b'"errors"' not in answer:
        raise NotMeasured(f"It was run: {text[:200]}")
    return taken
