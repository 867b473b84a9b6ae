"""How much one document and one operation may ask for.

Everything here is linear in the document, so that it can be checked before the schema's own rules, which are not.
docs/howto/limits.md tells clients.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    TokenKind,
    get_introspection_query,
    parse,
)
from graphql.validation.rules import overlapping_fields_can_be_merged
from graphql.validation.validate import ValidationAbortedError

from app.graphql.cost import Plan, Variables
from app.graphql.counts import counts_of
from app.graphql.measures import Measure, planned
from resolvers.errors import coded

MAX_CHARACTERS = 50_000
MAX_TOKENS = 2_500
"""Words and brackets of one document; GraphiQL's introspection has about 300."""
MAX_COST = 50_000
MAX_ERRORS = 10
"""Told of one document at once: `validate(..., max_errors=MAX_ERRORS)`."""
MAX_COMPARISONS = 5_000
"""Of fields that answer under one name, in pairs: half as many as points of graphql-core's budget."""
MAX_DIGITS = 100
NUMBERS = (TokenKind.INT, TokenKind.FLOAT)
MAX_MESSAGE = 1_000
MAX_VALUES = 5_000
"""In the variables of one operation, in lists and objects of any depth."""
MAX_LEVELS = 20
"""Of lists and objects in the variables; the deepest input of the schema needs five."""
INTROSPECTION_TIMES = 2
"""How many times the standard introspection's cost an operation may ask about the schema."""

overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 2 * MAX_COMPARISONS


class Limit(NamedTuple):
    """`found` names what is counted, `remedy` what to do about it."""

    most: int
    found: str
    remedy: str


WRITTEN = {
    "operation_definition": Limit(20, "operations in one document", "send each with the fragments it uses"),
    "fragment_definition": Limit(60, "fragments", "write small ones out where they are used"),
    "fragment_spread": Limit(250, "spreads of fragments", "write small ones out where they are used"),
    "variable_definition": Limit(200, "variables", "pass input objects"),
    "directive": Limit(50, "directives", "put @skip and @include on the selection around, not on each field"),
    "repeated_directive": Limit(0, "directives that stand twice in one place", "write each once"),
    "argument": Limit(400, "arguments", "send several operations"),
    "inline_fragment": Limit(300, "inline fragments", "ask for an interface's fields once, outside of them"),
    "value": Limit(250, "items and fields in literals", "send them as variables"),
    "field": Limit(1_000, "fields as written", "send several operations"),
}
"""Limits of a document as it stands, by graphql-core's kind of node."""
DEPTH = Limit(15, "levels of fields", "start a second operation from `node(id:)` further down")
ROOTS = Limit(20, "fields at the root", "send several operations, or ask `nodes(ids:)`")
ALIASES = Limit(30, "aliases", "ask `nodes(ids:)` for many objects, or send several operations")
DIRECTIVES = Limit(50, "directives with fragments written out", WRITTEN["directive"].remedy)
INTROSPECTION_DEPTH = Limit(20, "levels of introspection", "ask for `ofType` nine times at most")
COST = Limit(MAX_COST, "points of cost", "ask for smaller pages (first, last), fewer nested lists or fewer fields")


def parsed(text: str) -> DocumentNode:
    """Raises GraphQLError: the text is too long, has too many tokens, is nested too deeply, holds too long a number or
    is no GraphQL."""
    held(len(text), Limit(MAX_CHARACTERS, "characters", "send long texts as variables"))
    try:
        document = parse(text, max_tokens=MAX_TOKENS)
    except GraphQLSyntaxError as error:
        raise explained(error) from None
    check_numbers(document)
    return document


def check_shape(document: DocumentNode, schema: GraphQLSchema) -> Plan:
    """What the document's operations cost. Raises GraphQLError for the first limit that it breaks. Call it before
    `validate`; it judges no more than size, and takes any document that parses."""
    counts = counts_of(document)
    for kind, limit in WRITTEN.items():
        held(counts[kind], limit)
    plan, measures = planned(document, schema)
    for measure in measures:
        check_measure(measure, schema)
    return plan


def check_measure(measure: Measure, schema: GraphQLSchema) -> None:
    held(measure.wide, ROOTS)
    held(measure.depth, DEPTH)
    held(measure.aliases, ALIASES)
    held(measure.directives, DIRECTIVES)
    held(measure.introspection_depth, INTROSPECTION_DEPTH)
    if measure.introspection > INTROSPECTION_TIMES * standard_introspection(schema).introspection:
        raise too_complex(
            f"The operation asks for more than {INTROSPECTION_TIMES} times what the standard introspection asks: "
            "ask about single types with `__type(name:)`."
        )
    if not measure.once.open:
        held(measure.once.fixed, COST)


def check_cost(plan: Plan, operation_name: str | None, variables: Variables | None) -> int:
    """The operation's points with these variables. Raises GraphQLError for more than MAX_COST."""
    cost = plan.cost(operation_name, variables)
    held(cost, COST)
    return cost


def check_variables(given: Variables) -> None:
    """Raises GraphQLError for more than MAX_VALUES, as it takes some ten microseconds to make one the schema's type,
    and for more than MAX_LEVELS, as Python walks them by calling itself."""
    count, level = 0, 0
    waiting: list[Any] = [given] if given else []
    while waiting:
        count, level = count + sum(map(len, waiting)), level + 1
        if count > MAX_VALUES:
            raise too_complex(f"The variables hold more than {MAX_VALUES:,} values: send several operations.")
        if level > MAX_LEVELS:
            raise too_complex(f"The variables are nested in more than {MAX_LEVELS} levels: send flatter ones.")
        waiting = [each for holder in waiting for each in values_of(holder) if isinstance(each, dict | list)]


def values_of(holder: Any) -> Iterable[Any]:  # noqa: ANN401  # a dict or list
    return holder.values() if isinstance(holder, dict) else holder


def check_numbers(document: DocumentNode) -> None:
    """Raises GraphQLError for a number that no type takes: Python itself refuses to read some thousand digits."""
    token = document.loc.start_token if document.loc else None
    while token:
        if token.kind in NUMBERS and len(token.value or "") > MAX_DIGITS:
            raise GraphQLError(f"A number has at most {MAX_DIGITS} characters.")
        token = token.next


def explained(error: GraphQLError) -> GraphQLError:
    """An error of graphql-core's parser or validation: one of ours if it is about size, and never longer than a
    screen, though it quotes what was sent."""
    aborted = isinstance(error, ValidationAbortedError) and not error.message.startswith("Too many")
    tokens = isinstance(error, GraphQLSyntaxError) and f"{MAX_TOKENS} tokens" in error.message
    nested = isinstance(error, GraphQLSyntaxError) and "nested too deeply" in error.message
    if aborted:
        return too_complex(
            f"Fields that answer under one name make more than {MAX_COMPARISONS:,} pairs to compare: ask for each once."
        )
    if tokens:
        return too_complex(f"The document has more than {MAX_TOKENS:,} tokens: send several operations.")
    if nested:
        return too_complex(f"The document is nested too deeply: at most {DEPTH.most} levels of fields are allowed.")
    if len(error.message) > MAX_MESSAGE:
        error.message = f"{error.message[:MAX_MESSAGE]}…"
    return error


def held(count: int, limit: Limit) -> None:
    if count > limit.most:
        told = f"{count:,}" if count < 10**9 else "more than 1,000,000,000"
        raise too_complex(f"There are {told} {limit.found}; at most {limit.most:,} are allowed: {limit.remedy}.")


def too_complex(message: str) -> GraphQLError:
    return GraphQLError(message, extensions=coded("QUERY_TOO_COMPLEX", retryable=False))


@lru_cache(8)
def standard_introspection(schema: GraphQLSchema) -> Measure:
    """What GraphiQL and code generators ask."""
    query = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    [measure] = planned(parse(query), schema)[1]
    return measure
