"""Reference page `docs/files.md`: options of `files` sources and canonical fields, from their declarations.

`python -m flows.terminal.files_reference` writes the page; a test compares it with the current declarations.
"""

import types
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from connectors.files.settings import FilesSource
from definitions.mapping.file_columns import DEFAULTS, NOT_MAPPED, Column
from definitions.mapping.file_stream import FileStream
from definitions.schema.column import Column as CanonicalColumn
from definitions.schema.column import Kind
from definitions.schema.records import RECORD_KINDS, RecordKind

PAGE = Path(__file__).parents[2] / "docs" / "files.md"

_INTRODUCTION = """\
# Files as a source

Written by `make docs` from the declarations in `connectors/files/settings.py`, `definitions/mapping/` (file_*.py),
`definitions/schema/` (one file an entity); do not edit it here.

A source of `kind: files` is a folder; each of its streams is one file, or a folder of exports, whose rows are records
of one kind. Nothing is guessed: an encoding, a delimiter, a date order, an alias or a unit counts only where it is
declared, and a decimal mark where it is, or where a whole column shows it.

```yaml
sources:
  - name: crm
    kind: files
    currency: EUR
    stages: {Angebot: proposal, Gewonnen: closed_won, Verloren: closed_lost}
    streams:
      - name: deals
        kind: opportunity
        path: deals.csv
        delimiter: ';'
        decimal: ','
        dates: day_first
        id: Nr
        columns:
          name: Titel                                            # short for {column: Titel}
          source_stage: Stufe
          amount: {column: Betrag in Tsd., times: 1000}
          source_close_date: Abschluss
          owner_key: {column: Betreuer, refers_to: owners}
          lead_source: {constant: trade fair}
      - name: owners
        kind: owner
        path: owners.csv
        id: id
        columns: {owner_name: name, owner_email: email, is_active: {column: active, values: {Ja: "yes", Nein: "no"}}}
```

Files are read in bounded memory. One that unpacks to more than `unpacked_limit_mb`, or to more than 200 times its
size, is refused by name, and so is one that is of another kind than declared.

Tables follow RFC 4180: a cell in quotes may hold anything, a pasted table too. A row that cannot be read is set aside
with its line, and what is inside of a broken cell makes no row. A value that cannot be read is null, its row stays, and
`ops.value_fault` names both; `on_unreadable` says where it costs more. Lines before the header, a line `sep=;`, a blank
line, a header that stands again, a footer after the last row, and a column that has no name, or is named twice and not
mapped, are passed over, and the run says so. While rows of a complete file are set aside, removals are off, since one
of them may be the record that seems to be gone; the run says that too.

The `path` of a stream may be a folder or a pattern: each new export is read once, by its content. A file is as fresh
as it was changed last, or as the day in its name (`dated: name`), not as its reading; while one is older than
`max_stale_hours`, alerts are held back.

Many rows set aside stop the run (more than ten and than `quarantine_ceiling`, 0.01 of all), and so do many values of
one column that are not what it is declared to hold (more than two and than `unreadable_ceiling`, 0.05 of them), or
words that nobody mapped (more than ten and than half of them); both ceilings are set at the top of `bantam.yaml`.
"""

_OPTIONS = (
    ("A source of files", FilesSource),
    ("A stream", FileStream),
    ("A column: one entry of `columns`", Column),
)
_HOLDS = {
    Kind.TEXT: "text",
    Kind.INTEGER: "whole number",
    Kind.COUNT: "whole number, not negative",
    Kind.REAL: "number",
    Kind.MONEY: "amount",
    Kind.BOOLEAN: "yes or no",
    Kind.DAY: "day",
    Kind.MOMENT: "moment, or a day",
    Kind.TEXTS: "list of text",
    Kind.JSON: "JSON",
}
_PLAIN = {
    str: "text",
    int: "whole number",
    Decimal: "number",
    bool: "true or false",
    FileStream: "streams",
    Column: "column name or column",
}


def page() -> str:
    """Return the whole page in Markdown."""
    sections = [_INTRODUCTION]
    for title, model in _OPTIONS:
        sections.append(f"## {title}\n\n{_table(('option', 'holds', 'default', 'meaning'), _options(model))}")
    sections.append(
        "## Canonical fields\n\nThe keys of `columns`. Fields that end in `_key` need `refers_to`. A field that no "
        "column feeds is null: the source did not say. **Bold**: the stream must map it.\n\n"
        "Persons, accounts and opportunities may have fields of your own, with a `kind` and perhaps `means`: "
        "`custom.region_score: {column: Regionspunkte, kind: number}`. A value that cannot be read is null there, "
        "`custom.unreadable` names the field, and the row stays. More in "
        "[definitions/README.md](../definitions/README.md).\n"
    )
    sections += (
        f"### `kind: {kind.name}`\n\n{_table(('field', 'holds', 'meaning'), _fields(kind))}"
        for kind in RECORD_KINDS.values()
    )
    return "\n".join(sections)


def _options(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    for name, option in model.model_fields.items():
        yield f"`{name}`", _type(option.annotation), _default(option), option.description or ""


def _fields(kind: RecordKind) -> Iterator[tuple[str, ...]]:
    needed = kind.required - NOT_MAPPED - DEFAULTS.keys()
    for field in kind.fields:
        if field.name in NOT_MAPPED:
            continue
        name = f"**`{field.name}`**" if field.name in needed else f"`{field.name}`"
        default = " Default: no." if field.name in DEFAULTS else ""
        yield name, _holds(field), field.means + default


def _holds(field: CanonicalColumn) -> str:
    if field.name.endswith("_key"):
        return "id of a record"
    if field.values:
        return "one of " + ", ".join(f"`{value}`" for value in field.values)
    limits = f", {field.low:g} to {field.high:g}" if field.low is not None and field.high is not None else ""
    return _HOLDS[field.kind] + limits


def _type(annotation: Any) -> str:
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin in (Annotated, Union, types.UnionType):
        # The first argument of `Annotated` is the type.
        members = arguments[:1] if origin is Annotated else arguments
        return " or ".join(_type(member) for member in members if member is not type(None))
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"mapping of text to {_type(arguments[1])}"
    return str(annotation.__name__).lower() if isinstance(annotation, type) else str(annotation)


def _default(option: FieldInfo) -> str:
    if option.is_required():
        return "required"
    default = option.default
    if default is None:
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`" if isinstance(default, str | int) else "none"


def _table(head: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
