"""Reconciliation: conservation sheet, row counts and sums against the sources, so that no record is lost or invented.

Rules DQ-02 and DQ-08 of the hygiene catalogue; all checks are critical, without a tolerance.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from definitions.schema.tables import FCT_ACTIVITY, FCT_OPPORTUNITY, OPS_CONSERVATION
from definitions.sql_text import identifier, literal
from expectations.check import Check, Suite, failing_count, failing_rows, number

_SHEET = OPS_CONSERVATION.name
_OUTCOMES = ("curated", "merged_into", "deleted", "quarantined", "excluded")
_DEALS = FCT_OPPORTUNITY.name
_STATES = {"open": '"is_open"', "won": '"is_won"', "lost": '"is_closed" AND NOT "is_won"'}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCount:
    """Expectation that `table` has as many rows as the conservation sheet lists as curated for these streams.

    `streams` are pairs (source_system, stream). `is_live` counts only rows that their source did not delete, and
    `is_direct` only rows that come from the streams' own objects: other activities are dates on a person's record.
    """

    table: str
    streams: tuple[tuple[str, str], ...]
    is_live: bool = True
    is_direct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTotal:
    """Total of the source records: live deals of one source, currency and state (open, won, lost), and their amount.

    `amount` sums the amounts that are not null, in the deals' currency; `currency_code` is null if the source has none.
    """

    source_system: str
    currency_code: str | None
    state: str
    rows: int
    amount: Decimal


def tallies_of(streams_of: Mapping[str, Sequence[tuple[str, str]]]) -> list[RowCount]:
    """Build the expected row count of each table that streams feed."""
    direct = FCT_ACTIVITY.name
    return [
        RowCount(table=table, streams=tuple(streams), is_live=table != direct, is_direct=table == direct)
        for table, streams in streams_of.items()
        if streams
    ]


def reconciliation_suite(
    tallies: Iterable[RowCount] = (),
    totals: Iterable[SourceTotal] | None = None,
    *,
    streams: Iterable[tuple[str, str]] = (),
) -> Suite:
    """Check that the conservation sheet adds up and has all `streams`, and that staged rows match it and `totals`.

    `totals` must cover every live deal; None omits these checks (no source has deals).
    """
    checks = [*_sheet(), *_listed(tuple(streams)), *(_tally(tally) for tally in tallies)]
    if totals is not None:
        totals = tuple(totals)
        checks += [check for total in totals for check in _total(total)]
        checks.append(_covered(totals))
    return Suite("reconciliation", tuple(checks))


def _sheet() -> list[Check]:
    added = " + ".join(identifier(outcome) for outcome in _OUTCOMES)
    negative = " OR ".join(f"{identifier(column)} < 0" for column in ("fetched", "pulled", *_OUTCOMES))
    unknown = " OR ".join(f"{identifier(name)} IS NULL" for name in sorted(OPS_CONSERVATION.required))
    conditions = {
        "every stream is accounted for: the difference is 0": '"difference" IS DISTINCT FROM 0',
        f"fetched is {' + '.join(_OUTCOMES)}": f'"fetched" IS DISTINCT FROM {added}',
        "no count is negative": negative,
        "every count is known": unknown,
    }
    return [
        *(failing_rows(_SHEET, description, sql) for description, sql in conditions.items()),
        number(_SHEET, "has rows", "count(*)", at_least=1),
    ]


def _listed(streams: tuple[tuple[str, str], ...]) -> list[Check]:
    """Check that every configured stream appears exactly once."""
    if not streams:
        return []
    rows = f'count(*) FILTER (WHERE ("source_system", "stream") IN ({_pairs(streams)}))'
    difference = f"abs({rows} - {len(set(streams))})"
    return [failing_count(_SHEET, "every stream has a row", difference, unit="streams")]


def _pairs(streams: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"({literal(source)}, {literal(stream)})" for source, stream in sorted(set(streams)))


def _tally(tally: RowCount) -> Check:
    conditions = ['NOT "is_deleted"'] if tally.is_live else []
    pairs = _pairs(tally.streams)
    if tally.is_direct:
        conditions.append(f'("source_system", "source_object") IN ({pairs})')
    staged = _count(conditions)
    curated = f'(SELECT coalesce(sum("curated"), 0) FROM "{_SHEET}" WHERE ("source_system", "stream") IN ({pairs}))'
    description = f"{'live ' if tally.is_live else ''}rows match the conservation sheet"
    return failing_count(tally.table, description, f"abs({staged} - {curated})")


def _total(total: SourceTotal) -> list[Check]:
    belongs = _belongs(total)
    currency = total.currency_code or "no currency"
    of = f"{total.state} deals of {total.source_system} in {currency}"
    amount = f'abs(coalesce(sum("amount") FILTER (WHERE {belongs}), 0) - {total.amount:f})'
    return [
        failing_count(_DEALS, f"number of {of} is the source's", f"abs({_count([belongs])} - {total.rows})"),
        number(_DEALS, f"amount of {of} is the source's", amount, at_most=0, unit=f"{currency} away"),
    ]


def _covered(totals: tuple[SourceTotal, ...]) -> Check:
    covered = " OR ".join(f"({_belongs(total)})" for total in totals) or "false"
    outside = f'"is_deleted" IS NOT TRUE AND ({covered}) IS NOT TRUE'
    return failing_rows(_DEALS, "no live deal is outside the source's totals", outside)


def _belongs(total: SourceTotal) -> str:
    currency = "IS NULL" if total.currency_code is None else f"= {literal(total.currency_code)}"
    source = f'"source_system" = {literal(total.source_system)}'
    return f'NOT "is_deleted" AND {source} AND "currency_code" {currency} AND {_STATES[total.state]}'


def _count(conditions: list[str]) -> str:
    return f"count(*) FILTER (WHERE {' AND '.join(conditions)})" if conditions else "count(*)"
