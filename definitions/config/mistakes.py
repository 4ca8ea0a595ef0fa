"""Mistakes in a hand-written file: collected by field path, reported together with file and line."""

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from definitions.config.yaml_file import FieldPath
from definitions.errors import ConfigurationError

# Type of the pydantic errors that carry a message of this package.
MISTAKE_TYPE = "mistake"


def raise_mistakes(mistakes: Mapping[FieldPath, str]) -> None:
    """Raise all mistakes from inside a pydantic validator; return if there are none.

    Paths are relative to the validated value. A `ValueError` would name that value as a whole, and so its first line.
    """
    if not mistakes:
        return
    details: list[InitErrorDetails] = [
        {"type": PydanticCustomError(MISTAKE_TYPE, "{reason}", {"reason": reason}), "loc": field_path, "input": None}
        for field_path, reason in mistakes.items()
    ]
    raise ValidationError.from_exception_data("mistakes", details)


def configuration_error(
    mistakes: Mapping[FieldPath, str], lines: Mapping[FieldPath, int], where: str
) -> ConfigurationError:
    """Build one error from all mistakes, a line each, in file order; `lines` maps each field path to its line."""
    ordered = sorted((line_of(path, lines), ".".join(map(str, path)), reason) for path, reason in mistakes.items())
    return ConfigurationError(
        "\n".join(f"{where}:{line}: {reason}{f' (at {path})' if path else ''}." for line, path, reason in ordered)
    )


def line_of(field_path: FieldPath, lines: Mapping[FieldPath, int]) -> int:
    """Return the line of a field path, or of its nearest parent that has one."""
    return next((lines[field_path[:size]] for size in range(len(field_path), -1, -1) if field_path[:size] in lines), 1)
