"""The schema that is served: parsed and validated once an operation, its errors told with codes."""

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any

import strawberry
from graphql import DocumentNode, GraphQLError, build_schema, lexicographic_sort_schema, parse, print_schema
from strawberry.extensions import MaxTokensLimiter, SchemaExtension, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from resolvers.errors import tell
from resolvers.roots import MutationType, QueryType, SubscriptionType
from schema.replies import ChatContext, ChatDone, ChatFailed, ChatToken
from schema.scalars import SCALARS

CACHED_OPERATIONS = 512
MAX_TOKENS = 5_000
"""Words and brackets of one operation's text; GraphiQL's introspection has about 300."""


class Schema(strawberry.Schema):
    """Tells each error as resolvers/errors.py says."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        for error in errors:
            tell(error)


class ParsedOnce(SchemaExtension):
    """Parsed operations, remembered. What does not parse is left to the framework to tell: its own cache lets a syntax
    error out of a stream."""

    def on_parse(self) -> Iterator[None]:
        with suppress(GraphQLError, RecursionError):
            self.execution_context.graphql_document = parsed(self.execution_context.query or "")
        yield


@lru_cache(CACHED_OPERATIONS)
def parsed(query: str) -> DocumentNode:
    return parse(query, max_tokens=MAX_TOKENS)


class Skipped(SchemaExtension):
    """extensions.skipped: how many states a slow reader missed before this one."""

    def get_results(self) -> dict[str, Any]:
        skipped = getattr(self.execution_context.context, "skipped", None)
        return {"skipped": skipped} if skipped else {}


SCHEMA = Schema(
    query=QueryType,
    mutation=MutationType,
    subscription=SubscriptionType,
    types=[ChatContext, ChatToken, ChatDone, ChatFailed],
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[
        lambda: MaxTokensLimiter(max_token_count=MAX_TOKENS),
        ParsedOnce,
        lambda: ValidationCache(maxsize=CACHED_OPERATIONS),
        Skipped,
    ],
)


def sdl() -> str:
    """The served schema as text, sorted so that a change shows as itself. Sorting the schema that runs breaks enums."""
    return print_schema(lexicographic_sort_schema(build_schema(SCHEMA.as_str())))
