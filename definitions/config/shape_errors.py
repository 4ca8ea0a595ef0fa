"""Messages for pydantic validation errors in hand-written files, in plain English.

Used for every file that a pydantic model validates. A value is never repeated: it may be a secret on a wrong line.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import zip_longest
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
_MESSAGES = {
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


def describe_errors(
    error: ValidationError, model: type[BaseModel], *, derived: Collection[str] = ()
) -> dict[FieldPath, str]:
    """Return one message for each field path with an error: the first error of that path.

    `model` is the validated model; `derived` names its fields that are computed and never read from a file.
    """
    found: dict[FieldPath, str] = {}
    for problem in error.errors(include_url=False):
        if problem["type"] == "too_short" and problem["input"]:
            continue  # Not empty: its items were refused, and each has an error of its own.
        field_path, parent, annotation = _resolve(problem["loc"], model)
        if problem["type"] in {"union_tag_invalid", "union_tag_not_found"}:
            found |= _unknown_keys(problem["input"], field_path, annotation)
            field_path, parent = (*field_path, str(problem["ctx"]["discriminator"]).strip("'")), annotation
        message = _describe(problem, _label(field_path), parent, annotation)
        if problem["type"] == "extra_forbidden":
            message += suggestion(str(field_path[-1]), [key for key in keys_of(parent) if key not in derived])
        found.setdefault(field_path, message)
    return found


def _unknown_keys(value: object, field_path: FieldPath, annotation: Any) -> dict[FieldPath, str]:
    """Describe keys that no member of the union has: pydantic does not check keys before it knows the member."""
    if not isinstance(value, dict):
        return {}
    closest_tag = closest(str(value.get("kind")), _tags_of(annotation))
    models = [member for member in _models(annotation) if closest_tag is None or closest_tag in _tags_of(member)]
    known_keys = list(dict.fromkeys(key for member in models for key in keys_of(member)))
    return {
        (*field_path, key): f"unknown key {key!r}{suggestion(str(key), known_keys, most=len(known_keys))}"
        for key in value
        if key not in known_keys
    }


def keys_of(annotation: Any) -> list[str]:
    """Return the keys that a model accepts in a file; empty unless the annotation names exactly one model.

    >>> from definitions.agreement.model import StageAge
    >>> keys_of(StageAge)
    ['multiple', 'minimum_exits', 'because']
    """
    models = _models(annotation)
    return [info.alias or name for name, info in models[0].model_fields.items()] if len(models) == 1 else []


def _describe(problem: Mapping[str, Any], key: str, parent: Any, annotation: Any) -> str:
    """Describe one error; `annotation` is the type expected at its path, `parent` the type that contains it."""
    kind, facts = problem["type"], problem.get("ctx", {})
    match kind:
        case mistakes.MISTAKE_TYPE:
            return str(problem["msg"])
        case "value_error" | "assertion_error":
            return str(facts["error"])
        case "missing":
            message = f"the key {key} is missing"
        case "union_tag_not_found":
            message = f"the key {key} is missing; write {_alternatives(_tags_of(parent))}"
        case "extra_forbidden":
            message = f"unknown key {key}"
        case "literal_error":
            message = f"{key} must be {_choice(facts['expected'], problem['input'])}"
        case "union_tag_invalid":
            message = f"{key} must be {_choice(facts['expected_tags'], facts['tag'])}"
        case "string_pattern_mismatch":
            example = _EXAMPLES.get(str(facts["pattern"]))
            message = f"{key} is not written as it can be read there" + (f"; {example}" if example else "")
        case _ if len(kinds := _kinds(annotation)) > 1:
            message = f"{key} must be {_alternatives(kinds)}"
        case _:
            message = f"{key} {_MESSAGES.get(kind, 'cannot be read there').format(**facts)}"
    return message


def _label(field_path: FieldPath) -> str:
    """Name a field path by its last key, or by its number in a list."""
    if not field_path:
        return "the file"
    last = field_path[-1]
    return f"item {last + 1} of {field_path[-2]!r}" if isinstance(last, int) and len(field_path) > 1 else repr(last)


def _choice(expected: str, value: object) -> str:
    """List the allowed words, and suggest the closest one."""
    words = _QUOTED.findall(expected)
    return _alternatives(words or [expected.lower()]) + suggestion(str(value), words, most=0)


def _alternatives(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _resolve(location: FieldPath, model: type[BaseModel]) -> tuple[FieldPath, Any, Any]:
    """Turn pydantic's location into a field path of the file, the type that contains it, and the type expected there.

    The location also holds the selected member of a union, and marks a key that is wrong itself.
    """
    field_path: list[str | int] = []
    parent: Any = None
    annotation: Any = model
    for part, following in zip_longest(location, location[1:]):
        if part == "[key]" or (_is_leaf(annotation) and field_path):
            break
        if len(models := _models(annotation)) > 1 and isinstance(part, str):
            if matching := [member for member in models if part in _tags_of(member)]:
                annotation = matching[0]
                continue
            having = [member for member in models if part in keys_of(member)]
            # One key may hold a list in one member and a mapping in another.
            fitting = [member for member in having if _is_list(_child(member, part)) == isinstance(following, int)]
            annotation = next(iter(fitting or having), None)
        field_path.append(part)
        parent, annotation = annotation, _child(annotation, part)
    return tuple(field_path), parent, annotation


def _is_list(annotation: Any) -> bool:
    """Whether the value is a list."""
    return any(get_origin(member) in (tuple, list) for member in _members(annotation))


def _child(annotation: Any, part: str | int) -> Any:
    """Return the type expected at a key or list index; None where the annotation does not tell."""
    for member in _members(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            fields = {info.alias or name: info.annotation for name, info in member.model_fields.items()}
            return fields.get(str(part))
        arguments = get_args(member)
        if arguments and get_origin(member) is not Literal:
            return arguments[0] if isinstance(part, int) else arguments[-1]
    return None


def _members(annotation: Any) -> Iterator[Any]:
    """Yield the types of a union without `None`, or the type itself if it is no union."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin is Union or origin is UnionType:
        for member in get_args(annotation):
            yield from _members(member)
    elif annotation is not NoneType and annotation is not None:
        yield annotation


def _models(annotation: Any) -> list[type[BaseModel]]:
    return [member for member in _members(annotation) if isinstance(member, type) and issubclass(member, BaseModel)]


def _is_leaf(annotation: Any) -> bool:
    """Whether the value has no keys or items of its own: a text, a number, a literal."""
    members = list(_members(annotation))
    return not any(_models(member) or (get_args(member) and get_origin(member) is not Literal) for member in members)


def _kinds(annotation: Any) -> list[str]:
    """Name the kinds of plain value that are allowed, where there is a choice."""
    return [_KINDS[member] for member in _members(annotation) if member in _KINDS] if _is_leaf(annotation) else []


def _tags_of(annotation: Any) -> list[str]:
    """Return the values of the discriminator key `kind`, over all models of the annotation."""
    fields = [member.model_fields["kind"] for member in _models(annotation) if "kind" in member.model_fields]
    return [word for field in fields if get_origin(field.annotation) is Literal for word in get_args(field.annotation)]
