"""Structure: checks that follow from the table contracts alone: keys, nulls, vocabularies, ranges, references, volume.

Rules DQ-01, DQ-03, DQ-05, DQ-07 and DQ-09 of the hygiene catalogue. Nothing here knows the definitions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from definitions.schema.column import Column, Kind
from definitions.schema.tables import DIM_ACCOUNT, DIM_PERSON, FCT_OPPORTUNITY, Table
from definitions.sql_text import identifier
from expectations.check import Check, Suite, failing_count, failing_rows, number, one_of

DANGLING_SHARE = 0.005  # DQ-07: late dimension rows happen; more of them than this is a broken join
FEWEST, MOST = 0.8, 1.5  # DQ-03: -20 % / +50 % against the last run
ENOUGH_ROWS = 100  # below this a band in per cent is noise

# Only rows that the run adds or changes are staged for these, so that their number says nothing.
HISTORY = frozenset({"fct_classification_change", "fct_hygiene_issue", "fct_opportunity_daily_snapshot"})
_ENTITIES = (DIM_PERSON.name, DIM_ACCOUNT.name, FCT_OPPORTUNITY.name)


@dataclass(frozen=True, slots=True)
class TableFill:
    """How full a published table is: its rows, and for each column the rows that hold a value."""

    rows: int
    columns: Mapping[str, int]


def structure_suite(
    tables: Iterable[Table],
    previous: Mapping[str, TableFill] | None = None,
    *,
    volume_accepted_because: str | None = None,
) -> Suite:
    """Every check that the contracts of `tables` imply.

    `previous` is what the last run published, by table (see `expectations.fill`); empty before the first run.
    `volume_accepted_because` is a person's reason for a deliberate change of volume: the volume checks are still
    measured and recorded, with the reason, but stop nothing.
    """
    tables = tuple(tables)
    staged = {table.name for table in tables}
    checks: list[Check] = []
    for table in tables:
        checks += [_key(table), *_required(table), *_words(table), *_ranges(table), *_references(table)]
        checks += _volume(table, (previous or {}).get(table.name), volume_accepted_because)
    if staged.issuperset(_ENTITIES):
        checks.append(_something(volume_accepted_because))
    return Suite("structure", tuple(checks))


def _key(table: Table) -> Check:
    """Copies beyond the first; a query of its own, because it would keep the common scan from running in parallel.

    Numbers sort faster than text (2.9 M keys: 1.2 s of processor time, against 1.75 s), and where no two keys share a
    hash, no two are equal; only where some do are the keys themselves grouped. Null keys have a check of their own.
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
    # PostgreSQL holds NaN to be above every number, so that without an upper bound it would have to be named.
    if field.high is not None:
        limits.append(f"{column} > {field.high!r}")
    elif field.kind is Kind.REAL:
        limits.append(f"{column} = 'NaN'")
    return " OR ".join(limits)


def _references(table: Table) -> list[Check]:
    """Two checks a reference: none dangles, as a warning; hardly any dangles, or nothing is published."""
    checks = []
    for column, target in table.references.items():
        other, key = target.split(".")
        count = (
            f"(SELECT count(*) FROM {identifier(table.name)} AS here WHERE here.{identifier(column)} IS NOT NULL AND "
            f"NOT EXISTS (SELECT FROM {identifier(other)} AS there "
            f"WHERE there.{identifier(key)} = here.{identifier(column)}))"
        )
        for said, tolerance in (
            (f"every {column} is found in {other}", 0.0),
            (f"{column} is missing from {other} in at most {DANGLING_SHARE:.1%} of references", DANGLING_SHARE),
        ):
            checks.append(
                failing_count(
                    table.name,
                    said,
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
        *_silenced(table, before, accepted),
    ]


def _silenced(table: Table, before: TableFill, accepted: str | None) -> list[Check]:
    """No column that held values in the last run may be null throughout: that is how a lost mapping looks."""
    spoke = [
        field.name
        for field in table.columns
        if field.name not in table.required and before.columns.get(field.name, 0) >= ENOUGH_ROWS
    ]
    if not spoke:
        return []
    silent = " + ".join(f"(count({identifier(name)}) = 0)::int" for name in spoke)
    names = ", ".join(f"CASE WHEN count({identifier(name)}) = 0 THEN '{name}' END" for name in spoke)
    return [
        failing_count(
            table.name,
            "every column that held values in the last run still does",
            silent,
            unit="columns",
            explain=f"concat_ws(', ', {names})",
            accepted_because=accepted,
        )
    ]


def _something(accepted: str | None) -> Check:
    """An extract without a single row is a fault, even where each table alone may be empty (DQ-03)."""
    counts = " + ".join(f"EXISTS (SELECT FROM {identifier(name)})::int" for name in _ENTITIES)
    said = "there are persons, accounts or opportunities"
    return number(DIM_PERSON.name, said, f"({counts})", at_least=1, accepted_because=accepted)
