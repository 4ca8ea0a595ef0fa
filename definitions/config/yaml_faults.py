"""Messages for YAML syntax errors, in plain English, with the line."""

import yaml
from yaml.reader import Reader

_UNALIGNED = "the line is not indented like those it belongs to; align the keys of one part, and the dashes of one list"
_TAB = "a tab indents the line; use blanks"
# Error texts of PyYAML, from either of its two parsers.
_PROBLEMS = (
    ("mapping values are not allowed", "a `: ` too many, or an indent too deep; put text that holds `: ` in quotes"),
    ("tab character", _TAB),
    ("could not find expected ':'", "a key needs `: ` and its value"),
    ("unknown escape character", r"a \ in double quotes; write the text in single quotes"),
)
_CONTEXTS = {
    "while scanning a quoted scalar": "the text in quotes that begins here is not closed",
    "while parsing a flow sequence": "the list in [ ] that begins here is not closed",
    "while parsing a flow mapping": "the part in { } that begins here is not closed",
    "while parsing a block mapping": _UNALIGNED,
    "while parsing a block collection": _UNALIGNED,
    "while parsing a block sequence": _UNALIGNED,
}
# Contexts whose start is the mistake; in the others the mistake is where the parser stopped.
_STARTS_AT_MISTAKE = ("while scanning a quoted scalar", "while parsing a flow", "while scanning a simple key")


def fault_of(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """Return the line, from 1, and a message that says what is wrong there and what to do."""
    if not isinstance(error, yaml.MarkedYAMLError):
        found = Reader.NON_PRINTABLE.search(text)
        line = text.count("\n", 0, found.start()) + 1 if found else 1
        return line, "a character that cannot be seen and may not stand in YAML; remove it"
    context = error.context or ""
    mark = error.context_mark if context.startswith(_STARTS_AT_MISTAKE) and error.context_mark else error.problem_mark
    return (mark.line + 1 if mark else 1), _reason(error, context, text)


def _reason(error: yaml.MarkedYAMLError, context: str, text: str) -> str:
    problem = error.problem or ""
    if "cannot start any token" in problem:
        return _start(error, text)
    by_problem = (reason for words, reason in _PROBLEMS if words in problem)
    return next(by_problem, None) or _CONTEXTS.get(context, "this cannot be read as YAML; compare with the examples")


def _start(error: yaml.MarkedYAMLError, text: str) -> str:
    """Describe a character that no plain value can begin with."""
    mark = error.problem_mark
    line = text.splitlines()[mark.line] if mark else ""
    first = line[mark.column : mark.column + 1] if mark else ""
    if first == "\t":
        return _TAB
    return f"no plain text begins with {first}; put it in quotes"
