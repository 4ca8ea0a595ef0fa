"""Daily roll-up for RevOps: open issues, changes, owners and teams, freshness and quarantine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from definitions.counting import counted
from flows.alerts.digests import line_of, line_text, worst_first
from flows.alerts.freshness import moment, up_to
from flows.alerts.message_text import MessageContext, literal
from transforms.reconcile import metrics

_RULES, _TEAMS, _OWNERS, _RECORDS, _REASONS = 15, 8, 10, 5, 8
_NOUNS = {"opportunity": ("deal", "deals"), "person": ("lead", "leads")}


@dataclass(frozen=True, slots=True, kw_only=True)
class RollUp:
    """Numbers of the day. `issues`: open ones and those resolved after `since`, in columns of `fct_hygiene_issue`.

    `pipeline` has the rows of `metrics.pipeline`, amounts as text or numbers; `quarantined` counts held records by
    source_system, stream and reason_code; `cursors` is as published. `repeated` messages since then may have arrived
    twice, and `unconfirmed` ones not at all.
    """

    context: MessageContext
    run_id: str
    published_at: datetime
    since: date
    issues: pl.DataFrame
    owners: pl.DataFrame
    pipeline: Sequence[dict[str, Any]]
    quarantined: pl.DataFrame
    cursors: pl.DataFrame
    repeated: int = 0
    unconfirmed: int = 0

    @property
    def open(self) -> pl.DataFrame:
        """Issues that are open today."""
        return self.issues.filter(pl.col("state") == "open")


def subject(numbers: RollUp) -> str:
    """Return the subject line: number of open issues, value at risk, and a mark if the definitions are a draft."""
    context = numbers.context
    value = _at_risk(numbers.open)
    at_risk = f", {context.money(value)} at risk" if value else ""
    return f"{context.mark}Pipeline hygiene {context.as_of}: {counted(numbers.open.height, 'open issue')}{at_risk}"


def body(numbers: RollUp) -> str:
    """Return the roll-up as plain text: one paragraph per subject, worst first in each."""
    context = numbers.context
    opening = f"As of {context.as_of}. Run {numbers.run_id}, published {moment(numbers.published_at)}."
    paragraphs = (
        _pipeline(numbers),
        _issues(numbers),
        _rules(numbers),
        _teams(numbers),
        _owners(numbers),
        _freshness(numbers),
        _quarantined(numbers),
        _messages(numbers),
    )
    texts = ["\n".join(lines) for lines in paragraphs if lines]
    return "\n\n".join([*context.warning, opening, *texts, *_worst(numbers)])


def _pipeline(numbers: RollUp) -> list[str]:
    rows = {row["basis"]: row for row in numbers.pipeline}
    if not rows:
        return []
    lines = ["PIPELINE"]
    for basis, words in {"reported": "Reported by the systems", "eligible": "Eligible under the definitions"}.items():
        row = rows[basis]
        amount = numbers.context.money(None if row["amount"] is None else Decimal(row["amount"]))
        share = row["share_of_reported"]
        part = f", {float(share):.1%} of the reported amount" if basis == "eligible" and share is not None else ""
        without = f"; {row['without_amount']:,} without an amount" if row["without_amount"] else ""
        lines.append(f"{words}: {counted(row['deals'], 'deal')}, {amount}{part}{without}.")
    return lines


def _issues(numbers: RollUp) -> list[str]:
    now = numbers.open
    records = now.select("record_kind", "record_id").n_unique()
    value = _at_risk(now)
    worth = f", {numbers.context.money(value)} at risk, every deal counted once" if value else ""
    opened, resolved = _opened_issues(numbers).height, numbers.issues.filter(_is_resolved(numbers.since)).height
    lines = [
        "OPEN ISSUES",
        f"{counted(now.height, 'issue')} on {counted(records, 'record')}{worth}.",
        f"Since {numbers.since}: {opened:,} opened, {resolved:,} resolved.",
    ]
    if baseline := now.filter("is_baseline").height:
        lines.append(f"{baseline:,} of the open ones were found by the first run, which alerts nobody.")
    return lines


def _rules(numbers: RollUp) -> list[str]:
    rule = ["severity", "rule_id", "record_kind"]
    ranked = metrics.top_findings(numbers.open.lazy()).collect()
    example = numbers.open.sort("value_at_risk", "issue_id", descending=[True, False], nulls_last=True)
    facts = (
        example.group_by(rule, maintain_order=True).agg(pl.col("says").first()),
        _opened_issues(numbers).group_by(rule).agg(opened=pl.len()),
        numbers.issues.filter(_is_resolved(numbers.since)).group_by(rule).agg(resolved=pl.len()),
    )
    rows = ranked.head(_RULES)
    for fact in facts:
        rows = rows.join(fact, on=rule, how="left", maintain_order="left")
    lines = [_rule(row, numbers.context) for row in rows.to_dicts()]
    return _headed("BY RULE, WORST FIRST", lines, ranked.height - len(lines))


def _rule(row: dict[str, Any], context: MessageContext) -> str:
    worth = f", {context.money(row['value_at_risk'])}" if row["value_at_risk"] else ""
    count = counted(row["findings"], *_NOUNS[row["record_kind"]])
    moved = f"{row['opened'] or 0:,} opened, {row['resolved'] or 0:,} resolved"
    return f"{row['rule_id']} {row['severity']}: {count}{worth}; {moved}. For example: {literal(row['says'])}"


def _teams(numbers: RollUp) -> list[str]:
    names = numbers.owners.select("owner_id", who="team")
    rows = _by_whom(numbers.open, names)
    if rows["who"].null_count() == rows.height:
        return []
    return _headed("BY TEAM", _shares(rows.head(_TEAMS), numbers.context, "no team"), rows.height - _TEAMS)


def _owners(numbers: RollUp) -> list[str]:
    left = pl.when(~pl.col("is_active")).then(pl.lit(" (left)")).otherwise(pl.lit(""))
    names = numbers.owners.select("owner_id", who=pl.coalesce("owner_name", "owner_id") + left)
    rows = _by_whom(numbers.open, names)
    return _headed("BY OWNER", _shares(rows.head(_OWNERS), numbers.context, "no owner"), rows.height - _OWNERS)


def _by_whom(issues: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Count issues and value by the name in `who`, the value of a record once; highest value first."""
    return (
        issues.join(names, on="owner_id", how="left")
        .group_by("who", "record_kind", "record_id")
        .agg(issues=pl.len(), value=pl.col("value_at_risk").max())
        .group_by("who")
        .agg(records=pl.len(), issues=pl.col("issues").sum(), value=pl.col("value").sum())
        .sort("value", "issues", "who", descending=[True, True, False], nulls_last=True)
    )


def _shares(rows: pl.DataFrame, context: MessageContext, nobody: str) -> list[str]:
    return [
        f"{literal(row['who'] or nobody, longest=80)}: {counted(row['issues'], 'issue')} on "
        f"{counted(row['records'], 'record')}" + (f", {context.money(row['value'])}" if row["value"] else "")
        for row in rows.to_dicts()
    ]


def _freshness(numbers: RollUp) -> list[str]:
    sources = (
        numbers.cursors.group_by("source_system")
        .agg(streams=pl.len(), complete=pl.min_horizontal(pl.col("pulled_at").min(), pl.col("high_water_at").min()))
        .sort("source_system")
    )
    lines = [
        f"{row['source_system']}: {counted(row['streams'], 'stream')}, complete {up_to(row['complete'])}"
        for row in sources.to_dicts()
    ]
    return _headed("DATA", lines, 0)


def _quarantined(numbers: RollUp) -> list[str]:
    rows = numbers.quarantined.sort(
        "records", "source_system", "stream", "reason_code", descending=[True, *(False,) * 3]
    )
    total = int(rows["records"].sum())
    lines = [
        f"{row['source_system']}.{row['stream']}: {counted(row['records'], 'record')}, {row['reason_code']}"
        for row in rows.head(_REASONS).to_dicts()
    ]
    return _headed(f"SET ASIDE: {counted(total, 'record')}", lines, rows.height - len(lines)) or ["SET ASIDE: nothing"]


def _messages(numbers: RollUp) -> list[str]:
    lines = []
    if numbers.repeated:
        lines.append(
            f"{counted(numbers.repeated, 'message')} may have arrived twice since {numbers.since}, with one key."
        )
    if numbers.unconfirmed:
        lines.append(
            f"{counted(numbers.unconfirmed, 'message')} had no answer in time and may have arrived; sent once more."
        )
    return _headed("MESSAGES", lines, 0)


def _worst(numbers: RollUp) -> list[str]:
    names = numbers.owners.select("owner_id", whose="owner_name")
    ranked = worst_first(numbers.open.join(names, on="owner_id", how="left"), "whose")
    lines = [line_of(row) for row in ranked.head(_RECORDS).to_dicts()]
    texts = [line_text(number, line, numbers.context) for number, line in enumerate(lines, start=1)]
    return ["WORST RECORDS", *texts] if texts else []


def _headed(title: str, lines: list[str], more: int) -> list[str]:
    if not lines:
        return []
    return [title, *(f"- {line}" for line in lines), *([f"- and {more:,} more"] if more > 0 else [])]


def _opened_issues(numbers: RollUp) -> pl.DataFrame:
    """Select issues opened after `since`, resolved or not; those of the baseline run existed before."""
    return numbers.issues.filter(pl.col("opened_on") > numbers.since, ~pl.col("is_baseline"))


def _is_resolved(since: date) -> pl.Expr:
    return (pl.col("state") == "resolved") & (pl.col("resolved_on") > since)


def _at_risk(issues: pl.DataFrame) -> Decimal | None:
    values = metrics.at_risk(issues.lazy()).collect()["value_at_risk"].drop_nulls()
    return Decimal(values.sum()) if values.len() else None
