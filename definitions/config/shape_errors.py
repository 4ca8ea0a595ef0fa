"""What a shape check found, in plain words: pydantic's findings said as a colleague would say them.

Serves every file that is checked by a pydantic model. A value is never repeated: it may be a secret in a wrong line.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from definitions.config import mistakes
from definitions.config.suggestions import closest, suggestion
from definitions.config.yaml_file import FieldPath

_TEXT = "must be text; put it in quotes"
_WHOLE = "must be a whole number"
_NUMBER = "must be a number"
_YES_OR_NO = "must be true or false"
_DAY = "must be a day, such as 2026-01-31"
_LIST = "must be a list: lines that begin with a dash"
_LINES = "must hold `key: value` lines"
_SAID = {
    **dict.fromkeys(("string_type", "string_sub_type", "string_unicode", "bytes_type", "path_type"), _TEXT),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number", "decimal_type", "decimal_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _YES_OR_NO),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"), _DAY),
    **dict.fromkeys(("tuple_type", "list_type"), _LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), _LINES),
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "greater_than": "must be more than {gt}",
    "less_than": "must be less than {lt}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have no more than {max_length} characters; {max_length} is the most",
    "too_short": "must not be empty",
    "is_instance_of": "must be a test, such as days_overdue > 7",
}
_KINDS: dict[Any, str] = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
_EXAMPLES = {
    "^[A-Z]{3}$": "write a currency such as USD",
    "^[A-Z]{2}$": "write a country such as DE",
    "^[a-z][a-z0-9_]*$": "write lower case words joined by _",
    r"^[a-z][a-z0-9_]*(:[a-z][a-z0-9_]*)?$": "write the name of a stream, or source:object",
    r"^[A-Z]+-\d{2}$": "write a rule id such as OPP-01",
    r"\S": "say something",
}
_QUOTED = re.compile(r"'([^']*)'")


def told(error: ValidationError, model: type[BaseModel], *, derived: Collection[str] = ()) -> dict[FieldPath, str]:
    """Return each finding by the place it is at, in words of ours; the first found at a place stands.

    `model` is what was validated, `derived` names those of its fields that no file gives.
    """
    found: dict[FieldPath, str] = {}
    for problem in error.errors(include_url=False):
        if problem["type"] == "too_short" and problem["input"]:
            continue  # Not empty: what it holds was refused, which is told by itself.
        place, around, held = _placed(problem["loc"], model)
        if problem["type"] in {"union_tag_invalid", "union_tag_not_found"}:
            found |= _strangers(problem["input"], place, held)
            place, around = (*place, str(problem["ctx"]["discriminator"]).strip("'")), held
        said = _one(problem, _called(place), around, held)
        if problem["type"] == "extra_forbidden":
            said += suggestion(str(place[-1]), [key for key in keys_of(around) if key not in derived])
        found.setdefault(place, said)
    return found


def _strangers(given: object, place: FieldPath, held: Any) -> dict[FieldPath, str]:
    """Keys that none of the shapes has which a part may be of: nobody looks at them where its shape is not known."""
    if not isinstance(given, dict):
        return {}
    meant = closest(str(given.get("kind")), _tags_of(held))
    models = [one for one in _models(held) if meant is None or meant in _tags_of(one)]
    known = list(dict.fromkeys(key for one in models for key in keys_of(one)))
    return {
        (*place, key): f"unknown key {key!r}{suggestion(str(key), known, most=len(known))}"
        for key in given
        if key not in known
    }


def keys_of(annotation: Any) -> list[str]:
    """Return the keys that a part of a file may have, if it is one with keys of ours.

    >>> from definitions.agreement.model import StageAge
    >>> keys_of(StageAge)
    ['multiple', 'minimum_exits', 'because']
    """
    models = _models(annotation)
    return [info.alias or name for name, info in models[0].model_fields.items()] if len(models) == 1 else []


def _one(problem: Mapping[str, Any], key: str, around: Any, held: Any) -> str:
    """Say one finding; `held` is what may stand at its place, `around` what that is a part of."""
    kind, facts = problem["type"], problem.get("ctx", {})
    match kind:
        case mistakes.OURS:
            return str(problem["msg"])
        case "value_error" | "assertion_error":
            return str(facts["error"])
        case "missing":
            said = f"the key {key} is missing"
        case "union_tag_not_found":
            said = f"the key {key} is missing; write {_either(_tags_of(around))}"
        case "extra_forbidden":
            said = f"unknown key {key}"
        case "literal_error":
            said = f"{key} must be {_choice(facts['expected'], problem['input'])}"
        case "union_tag_invalid":
            said = f"{key} must be {_choice(facts['expected_tags'], facts['tag'])}"
        case "string_pattern_mismatch":
            example = _EXAMPLES.get(str(facts["pattern"]))
            said = f"{key} is not written as it can be read there" + (f"; {example}" if example else "")
        case _ if len(kinds := _kinds(held)) > 1:
            said = f"{key} must be {_either(kinds)}"
        case _:
            said = f"{key} {_SAID.get(kind, 'cannot be read there').format(**facts)}"
    return said


def _called(place: FieldPath) -> str:
    """What people call a place: by its key, or by its number in a list."""
    if not place:
        return "the file"
    last = place[-1]
    return f"item {last + 1} of {place[-2]!r}" if isinstance(last, int) and len(place) > 1 else repr(last)


def _choice(expected: str, given: object) -> str:
    """Name the words of a choice, and the one that may have been meant."""
    words = _QUOTED.findall(expected)
    return _either(words or [expected.lower()]) + suggestion(str(given), words, most=0)


def _either(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _placed(location: FieldPath, model: type[BaseModel]) -> tuple[FieldPath, Any, Any]:
    """Turn pydantic's location into a place of the file; with what that is a part of, and what may stand there.

    The location also has the member of a union that was chosen, and marks a key that is wrong itself.
    """
    place: list[str | int] = []
    around: Any = None
    held: Any = model
    for part in location:
        if part == "[key]" or (_is_leaf(held) and place):
            break
        if len(models := _models(held)) > 1 and isinstance(part, str):
            if chosen := [one for one in models if part in _tags_of(one)]:
                held = chosen[0]
                continue
            held = next((one for one in models if part in keys_of(one)), None)
        place.append(part)
        around, held = held, _inside(held, part)
    return tuple(place), around, held


def _inside(annotation: Any, part: str | int) -> Any:
    """What may stand at a key or a number of something; None where nothing is known of it."""
    for one in _members(annotation):
        if isinstance(one, type) and issubclass(one, BaseModel):
            fields = {info.alias or name: info.annotation for name, info in one.model_fields.items()}
            return fields.get(str(part))
        arguments = get_args(one)
        if arguments and get_origin(one) is not Literal:
            return arguments[0] if isinstance(part, int) else arguments[-1]
    return None


def _members(annotation: Any) -> Iterator[Any]:
    """The types that a union names, `None` left out, or the one type that it is."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin is Union or origin is UnionType:
        for one in get_args(annotation):
            yield from _members(one)
    elif annotation is not NoneType and annotation is not None:
        yield annotation


def _models(annotation: Any) -> list[type[BaseModel]]:
    return [one for one in _members(annotation) if isinstance(one, type) and issubclass(one, BaseModel)]


def _is_leaf(annotation: Any) -> bool:
    """Whether nothing of a file can stand below: a text, a number, a word of a list."""
    members = list(_members(annotation))
    return not any(_models(one) or (get_args(one) and get_origin(one) is not Literal) for one in members)


def _kinds(annotation: Any) -> list[str]:
    """What a plain value may be, where there is a choice."""
    return [_KINDS[one] for one in _members(annotation) if one in _KINDS] if _is_leaf(annotation) else []


def _tags_of(annotation: Any) -> list[str]:
    """Values of the key that tells the members of a union apart, or of the one member that is given."""
    fields = [one.model_fields["kind"] for one in _models(annotation) if "kind" in one.model_fields]
    return [word for field in fields if get_origin(field.annotation) is Literal for word in get_args(field.annotation)]
