"""Arguments that searches share. The services check their bounds."""

from typing import Annotated

import strawberry

from services.facts import MAX_DAYS
from services.memories import MAX_LIMIT, MAX_QUERY

DEFAULT_LIMIT, DEFAULT_DAYS = 5, 90

Query = Annotated[str, strawberry.argument(description=f"In plain words, 1 to {MAX_QUERY:,} characters.")]
Limit = Annotated[int | None, strawberry.argument(description=f"At most this many, 1 to {MAX_LIMIT}; null: 5.")]
Days = Annotated[
    int | None,
    strawberry.argument(
        description=f"Facts that began in the last N days, 1 to {MAX_DAYS:,}, or are in force now; null: all time. A "
        "period named in the query replaces it."
    ),
]
