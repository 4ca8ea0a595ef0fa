"""Strict YAML: the subset of the language that reads the same to everyone, with the line of every key.

No anchors, tags or merge keys; no key twice; only `true` and `false` are yes and no, so that `on:` is a word. A plain
number is a number, a plain 2026-01-31 a day, everything else text.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from definitions.config.yaml_faults import fault_of
from definitions.errors import ConfigurationError

FieldPath = tuple[str | int, ...]

# The same events ten times as fast, where PyYAML was built with libyaml, as its wheels are.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})")
_REAL = re.compile(r"-?\d{1,18}\.\d{1,18}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_yaml(path: Path) -> tuple[dict[str, Any], Mapping[FieldPath, int]]:
    """Read a file whose top level is a mapping; return its content and the line of every field path.

    Raises `ConfigurationError` naming file and line.
    """
    return read_yaml_text(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Read a UTF-8 file; raise `ConfigurationError` if it is not there or not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}). Check the path.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: byte {error.start} is not UTF-8. Save the file as UTF-8.") from error


def read_yaml_text(text: str, where: str) -> tuple[dict[str, Any], Mapping[FieldPath, int]]:
    r"""As `read_yaml`, from text; `where` is named in errors.

    >>> read_yaml_text("on: 2026-01-31\nteams:\n- marketing\n", "notes")
    ({'on': datetime.date(2026, 1, 31), 'teams': ['marketing']}, {(): 1, ('on',): 1, ('teams',): 2, ('teams', 0): 3})
    """
    builder = _Builder()
    try:
        content = builder.document(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        line, reason = fault_of(error, text)
        raise ConfigurationError(f"{where}:{line}: not valid YAML: {reason}.") from None
    except RecursionError as error:
        raise ConfigurationError(f"{where}: nested too deeply to be read.") from error
    if builder.mistakes:
        raise ConfigurationError("\n".join(f"{where}:{line}: {reason}." for line, reason in builder.mistakes))
    if not isinstance(content, dict):
        raise ConfigurationError(f"{where}:1: expected `key: value` lines.")
    return content, builder.lines


class _Builder:
    """Builds the content of one document from its events; collects the line of each field path, and mistakes."""

    def __init__(self) -> None:
        self.lines: dict[FieldPath, int] = {}
        self.mistakes: list[tuple[int, str]] = []

    def document(self, events: Iterator[yaml.Event]) -> object:
        content: object = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._note(event, "a second document begins here; keep one in a file")
                    break
                first = next(events)
                self.lines[()] = _line(first)
                content = self._value(first, events, ())
        return content

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], field_path: FieldPath) -> object:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._note(event, "anchors (& and *) are not allowed; write it out, it is read aloud")
        if tag := getattr(event, "tag", None):
            self._note(event, f"the tag {tag} is not allowed; write the plain value")
        if isinstance(event, yaml.AliasEvent):
            return None
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, field_path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, field_path)
        assert isinstance(event, yaml.ScalarEvent)  # noqa: S101  # every other event was handled above
        if not event.implicit[0]:
            return event.value
        return self._plain(event)

    def _mapping(self, events: Iterator[yaml.Event], field_path: FieldPath) -> dict[str, object]:
        content: dict[str, object] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
                self._note(event, "a key must be a plain word")
                self._value(event, events, field_path)
                self._value(next(events), events, field_path)
                continue
            child_path = (*field_path, event.value)
            if event.value in content:
                self._note(
                    event, f"the key {event.value!r} stands twice, first on line {self.lines[child_path]}; keep one"
                )
            self.lines.setdefault(child_path, _line(event))
            content[event.value] = self._value(next(events), events, child_path)
        return content

    def _sequence(self, events: Iterator[yaml.Event], field_path: FieldPath) -> list[object]:
        content: list[object] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            child_path = (*field_path, len(content))
            self.lines[child_path] = _line(event)
            content.append(self._value(event, events, child_path))
        return content

    def _plain(self, event: yaml.ScalarEvent) -> object:
        text = event.value
        if text in _WORDS:
            return _WORDS[text]
        if _WHOLE.fullmatch(text):
            return int(text)
        if _REAL.fullmatch(text):
            return float(text)
        if _DAY.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                self._note(event, f"{text} is not a day of the calendar")
        return text

    def _note(self, event: yaml.Event, reason: str) -> None:
        self.mistakes.append((_line(event), reason))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
