"""What the shape check found, in plain words: pydantic's findings said as a colleague would say them."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from definitions.model import Definitions
from definitions.yaml_file import Place

_SAID = {
    "missing": "the key {key!r} is missing",
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "date_type": "must be a day, such as 2026-01-31",
    "tuple_type": "must be a list",
    "dict_type": "must hold `key: value` lines",
    "model_type": "must hold `key: value` lines",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "greater_than": "must be more than {gt}",
    "string_too_short": "must not be empty",
    "literal_error": "must be {expected}",
    "is_instance_of": "must be a test, such as days_overdue > 7",
}


def told(error: ValidationError, content: Mapping[str, Any]) -> dict[Place, str]:
    """Return each finding by the place it is at; an unknown key gets a suggestion from the keys known there."""
    found: dict[Place, str] = {}
    for problem in error.errors(include_url=False):
        place = tuple(part for part in problem["loc"] if part != "[key]")
        found.setdefault(place, _one(problem["type"], place, problem, content))
    return found


def _one(kind: str, place: Place, problem: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    key = str(place[-1]) if place else ""
    if kind == "extra_forbidden":
        return f"unknown key {key!r}{_suggestion(key, place[:-1])}"
    if kind == "string_pattern_mismatch":
        return (
            f"{_value_at(content, place)!r} is not written as expected there{_example(str(problem['ctx']['pattern']))}"
        )
    said = _SAID.get(kind)
    if said is None:
        return str(problem["msg"])
    return f"{key!r} {said}".format(key=key, **problem.get("ctx", {})) if kind != "missing" else said.format(key=key)


def _example(pattern: str) -> str:
    examples = {
        "^[A-Z]{3}$": "; write a currency such as USD",
        "^[a-z][a-z0-9_]*$": "; write lower case words joined by _",
        r"^[A-Z]+-\d{2}$": "; write a rule id such as OPP-01",
        r"\S": "; say something",
    }
    return examples.get(pattern, "")


def _suggestion(key: str, place: Place) -> str:
    close = get_close_matches(key, keys_at(place), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def keys_at(place: Place) -> list[str]:
    """Return the keys that are known at a place of the file.

    >>> keys_at(("stage_age",))
    ['multiple', 'minimum_exits', 'because']
    """
    model: type[BaseModel] | None = Definitions
    for part in place:
        if model is None:
            return []
        if isinstance(part, int):
            continue
        fields = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
        # A name of a criterion or policy is no field: its model was found one step before.
        model = _model_in(fields[part]) if part in fields else model
    if model is None:
        return []
    return [info.alias or name for name, info in model.model_fields.items() if name not in ("text", "text_sha256")]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Find the model an annotation holds: itself, or that of a list, a mapping or a choice."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part)) is not None), None)


def _value_at(content: Any, place: Place) -> object:
    for part in place:
        known = isinstance(content, dict) and part in content
        if not known and not (isinstance(content, list) and isinstance(part, int) and part < len(content)):
            return str(part)
        content = content[part]
    return content
