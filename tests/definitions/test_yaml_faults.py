"""A text that is no YAML is refused in plain words, by the line on which the mistake begins."""

import pytest

from definitions.config.yaml_file import read_yaml_text
from definitions.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: b: c\n", [(1, "put text that holds `: ` in quotes")]),
        ("a: 1\n\tb: 1\n", [(2, "a tab indents the line; use blanks")]),
        ("a: 1\nb: 'x\nc: 2\n", [(2, "the text in quotes that begins here is not closed")]),
        ("a: 1\nb: [1, 2\nc: 3\n", [(2, "the list in [ ] that begins here is not closed")]),
        ("a: {b: 1\nc: 2\n", [(1, "the part in { } that begins here is not closed")]),
        ("a: 1\nb: @x\n", [(2, "no plain text begins with @; put it in quotes")]),
        ("a: 1\nb\n", [(2, "a key needs `: ` and its value")]),
        ("a:\n  - b\n c: 1\n", [(3, "not indented like those it belongs to")]),
        ("- a\nb: 1\n", [(2, "not indented like those it belongs to")]),
        ('a: "C:\\queries"\n', [(1, "write the text in single quotes")]),
        ("a: 1\nb: x\x07\n", [(2, "a character that cannot be seen")]),
        ("a: 1\nb: 2\na: 3\nb: 4\n", [(3, "'a' stands twice, first on line 1"), (4, "'b' stands twice")]),
        ("a: 2026-02-30\nb: &x 1\n", [(1, "not a day of the calendar"), (2, "anchors")]),
        ("[a]: 1\nb: !!int 2\nc: *x\n", [(1, "a key must be a plain word"), (2, "the tag"), (3, "anchors")]),
        ("a: 1\n---\nb: 2\n", [(2, "a second document")]),
        ("just words\n", [(1, "expected `key: value` lines")]),
    ],
)
def test_what_is_wrong_is_told_by_line(text, told):
    with pytest.raises(ConfigurationError) as refused:
        read_yaml_text(text, "ours.yaml")
    lines = str(refused.value).splitlines()
    assert len(lines) == len(told), lines
    for said, (line, words) in zip(lines, told, strict=True):
        assert said.startswith(f"ours.yaml:{line}: ")
        assert words in said
