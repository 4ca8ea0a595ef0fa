"""Load a definitions file into `Definitions`, or raise an error that names every mistake with its line.

Steps: read the YAML, parse each test (criteria first, then policies, which later tests may name), validate the shape,
then check the sections against each other (`definitions.agreement.coherence`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from definitions.agreement.coherence import contradictions
from definitions.agreement.model import NO_CUSTOM, Definitions
from definitions.agreement.own_columns import Custom, OwnColumns, own_columns
from definitions.config.mistakes import configuration_error
from definitions.config.shape_errors import describe_errors
from definitions.config.suggestions import suggestion
from definitions.config.yaml_file import FieldPath, read_text, read_yaml, read_yaml_text
from definitions.errors import ConfigurationError
from definitions.fingerprint import fingerprint_of
from definitions.predicates.predicate import Predicate, at_least, parse
from definitions.schema.facets import PredicateUse, Subject

__all__ = ["load_definitions", "load_text", "profiles", "read_yaml"]

_DERIVED = ("text", "text_sha256", "custom")
_PROFILES = Path(__file__).parents[1] / "profiles"


def profiles() -> list[str]:
    """Return the names of the profiles that come with the package."""
    return sorted(path.stem for path in _PROFILES.glob("*.yaml"))


def load_definitions(name_or_path: str | Path, custom: Custom = NO_CUSTOM) -> Definitions:
    """Load a profile by its name, or a file by its path (anything with a folder or an extension).

    `custom` has the custom fields, which tests may name. Raises `ConfigurationError` naming file and line of every
    mistake.
    """
    path = Path(name_or_path)
    if path.name == str(name_or_path) and not path.suffix:
        if path.name not in profiles():
            raise ConfigurationError(
                f"no profile is called {path.name!r}{suggestion(path.name, profiles())}. Or give the path of a file."
            )
        path = _PROFILES / f"{path.name}.yaml"
    return load_text(read_text(path), str(path), custom)


def load_text(text: str, where: str, custom: Custom = NO_CUSTOM) -> Definitions:
    """Load definitions from the text of a file; `where` is named in errors."""
    content, lines = read_yaml_text(text, where)
    own = {"text": text, "text_sha256": fingerprint_of(content), "custom": custom}
    mistakes: dict[FieldPath, str] = {}
    reader = _TestReader(mistakes, _own_columns(content, custom))
    reader.read(content)
    for derived in _DERIVED:
        if derived in content:
            mistakes[derived,] = f"the key {derived!r} is worked out from the file; remove it"
    try:
        definitions = Definitions.model_validate(_frozen(content) | own)
    except ValidationError as error:
        mistakes = {**describe_errors(error, Definitions, derived=_DERIVED), **mistakes}
        raise configuration_error(mistakes, lines, where) from None
    if not mistakes:
        mistakes.update(contradictions(definitions))
    if mistakes:
        raise configuration_error(mistakes, lines, where)
    return definitions


def _own_columns(content: Mapping[str, Any], custom: Custom) -> OwnColumns:
    """Collect the classes that the file names, even if other parts are wrong, and the custom fields."""
    people, deals = (
        [str(rule["class"]) for rule in _list(content.get(ladder)) if isinstance(rule, dict) and "class" in rule]
        for ladder in ("people", "opportunities")
    )
    return own_columns(people, deals, custom)


def _frozen(value: Any) -> Any:
    """Turn lists into tuples, recursively: loaded definitions are immutable."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


# Replaces a test that could not be parsed, so that the shape around it is still validated; never returned.
_PLACEHOLDER = parse("true", "both")


@dataclass(slots=True)
class _TestReader:
    """Replaces the text of every test by its predicate, in place, and collects mistakes."""

    mistakes: dict[FieldPath, str]
    own: OwnColumns
    criteria: dict[str, Predicate] = field(default_factory=dict)
    macros: dict[str, Predicate] = field(default_factory=dict)

    def read(self, content: dict[str, Any]) -> None:
        for name, criterion in _mapping(content.get("criteria")).items():
            self._test(criterion, "met", ("criteria", name), "both", PredicateUse.CRITERION)
            if isinstance(criterion, dict) and isinstance(criterion.get("met"), Predicate):
                self.criteria[name] = criterion["met"]
        self.macros |= self.criteria
        for name, policy in _mapping(content.get("policies")).items():
            self._policy(name, policy)
        for number, rule in enumerate(_list(content.get("fit"))):
            self._test(rule, "when", ("fit", number), "person", PredicateUse.FIT)
        for key in ("fails", "passes", "low_quality"):
            self._test(content.get("icp"), key, ("icp",), "person", PredicateUse.FIT)
        ladders: tuple[tuple[str, Subject], ...] = (("people", "person"), ("opportunities", "opportunity"))
        for section, subject in ladders:
            for number, rule in enumerate(_list(content.get(section))):
                self._test(rule, "when", (section, number), subject, PredicateUse.CLASS)
        for number, rule in enumerate(_list(content.get("hygiene"))):
            about: Subject = "person" if isinstance(rule, dict) and rule.get("on") == "person" else "opportunity"
            for key in ("when", "critical_when"):
                self._test(rule, key, ("hygiene", number), about, PredicateUse.HYGIENE)

    def _test(self, holder: object, key: str, field_path: FieldPath, subject: Subject, use: PredicateUse) -> None:
        text = holder.get(key) if isinstance(holder, dict) else None
        if text is None or not isinstance(holder, dict):
            return
        holder[key] = _PLACEHOLDER
        if isinstance(text, bool):
            text = str(text).lower()
        if not isinstance(text, str):
            self.mistakes[*field_path, key] = "this is not a test; write one, such as days_overdue > 7"
            return
        macros = self.macros if use >= PredicateUse.CLASS else {}
        try:
            holder[key] = parse(text, subject, macros, use=use, own=self.own)
        except ConfigurationError as error:
            self.mistakes[*field_path, key] = str(error)

    def _policy(self, name: str, policy: object) -> None:
        """Register the policy as a macro; a policy of the wrong shape is reported by the shape validation."""
        if not isinstance(policy, dict):
            return
        field_path = ("policies", name)
        of, including = _list(policy.get("of")), _list(policy.get("including"))
        self.macros[name] = _PLACEHOLDER
        if name in self.criteria:
            self.mistakes[field_path] = f"{name} is a criterion already; give the policy a name of its own"
            return
        if not all(isinstance(word, str) for word in (*of, *including)):
            return
        unknown = [word for word in (*of, *including) if word not in self.criteria]
        if unknown:
            hint = suggestion(unknown[0], self.criteria)
            self.mistakes[*field_path, "of"] = f"no criterion is called {', '.join(unknown)}{hint}"
            return
        outside = [word for word in including if word not in of]
        if outside:
            self.mistakes[*field_path, "including"] = f"{', '.join(outside)} must also stand in `of`"
            return
        count = policy.get("at_least")
        if not isinstance(count, int):
            return
        selected = {word: self.criteria[word] for word in of}
        not_met = policy.get("unknown_as") == "not_met"
        try:
            self.macros[name] = at_least(count, selected, tuple(including), unknown_is_not_met=not_met)
        except ConfigurationError as error:
            self.mistakes[*field_path, "at_least"] = str(error)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
