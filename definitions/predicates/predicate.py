"""Predicates: tests in SQL-like text over canonical fields, readable by people and evaluated by two engines.

Null is "unknown". A test answers yes, no or unknown, as in SQL; a rule matches only on yes. The word `unknown` in a
vocabulary (budget_status and the like) is read as null, so that "we have not asked" never counts as "no".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from types import MappingProxyType

from definitions.errors import ConfigurationError
from definitions.predicates.nodes import Coalesce, Literal, Logic, Macro, Node, ValueType, columns_in, names_in
from definitions.predicates.parse import tree_of
from definitions.predicates.postgres import sql_of
from definitions.predicates.text import text_of
from definitions.schema.column import Column
from definitions.schema.facets import PredicateUse, Subject, facets_of

_MOST_MEMBERS = 8


@dataclass(frozen=True, slots=True)
class Predicate:
    """One test. Predicates with equal trees are equal, whatever their spacing and brackets."""

    node: Node

    @property
    def text(self) -> str:
        """The test as text; parsing it gives the same predicate."""
        return text_of(self.node)

    @property
    def names(self) -> frozenset[str]:
        """Names read, macros expanded; a day counter (`days_overdue`) appears under its own name."""
        return names_in(self.node)

    @property
    def columns(self) -> frozenset[str]:
        """Stored columns read, macros expanded; a day counter appears as the day column it is computed from."""
        return columns_in(self.node)

    def to_postgres(self, as_of: date) -> str:
        """Write the test as a boolean SQL expression over the curated columns.

        The expression has no parameters: a `%`, a `:word` or a brace in it belongs to a text literal.
        """
        return sql_of(self.node, as_of)


def parse(
    text: str,
    subject: Subject,
    macros: Mapping[str, Predicate] | None = None,
    *,
    use: PredicateUse = PredicateUse.HYGIENE,
    own: Mapping[Subject, Mapping[str, Column]] = MappingProxyType({}),
) -> Predicate:
    """Parse the text of a test about `subject`; `macros` are the criteria and policies it may name.

    `own` has the columns of one customer. Raises `ConfigurationError`: unknown name (with a suggestion), a word outside
    a closed vocabulary, types that do not compare, anything outside the allow list. The caller adds file and line.

    >>> overdue = parse("is_open AND days_overdue>7", "opportunity")
    >>> overdue.text, sorted(overdue.names), sorted(overdue.columns)
    ('is_open and days_overdue > 7', ['days_overdue', 'is_open'], ['close_date', 'is_open'])
    >>> print(overdue.to_postgres(date(2026, 1, 31)))
    ("is_open" AND ((date '2026-01-31' - "close_date") > (7)))
    """
    bodies = {name: predicate.node for name, predicate in (macros or {}).items()}
    return Predicate(tree_of(text, facets_of(subject, use, own), bodies))


def at_least(
    count: int, of: Mapping[str, Predicate], including: tuple[str, ...] = (), *, unknown_is_not_met: bool = False
) -> Predicate:
    """Combine criteria: met when `count` of them and all of `including` are met; not met when that cannot be any more.

    Otherwise it is unknown, or not met if `unknown_is_not_met`. Equal to SQL's three-valued "or" over every combination
    of `count` criteria.
    """
    if not 1 <= count <= len(of) <= _MOST_MEMBERS:
        raise ConfigurationError(f"at_least {count} of {len(of)}: choose between 1 and {_MOST_MEMBERS} criteria")
    parts = {name: Macro(name, predicate.node) for name, predicate in of.items()}
    choices = [_join("and", choice) for choice in combinations(parts.values(), count)]
    enough = _join("and", (_join("or", tuple(choices)), *(parts[name] for name in including)))
    if unknown_is_not_met:
        enough = Coalesce((enough, Literal(value=False, type=ValueType.BOOLEAN)), ValueType.BOOLEAN)
    return Predicate(enough)


def _join(op: str, nodes: tuple[Node, ...]) -> Node:
    """Join tests by `and` or `or`, flattened as by the parser."""
    if len(nodes) == 1:
        return nodes[0]
    flat = tuple(
        part for node in nodes for part in (node.parts if isinstance(node, Logic) and node.op == op else (node,))
    )
    return Logic("and" if op == "and" else "or", flat)
