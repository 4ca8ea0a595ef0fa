"""Declared expectations: read with the settings, and checked before anything is pulled."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from definitions.config.mistakes import configuration_error
from definitions.config.shape_errors import describe_errors
from definitions.config.yaml_file import read_yaml
from expectations.declared import DeclaredExpectation


class _ExpectationsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    expectations: tuple[DeclaredExpectation, ...]


def read_expectations(path: Path) -> tuple[DeclaredExpectation, ...]:
    """Read a file that holds only `expectations:`. Raises `ConfigurationError` naming file and line."""
    content, lines = read_yaml(path)
    try:
        return _ExpectationsFile.model_validate(content).expectations
    except ValidationError as error:
        mistakes = describe_errors(error, _ExpectationsFile)
    raise configuration_error(mistakes, lines, str(path))


def check_expectations(config: Path, declared: Sequence[DeclaredExpectation]) -> None:
    """Raise `ConfigurationError`, naming file and line, for classes and arguments that Great Expectations lacks.

    Its import takes seconds and is skipped if nothing is declared.
    """
    if not declared:
        return
    from expectations.validate import mistakes_in  # noqa: PLC0415 - most commands need nothing of it

    if mistakes := mistakes_in(declared):
        content, lines = read_yaml(config)
        where = expectations_file(config, content)
        if where is not None:
            _, lines = read_yaml(where)
        raise configuration_error(
            {("expectations", *field_path): said for field_path, said in mistakes.items()}, lines, str(where or config)
        )


def expectations_file(config: Path, content: dict[str, Any]) -> Path | None:
    """Return the file that the settings name instead of a list, relative to their folder; None if they name none."""
    named = content.get("expectations")
    return config.parent / named if isinstance(named, str) else None
