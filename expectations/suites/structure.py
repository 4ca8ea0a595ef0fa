"""Structure: checks generated from the table contracts: keys, nulls, vocabularies, ranges, references, volume.

Rules DQ-01, DQ-03, DQ-05, DQ-07 and DQ-09 of the hygiene catalogue. Nothing here depends on the definitions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from definitions.schema.column import Column, Kind
from definitions.schema.tables import DIM_ACCOUNT, DIM_PERSON, FCT_OPPORTUNITY, Table
from definitions.sql_text import identifier
from expectations.check import Check, Suite, failing_count, failing_rows, number, one_of

DANGLING_SHARE = 0.005  # DQ-07: some dimension rows arrive late; a larger share means a broken join
FEWEST, MOST = 0.8, 1.5  # DQ-03: -20 % / +50 % against the last run
ENOUGH_ROWS = 100  # a band in per cent is meaningless for fewer rows

# Only rows that the run adds or changes are staged for these tables, so that their row count cannot be compared.
HISTORY = frozenset({"fct_classification_change", "fct_hygiene_issue", "fct_opportunity_daily_snapshot"})
_ENTITIES = (DIM_PERSON.name, DIM_ACCOUNT.name, FCT_OPPORTUNITY.name)


@dataclass(frozen=True, slots=True)
class TableFill:
    """Fill of a published table: its rows, and the non-null rows of each column."""

    rows: int
    columns: Mapping[str, int]


def structure_suite(
    tables: Iterable[Table],
    previous: Mapping[str, TableFill] | None = None,
    *,
    volume_accepted_because: str | None = None,
) -> Suite:
    """Build the checks that the contracts of `tables` imply.

    `previous` is the fill of the published tables, by table (see `expectations.fill`); empty before the first run.
    `volume_accepted_because` is a person's reason for a deliberate change of volume: the volume checks are still
    measured and recorded, with the reason, but do not stop the publication.
    """
    tables = tuple(tables)
    staged = {table.name for table in tables}
    checks: list[Check] = []
    for table in tables:
        checks += [_key(table), *_required(table), *_words(table), *_ranges(table), *_references(table)]
        checks += _volume(table, (previous or {}).get(table.name), volume_accepted_because)
    if staged.issuperset(_ENTITIES):
        checks.append(_not_empty(volume_accepted_because))
    return Suite("structure", tuple(checks))


def _key(table: Table) -> Check:
    """Count duplicate keys, in a separate query: in the common scan they would prevent a parallel plan.

    Numbers sort faster than text (2.9 M keys: 1.2 s of processor time, against 1.75 s), so hashes are compared first:
    if all are distinct, so are the keys; only otherwise are the keys grouped. Null keys have a separate check.
    """
    key, name = ", ".join(identifier(name) for name in table.key), identifier(table.name)
    rows = f"FROM {name} WHERE {' AND '.join(f'{identifier(part)} IS NOT NULL' for part in table.key)}"
    code = "0"
    for part in table.key:
        code = f"hashtextextended({identifier(part)}::text, {code})"
    # Without OFFSET 0 the keys would be carried through the sort with their hashes.
    hashed = f"(SELECT {code} AS code {rows} OFFSET 0) AS hashed"
    doubled = f"(SELECT count(*) - 1 AS copies {rows} GROUP BY {key} HAVING count(*) > 1) AS doubled"
    return failing_count(
        table.name,
        f"{' and '.join(table.key)} {'is' if len(table.key) == 1 else 'are'} unique",
        f"(SELECT CASE WHEN count(code) = count(DISTINCT code) THEN 0 "
        f"ELSE (SELECT coalesce(sum(copies), 0) FROM {doubled}) END FROM {hashed})",
    )


def _required(table: Table) -> list[Check]:
    return [
        failing_rows(table.name, f"{name} is known", f"{identifier(name)} IS NULL")
        for name in table.names
        if name in table.required
    ]


def _words(table: Table) -> list[Check]:
    return [
        failing_rows(
            table.name,
            f"{field.name} holds only words of its vocabulary",
            f"NOT ({one_of(field.name, field.values)})",
        )
        for field in table.columns
        if field.values
    ]


def _ranges(table: Table) -> list[Check]:
    return [
        failing_rows(table.name, f"{field.name} is {_range_in_words(field)}", _outside(field))
        for field in table.columns
        if field.low is not None or field.high is not None
    ]


def _range_in_words(field: Column) -> str:
    if field.high is None:
        return f"at least {field.low:g}"
    return f"at most {field.high:g}" if field.low is None else f"between {field.low:g} and {field.high:g}"


def _outside(field: Column) -> str:
    column = identifier(field.name)
    limits = [f"{column} < {field.low!r}"] if field.low is not None else []
    # In PostgreSQL NaN is greater than every number, so that without an upper bound it must be excluded explicitly.
    if field.high is not None:
        limits.append(f"{column} > {field.high!r}")
    elif field.kind is Kind.REAL:
        limits.append(f"{column} = 'NaN'")
    return " OR ".join(limits)


def _references(table: Table) -> list[Check]:
    """Build two checks for each reference: none dangles (warning), and few dangle (critical)."""
    checks = []
    for column, target in table.references.items():
        other, key = target.split(".")
        count = (
            f"(SELECT count(*) FROM {identifier(table.name)} AS here WHERE here.{identifier(column)} IS NOT NULL AND "
            f"NOT EXISTS (SELECT FROM {identifier(other)} AS there "
            f"WHERE there.{identifier(key)} = here.{identifier(column)}))"
        )
        for description, tolerance in (
            (f"every {column} is found in {other}", 0.0),
            (f"{column} is missing from {other} in at most {DANGLING_SHARE:.1%} of references", DANGLING_SHARE),
        ):
            checks.append(
                failing_count(
                    table.name,
                    description,
                    count,
                    among=f"{identifier(column)} IS NOT NULL",
                    tolerance=tolerance,
                    severity="critical" if tolerance > 0 else "warning",
                )
            )
    return checks


def _volume(table: Table, before: TableFill | None, accepted: str | None) -> list[Check]:
    if not table.may_be_empty:
        return [number(table.name, "has rows", "count(*)", at_least=1)]
    if table.name in HISTORY or before is None or before.rows == 0:
        return []
    if before.rows < ENOUGH_ROWS:
        return [number(table.name, "still has rows", "count(*)", at_least=1, accepted_because=accepted)]
    band = f"rows are within {FEWEST - 1:+.0%} and {MOST - 1:+.0%} of the last run"
    low, high = before.rows * FEWEST, before.rows * MOST
    return [
        number(table.name, band, "count(*)", at_least=low, at_most=high, accepted_because=accepted),
        *_emptied_columns(table, before, accepted),
    ]


def _emptied_columns(table: Table, before: TableFill, accepted: str | None) -> list[Check]:
    """Check that no column with values in the last run is now entirely null, as after a lost mapping."""
    filled = [
        field.name
        for field in table.columns
        if field.name not in table.required and before.columns.get(field.name, 0) >= ENOUGH_ROWS
    ]
    if not filled:
        return []
    emptied = " + ".join(f"(count({identifier(name)}) = 0)::int" for name in filled)
    names = ", ".join(f"CASE WHEN count({identifier(name)}) = 0 THEN '{name}' END" for name in filled)
    return [
        failing_count(
            table.name,
            "every column that held values in the last run still does",
            emptied,
            unit="columns",
            explain=f"concat_ws(', ', {names})",
            accepted_because=accepted,
        )
    ]


def _not_empty(accepted: str | None) -> Check:
    """Check that the extract has at least one row, even where each table alone may be empty (DQ-03)."""
    counts = " + ".join(f"EXISTS (SELECT FROM {identifier(name)})::int" for name in _ENTITIES)
    description = "there are persons, accounts or opportunities"
    return number(DIM_PERSON.name, description, f"({counts})", at_least=1, accepted_because=accepted)
