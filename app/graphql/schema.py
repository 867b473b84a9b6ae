"""The schema that is served."""

import strawberry
from graphql import build_schema, lexicographic_sort_schema, print_schema
from strawberry.schema.config import StrawberryConfig

from resolvers.roots import MutationType, QueryType, SubscriptionType
from schema.replies import ChatContext, ChatDone, ChatFailed, ChatToken
from schema.scalars import SCALARS

SCHEMA = strawberry.Schema(
    query=QueryType,
    mutation=MutationType,
    subscription=SubscriptionType,
    types=[ChatContext, ChatToken, ChatDone, ChatFailed],
    config=StrawberryConfig(scalar_map=SCALARS),
)


def sdl() -> str:
    """The served schema as text, sorted so that a change shows as itself. Sorting the schema that runs breaks enums."""
    return print_schema(lexicographic_sort_schema(build_schema(SCHEMA.as_str())))
