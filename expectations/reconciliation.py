"""Checks that nothing was lost or made up on the way: the conservation sheet, counts and sums against the sources.

Rules DQ-02 and DQ-08 of the hygiene catalogue; all of them block, none has a tolerance.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from definitions.tables import FCT_OPPORTUNITY, OPS_CONSERVATION
from expectations.suite import Check, Measure, Suite, identifier, literal

_SHEET = OPS_CONSERVATION.name
_PLACES = ("curated", "merged_into", "deleted", "quarantined", "excluded")
_DEALS = FCT_OPPORTUNITY.name
_STATES = {"open": '"is_open"', "won": '"is_won"', "lost": '"is_closed" AND NOT "is_won"'}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Rows of `table` must number what the conservation sheet says of these streams in these places.

    `streams` are pairs (source_system, stream). `source_system` counts only the rows of that source; `is_live` only
    those whose source did not delete them. For a golden table: places ("curated",), all sources, live rows. For a
    bridge: one tally a source, places ("curated", "merged_into", "deleted"), all rows.
    """

    table: str
    streams: tuple[tuple[str, str], ...]
    places: tuple[str, ...] = ("curated",)
    source_system: str | None = None
    is_live: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTotal:
    """What the source records say: live deals of one source, currency and state (open, won, lost), and their amount.

    `amount` adds up the known amounts, in the deals' own currency; `currency_code` is null where the source has none.
    """

    source_system: str
    currency_code: str | None
    state: str
    rows: int
    amount: Decimal


def reconciliation_suite(tallies: Iterable[Tally] = (), totals: Iterable[SourceTotal] | None = None) -> Suite:
    """The conservation sheet adds up, the staged tables match it, and the deals match `totals`.

    `totals` must then cover every live deal; None leaves them out (no source has deals).
    """
    checks = [*_sheet(), *(_tally(tally) for tally in tallies)]
    if totals is not None:
        totals = tuple(totals)
        checks += [check for total in totals for check in _total(total)]
        checks.append(_covered(totals))
    return Suite("reconciliation", tuple(checks))


def _sheet() -> list[Check]:
    added = " + ".join(identifier(place) for place in _PLACES)
    negative = " OR ".join(f"{identifier(column)} < 0" for column in ("fetched", "pulled", *_PLACES))
    unknown = " OR ".join(f"{identifier(name)} IS NULL" for name in sorted(OPS_CONSERVATION.required))
    conditions = {
        "every stream is accounted for: the difference is 0": '"difference" IS DISTINCT FROM 0',
        f"fetched is {' + '.join(_PLACES)}": f'"fetched" IS DISTINCT FROM {added}',
        "no count is negative": negative,
        "every count is known": unknown,
    }
    checks = [
        Check(name=f"{_SHEET}: {said}", table=_SHEET, measure=Measure.FAILING_ROWS, sql=sql)
        for said, sql in conditions.items()
    ]
    return [
        *checks,
        Check(
            name=f"{_SHEET}: has rows", table=_SHEET, measure=Measure.NUMBER, sql="count(*)", at_least=1, unit="rows"
        ),
    ]


def _tally(tally: Tally) -> Check:
    conditions = ['NOT "is_deleted"'] if tally.is_live else []
    if tally.source_system is not None:
        conditions.append(f'"source_system" = {literal(tally.source_system)}')
    staged = _count(conditions)
    added = " + ".join(identifier(place) for place in tally.places)
    pairs = ", ".join(f"({literal(source)}, {literal(stream)})" for source, stream in sorted(tally.streams))
    told = f'(SELECT coalesce(sum({added}), 0) FROM "{_SHEET}" WHERE ("source_system", "stream") IN ({pairs}))'
    of = f" of {tally.source_system}" if tally.source_system is not None else ""
    return Check(
        name=f"{tally.table}: {'live ' if tally.is_live else ''}rows{of} match the conservation sheet",
        table=tally.table,
        measure=Measure.FAILING_COUNT,
        sql=f"abs({staged} - {told})",
    )


def _total(total: SourceTotal) -> list[Check]:
    belongs = _belongs(total)
    currency = total.currency_code or "no currency"
    of = f"{total.state} deals of {total.source_system} in {currency}"
    return [
        Check(
            name=f"{_DEALS}: number of {of} is the source's",
            table=_DEALS,
            measure=Measure.FAILING_COUNT,
            sql=f"abs({_count([belongs])} - {total.rows})",
        ),
        Check(
            name=f"{_DEALS}: amount of {of} is the source's",
            table=_DEALS,
            measure=Measure.NUMBER,
            sql=f'abs(coalesce(sum("amount") FILTER (WHERE {belongs}), 0) - {total.amount:f})',
            at_most=0,
            unit=f"{currency} away",
        ),
    ]


def _covered(totals: tuple[SourceTotal, ...]) -> Check:
    known = " OR ".join(f"({_belongs(total)})" for total in totals) or "false"
    return Check(
        name=f"{_DEALS}: no live deal is outside the source's totals",
        table=_DEALS,
        measure=Measure.FAILING_ROWS,
        sql=f'"is_deleted" IS NOT TRUE AND ({known}) IS NOT TRUE',
    )


def _belongs(total: SourceTotal) -> str:
    currency = "IS NULL" if total.currency_code is None else f"= {literal(total.currency_code)}"
    source = f'"source_system" = {literal(total.source_system)}'
    return f'NOT "is_deleted" AND {source} AND "currency_code" {currency} AND {_STATES[total.state]}'


def _count(conditions: list[str]) -> str:
    return f"count(*) FILTER (WHERE {' AND '.join(conditions)})" if conditions else "count(*)"
