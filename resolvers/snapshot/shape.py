"""How deep, wide and many-named a query may be: the hub's depth and number of queries, and bounds of our own."""

from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValidationRule,
)

from schema.snapshot.limits import MAX_ALIASES, MAX_DEPTH, MAX_ROOTS, MAX_SELECTED


@dataclass(frozen=True, slots=True)
class Shape:
    """Of a selection, its fragments written out: levels below it, fields on it, fields in all, aliases."""

    depth: int = 0
    wide: int = 0
    size: int = 0
    aliases: int = 0

    def beside(self, other: "Shape") -> "Shape":
        return Shape(
            max(self.depth, other.depth),
            self.wide + other.wide,
            self.size + other.size,
            self.aliases + other.aliases,
        )


class Measure:
    """Each fragment is measured once, however often it is spread."""

    def __init__(self, document: DocumentNode) -> None:
        nodes = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
        self._fragments = {node.name.value: node for node in nodes}
        self._known: dict[str, Shape] = {}

    def of(self, selections: SelectionSetNode | None) -> Shape:
        shape = Shape()
        for node in selections.selections if selections else ():
            shape = shape.beside(self._one(node))
        return shape

    def _one(self, node: SelectionNode) -> Shape:
        match node:
            case FieldNode():
                return self._field(node)
            case InlineFragmentNode():
                return self.of(node.selection_set)
            case FragmentSpreadNode():
                return self._fragment(node.name.value)
        return Shape()

    def _field(self, node: FieldNode) -> Shape:
        if node.name.value.startswith("__"):  # the schema's own questions are no deeper than the schema
            return Shape()
        below = self.of(node.selection_set)
        depth = below.depth + 1 if node.selection_set else 0
        return Shape(depth, 1, below.size + 1, below.aliases + (node.alias is not None))

    def _fragment(self, name: str) -> Shape:
        """One that spreads itself is refused by another rule, and one that is not there too."""
        if name not in self._known:
            self._known[name] = Shape()
            found = self._fragments.get(name)
            self._known[name] = self.of(found.selection_set) if found else Shape()
        return self._known[name]


class ShapeRule(ValidationRule):
    """Refuses operations out of bounds."""

    def enter_document(self, document: DocumentNode, *_: object) -> None:
        measure = Measure(document)
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                self._check(node, measure.of(node.selection_set))

    def _check(self, node: OperationDefinitionNode, shape: Shape) -> None:
        for what, is_, most in (
            ("levels of fields", shape.depth, MAX_DEPTH),
            ("queries at once", shape.wide, MAX_ROOTS),
            ("fields", shape.size, MAX_SELECTED),
            ("aliases", shape.aliases, MAX_ALIASES),
        ):
            if is_ > most:
                self.report_error(GraphQLError(f"At most {most} {what} may be asked for; these are {is_}.", [node]))
