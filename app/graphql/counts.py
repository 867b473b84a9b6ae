"""What a document holds as it is written, counted in one walk that neither recurses nor follows fragments."""

from collections import Counter
from collections.abc import Sequence

from graphql import DirectiveNode, DocumentNode, Node

LISTS = {
    "document": ("definitions",),
    "operation_definition": ("variable_definitions", "directives"),
    "variable_definition": ("directives",),
    "fragment_definition": ("directives",),
    "selection_set": ("selections",),
    "field": ("arguments", "directives"),
    "fragment_spread": ("directives",),
    "inline_fragment": ("directives",),
    "directive": ("arguments",),
    "list_value": ("values",),
    "object_value": ("fields",),
}
"""Where nodes of a kind keep many others."""
SINGLES = {
    "operation_definition": "selection_set",
    "fragment_definition": "selection_set",
    "field": "selection_set",
    "inline_fragment": "selection_set",
    "variable_definition": "default_value",
    "argument": "value",
    "object_field": "value",
}
"""Where they keep one other."""


def counts_of(document: DocumentNode) -> Counter[str]:
    """How many nodes there are of each kind, as graphql-core names the kinds, and beside them:

    `value`: items of lists and fields of input objects; `repeated_directive`: what stands twice in one place.
    """
    counts: Counter[str] = Counter()
    waiting: list[Node] = [document]
    while waiting:
        node = waiting.pop()
        kind = node.kind
        counts[kind] += 1
        for name in LISTS.get(kind, ()):
            many = getattr(node, name)
            if many:
                waiting += many
                counts["value"] += len(many) if name in ("values", "fields") else 0
                counts["repeated_directive"] += repeated(many) if name == "directives" else 0
        one = getattr(node, SINGLES[kind]) if kind in SINGLES else None
        if one is not None:
            waiting.append(one)
    return counts


def repeated(directives: Sequence[DirectiveNode]) -> int:
    return len(directives) - len({directive.name.value for directive in directives})
