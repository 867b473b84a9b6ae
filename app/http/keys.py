"""Headers of a request that may come twice."""

from typing import Annotated

from fastapi import Header

from resolvers.commands import MAX_KEY

KEY = "Idempotency-Key"

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias=KEY,
        min_length=1,
        max_length=MAX_KEY,
        description=f"1 to {MAX_KEY} characters. The same key and input within 7 days are done once and answered "
        "alike; GraphQL's idempotencyKey is the same key.",
    ),
]
LastEventId = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID",
        ge=0,
        le=2**31 - 1,
        description="The `id` of the last event that arrived: only what comes after it is sent.",
    ),
]
