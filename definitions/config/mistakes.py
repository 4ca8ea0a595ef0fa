"""Mistakes in a file that people write: found one by one, each at its place, and told all at once by file and line."""

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from definitions.config.yaml_file import FieldPath
from definitions.errors import ConfigurationError

# The kind of pydantic error that holds our own words.
OURS = "mistake"


def refuse(mistakes: Mapping[FieldPath, str]) -> None:
    """Raise, inside a pydantic validator, each mistake at its place below what is validated; return if there is none.

    A `ValueError` would name the validated part as a whole, and with it the line on which that begins.
    """
    if not mistakes:
        return
    details: list[InitErrorDetails] = [
        {"type": PydanticCustomError(OURS, "{said}", {"said": said}), "loc": place, "input": None}
        for place, said in mistakes.items()
    ]
    raise ValidationError.from_exception_data("mistakes", details)


def all_of(mistakes: Mapping[FieldPath, str], lines: Mapping[FieldPath, int], where: str) -> ConfigurationError:
    """Make one error of all mistakes, a line each, in the order of the file; `lines` has the line of every place."""
    placed = sorted((line_of(place, lines), ".".join(map(str, place)), said) for place, said in mistakes.items())
    return ConfigurationError(
        "\n".join(f"{where}:{line}: {said}{f' (at {place})' if place else ''}." for line, place, said in placed)
    )


def line_of(place: FieldPath, lines: Mapping[FieldPath, int]) -> int:
    """Line of a place, or of the nearest part of the file around it."""
    return next((lines[place[:size]] for size in range(len(place), -1, -1) if place[:size] in lines), 1)
