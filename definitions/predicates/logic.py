"""Static analysis of tests: which answers a test can give, and whether one test implies another.

Sound but not complete: "implies" and "never" are returned only when they are certain.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product

from definitions.predicates.nodes import (
    Between,
    Coalesce,
    Compare,
    In,
    IsNull,
    Literal,
    Logic,
    Macro,
    Name,
    Node,
    Not,
    ValueType,
    type_of,
)

Scalar = str | int | Decimal | bool | date
_MOST_CASES = 256
_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that holds when a test answers yes: `of` is one of `values`, or, without values, within the bounds.

    An expression that is not analysed is a fact about itself: its value is True.
    """

    of: Node
    values: frozenset[Scalar] | None = None
    low: Scalar | None = None
    high: Scalar | None = None
    low_open: bool = False
    high_open: bool = False

    def implies(self, other: "Fact") -> bool:
        """Whether the other holds wherever this one does."""
        if self == other:
            return True
        if self.of != other.of:
            return False
        if self.values is not None:
            return all(other.admits(value) for value in self.values)
        return other.values is None and other.holds(self)

    def excludes(self, other: "Fact") -> bool:
        """Whether the two facts can never hold together."""
        if self.of != other.of:
            return False
        if self.values is not None:
            return not any(other.admits(value) for value in self.values)
        if other.values is not None:
            return other.excludes(self)
        return self.ends_before(other) or other.ends_before(self)

    def admits(self, value: Scalar) -> bool:
        """Whether the fact holds for the value."""
        if self.values is not None:
            return value in self.values
        return self.holds(Fact(self.of, low=value, high=value))

    def holds(self, inner: "Fact") -> bool:
        """Whether the inner bounds are within these bounds."""
        low_holds = self.low is None or (
            inner.low is not None
            and (_less(self.low, inner.low) or (self.low == inner.low and (inner.low_open or not self.low_open)))
        )
        high_holds = self.high is None or (
            inner.high is not None
            and (_less(inner.high, self.high) or (self.high == inner.high and (inner.high_open or not self.high_open)))
        )
        return low_holds and high_holds

    def ends_before(self, other: "Fact") -> bool:
        """Whether every value within these bounds is less than every value within the other bounds."""
        if self.high is None or other.low is None:
            return False
        return _less(self.high, other.low) or (self.high == other.low and (self.high_open or other.low_open))


def _less(left: Scalar, right: Scalar) -> bool:
    return left < right  # type: ignore[operator]  # facts about one expression hold values of one type


def can_be_met(node: Node) -> bool:
    """Whether a record could meet the test; false only when that is certainly impossible."""
    return True in answers(node) and any(_is_consistent(case) for case in cases(node))


def is_always_met(node: Node) -> bool:
    """Whether every record makes the test answer yes."""
    return answers(node) == {True}


def implies(later: Node, earlier: Node) -> bool:
    """Whether the earlier test answers yes wherever the later one does."""
    if is_always_met(earlier):
        return True
    earlier_cases = cases(earlier)
    return all(
        any(_covers(wide, narrow) for wide in earlier_cases) for narrow in cases(later) if _is_consistent(narrow)
    )


def _covers(wide: frozenset[Fact], narrow: frozenset[Fact]) -> bool:
    return all(any(fact.implies(wanted) for fact in narrow) for wanted in wide)


def _is_consistent(case: frozenset[Fact]) -> bool:
    return not any(one.excludes(other) for one in case for other in case)


def cases(node: Node) -> list[frozenset[Fact]]:
    """Return the cases in which a test answers yes (disjunctive normal form), each as facts that hold together.

    A test with too many cases is returned as one fact about itself.
    """
    match node:
        case Macro():
            return cases(node.body)
        case Logic(op="or"):
            found = [case for part in node.parts for case in cases(part)]
        case Logic():
            found = [frozenset()]
            for part in node.parts:
                found = [one | other for one, other in product(found, cases(part))][: _MOST_CASES + 1]
        case Not(part=Not(part=inner)):
            found = cases(inner)
        case Not(part=Macro(body=body)):
            found = cases(Not(body))
        case Not(part=Logic() as inner):
            found = cases(Logic("and" if inner.op == "or" else "or", tuple(Not(part) for part in inner.parts)))
        case _:
            found = [frozenset(_facts(node))]
    return found if len(found) <= _MOST_CASES else [frozenset({_itself(node, holds=True)})]


def _facts(node: Node) -> Iterator[Fact]:
    """Yield the facts that hold when a node answers yes; the compared expression is then not null, too."""
    fact = _fact(node)
    yield fact
    if not isinstance(fact.of, IsNull):
        yield Fact(IsNull(fact.of), frozenset({False}))


def _fact(node: Node) -> Fact:  # noqa: PLR0911  # one return a kind of node
    match node:
        case Compare(right=Literal(value=value)):
            return _compared(node.op, node.left, value) or _itself(node, holds=True)
        case Not(part=Compare(right=Literal(value=value)) as test):
            return _compared(_OPPOSITE[test.op], test.left, value) or _itself(test, holds=False)
        case In(items=items) if all(isinstance(item, Literal) for item in items):
            return Fact(node.part, frozenset(item.value for item in items if isinstance(item, Literal)))
        case Not(part=In(part=Name(values=words) as name, items=items)) if words and all(
            isinstance(item, Literal) for item in items
        ):
            return Fact(name, frozenset(words) - {item.value for item in items if isinstance(item, Literal)})
        case Between(part=part, low=Literal(value=low), high=Literal(value=high)):
            return Fact(part, low=low, high=high)
        case Not(part=part):
            return _itself(part, holds=False)
        case _:
            return _itself(node, holds=True)


def _itself(node: Node, *, holds: bool) -> Fact:
    return Fact(node, frozenset({holds}))


def _compared(op: str, of: Node, value: Scalar) -> Fact | None:
    if op == "=":
        return Fact(of, frozenset({value}))
    if op == "<>":
        words = of.values if isinstance(of, Name) else ()
        return Fact(of, frozenset(set(words) - {value})) if words else None
    if op.startswith("<"):
        return Fact(of, high=value, high_open=op == "<")
    return Fact(of, low=value, low_open=op == ">")


TruthValue = bool | None


def answers(node: Node) -> frozenset[TruthValue]:  # noqa: PLR0911  # one return a kind of node
    """Return the answers a test could give: some of True, False and None (unknown)."""
    match node:
        case Literal(value=value):
            return frozenset({bool(value)})
        case Macro():
            return answers(node.body)
        case Not():
            return frozenset(None if answer is None else not answer for answer in answers(node.part))
        case Logic():
            found = answers(node.parts[0])
            for part in node.parts[1:]:
                found = frozenset(_joined(node.op, choice) for choice in product(found, answers(part)))
            return found
        case IsNull(part=Literal()):
            return frozenset({False})
        case IsNull():
            return frozenset({True, False})
        case Compare(left=Literal(value=left), right=Literal(value=right)):
            return frozenset({_outcome(node.op, left, right)})
        case Coalesce(parts=parts) if type_of(node) is ValueType.BOOLEAN and isinstance(parts[-1], Literal):
            return frozenset().union(*(answers(part) for part in parts)) - {None}
        case _:
            return frozenset({True, False, None})


def _joined(op: str, choice: tuple[TruthValue, ...]) -> TruthValue:
    decisive = op == "or"
    if decisive in choice:
        return decisive
    return None if None in choice else not decisive


def _outcome(op: str, left: Scalar, right: Scalar) -> bool:
    if op in ("=", "<>"):
        return (left == right) is (op == "=")
    if left == right:
        return op in ("<=", ">=")
    return _less(left, right) is op.startswith("<")
