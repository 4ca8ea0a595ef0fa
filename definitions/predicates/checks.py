"""Semantic checks of predicates: compatible types, and words of the vocabulary."""

from definitions.config.suggestions import suggestion
from definitions.errors import ConfigurationError
from definitions.predicates.nodes import (
    NUMBERS,
    Coalesce,
    Literal,
    Macro,
    Name,
    Node,
    ValueType,
    children,
    common_type,
    type_of,
)
from definitions.predicates.text import text_of
from definitions.schema.facets import UNKNOWN

_DEEPEST_PRODUCT = 8


def check_test(node: Node, what: str) -> None:
    """Raise unless the expression is a test, with an answer of yes, no or unknown."""
    if type_of(node) is not ValueType.BOOLEAN:
        raise ConfigurationError(
            f"{what} must be a test, and {text_of(node)} is a {type_of(node).value}; compare it with something"
        )


def check_same(nodes: tuple[Node, ...]) -> ValueType:
    """Return the common type of the expressions; raise if there is none."""
    shared = common_type(nodes)
    if shared is None:
        separator = " with " if len(nodes) == 2 else ", "  # noqa: PLR2004  # a pair reads as a sentence
        described = separator.join(f"{text_of(node)} ({type_of(node).value})" for node in nodes)
        raise ConfigurationError(f"cannot compare {described}")
    return shared


def check_compared(nodes: tuple[Node, ...], *, is_order: bool) -> None:
    """Raise unless the expressions can be compared (`is_order`: by order) and use only words of their vocabulary."""
    shared = check_same(nodes)
    vocabularies = [vocabulary for node in nodes if (vocabulary := vocabulary_of(node)) is not None]
    if is_order and shared is ValueType.BOOLEAN:
        raise ConfigurationError(f"{text_of(nodes[0])} is yes or no, which has no order; use = or <>")
    if is_order and vocabularies:
        raise ConfigurationError(f"{text_of(nodes[0])} is a word, and words have no order; list them with `in`")
    for vocabulary in vocabularies:
        for node in nodes:
            if isinstance(node, Literal):
                _check_word(str(node.value), vocabulary, text_of(nodes[0]))


def vocabulary_of(node: Node) -> tuple[str, ...] | None:
    """Return the only words an expression can evaluate to; None where any text is possible."""
    match node:
        case Name(values=values) if values:
            return (*values, UNKNOWN) if node.unknown_is_null else values
        case Coalesce(parts=parts):
            vocabularies = [vocabulary_of(part) for part in parts if not isinstance(part, Literal)]
            literals = [str(part.value) for part in parts if isinstance(part, Literal)]
            if not vocabularies or None in vocabularies:
                return None
            return (*(word for words in vocabularies for word in words or () if word != UNKNOWN), *literals)
        case _:
            return None


def _check_word(word: str, vocabulary: tuple[str, ...], of: str) -> None:
    if word == UNKNOWN and word in vocabulary:
        raise ConfigurationError(f"the word 'unknown' is read as null; write {of} is null")
    allowed = [value for value in vocabulary if value != UNKNOWN]
    if word not in allowed:
        quoted = [f"'{value}'" for value in allowed]
        hint = suggestion(f"'{word}'", quoted)
        raise ConfigurationError(f"{of} is never '{word}'{hint}")


def check_arithmetic(op: str, left: Node, right: Node) -> ValueType:
    """Return the type of a sum, difference or product; raise where there is none."""
    types = (type_of(left), type_of(right))
    if op == "-" and types == (ValueType.DAY, ValueType.DAY):
        return ValueType.WHOLE
    if not set(types) <= set(NUMBERS):
        raise ConfigurationError(
            f"{text_of(left)} {op} {text_of(right)}: only numbers are added, subtracted or multiplied, "
            "and one day subtracted from another"
        )
    if _products(left) + _products(right) + (op == "*") > _DEEPEST_PRODUCT:
        # Double precision overflows to an error in PostgreSQL and to infinity in Polars; this limit avoids both.
        raise ConfigurationError(f"more than {_DEEPEST_PRODUCT} multiplications in one number")
    return ValueType.REAL


def _products(node: Node) -> int:
    if isinstance(node, Macro):
        return 0
    own = getattr(node, "op", None) == "*"
    return own + sum(_products(child) for child in children(node))


def check_pattern(part: Node, pattern: str) -> None:
    """Raise unless the expression is text and both engines accept the pattern."""
    if type_of(part) is not ValueType.TEXT:
        raise ConfigurationError(f"`like` is for text, and {text_of(part)} is a {type_of(part).value}")
    escapes = len(pattern) - len(pattern.rstrip("\\"))
    if escapes % 2:
        raise ConfigurationError(rf"the pattern '{pattern}' ends in a lone \, which has nothing to take as it is")
