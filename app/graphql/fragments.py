"""The fragments of a document, each after those that it spreads."""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
)


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """Those spread by others come first. Where fragments spread one another in a circle, which the schema's own rules
    refuse, one of them comes before what it spreads. Never recurses."""
    found = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    ordered: dict[str, FragmentDefinitionNode] = {}
    entered: set[str] = set()
    for root in found:
        path = [root]
        while path:
            name = path[-1]
            below = [] if name in entered else [each for each in spread_by(found[name]) if each in found]
            entered.add(name)
            fresh = [each for each in below if each not in entered]
            path += fresh
            if not fresh:
                ordered.setdefault(path.pop(), found[name])
    return ordered


def spread_by(fragment: FragmentDefinitionNode) -> Iterator[str]:
    waiting: list[SelectionSetNode] = [fragment.selection_set]
    while waiting:
        for node in waiting.pop().selections:
            match node:
                case FragmentSpreadNode():
                    yield node.name.value
                case FieldNode() | InlineFragmentNode() if node.selection_set:
                    waiting.append(node.selection_set)
