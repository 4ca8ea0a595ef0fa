"""Digests: one message per owner, worst record first; a line has one number, one action, one link, one question.

Rules (semantics F1): an issue is reported once, because a recomputation is not a change; what the baseline run found
is counted and reported to nobody; the digest of an owner who left goes to the manager, or to RevOps if there is none.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from definitions.counting import counted
from definitions.schema.vocabulary import SEVERITY
from flows.alerts.message_text import REPETITION, MessageContext, literal, safe_link

REVOPS = "revops"
# Narrower than what mail allows, and just what Apprise reads as one address and as itself: of o'neill@corp.example it
# makes neill@corp.example, and a comma or a percent sign may begin a second recipient.
ADDRESS = r"(?i)^([a-z0-9._-]+\+)?[a-z0-9_-]+(\.[a-z0-9_-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.){1,9}[a-z]{2,24}$"
# The local part is at most as long as mail allows (RFC 5321, 4.5.3.1.1); Apprise drops an address of 257 characters.
MAILBOX = r"^[^@]{1,64}@"
_NOUN = {"person": "Lead", "opportunity": "Deal"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One record: its worst issue in full, the text of the others. `whose`: its owner, null if that is the reader."""

    record_id: str
    record: str
    whose: str | None
    says: str
    also: tuple[str, ...]
    value_at_risk: Decimal | None
    action: str | None
    question: str | None
    link: str | None
    issue_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One message. `address` null: RevOps. `more` records did not fit and come in the next one.

    `value` is at risk in all records, `more_value` in those that did not fit; null if no record has a value.
    `target` is null if the reader has none; `repeats` is the key of the message that this one repeats.
    """

    reader_id: str
    address: str | None
    target: str | None
    repeats: str | None
    lines: tuple[Line, ...]
    value: Decimal | None
    more: int
    more_value: Decimal | None

    @property
    def issue_ids(self) -> tuple[str, ...]:
        """Ids of the issues in this message."""
        return tuple(issue for line in self.lines for issue in line.issue_ids)


def readers(issues: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """Add `reader_id`, `address` and `whose` to issues: the owner, else the manager, else RevOps (F1.7).

    A reader is an active person with an address that mail can use; `owners` has owner_id, owner_name, owner_email,
    is_active, is_queue, is_deleted and manager_id. `whose` is the name of an owner who is not the reader; null if that
    has no name or is the reader.
    """
    is_active = pl.col("is_active") & ~pl.col("is_queue") & ~pl.col("is_deleted")
    has_usable_address = pl.all_horizontal(pl.col("owner_email").str.contains(form) for form in (ADDRESS, MAILBOX))
    reachable = owners.filter(is_active, has_usable_address)
    by_owner = reachable.select("owner_id", owner_address="owner_email")
    by_manager = reachable.select(manager_id="owner_id", manager_address="owner_email")
    managers = owners.select("owner_id", "manager_id", "owner_name").join(by_manager, on="manager_id", how="left")
    has_owner, has_manager = pl.col("owner_address").is_not_null(), pl.col("manager_address").is_not_null()
    return (
        issues.join(by_owner, on="owner_id", how="left", maintain_order="left")
        .join(managers, on="owner_id", how="left", maintain_order="left")
        .with_columns(
            reader_id=pl.when(has_owner)
            .then("owner_id")
            .when(has_manager)
            .then("manager_id")
            .otherwise(pl.lit(REVOPS)),
            address=pl.coalesce("owner_address", "manager_address"),
            whose=pl.when(~has_owner).then("owner_name"),
        )
        .drop("owner_address", "manager_address", "manager_id", "owner_name")
    )


def digests(due: pl.DataFrame, *, limit: int) -> list[Digest]:
    """Make one digest per reader, target and repeated message, in the order of the readers' ids.

    `due` has issues in columns of `readers`, with the `target` that they go to and the message that each `repeats`. At
    most `limit` lines each, ranked by value at risk, then severity, then the record's name and id. A repetition has
    exactly the issues of the message it repeats, and comes first.
    """
    reader = ["reader_id", "target", "repeats"]
    records = worst_first(due, *reader, "address", "whose")
    by_reader = records.partition_by(reader, maintain_order=True)
    return sorted((_digest(part, limit) for part in by_reader), key=_sort_key)


def _sort_key(digest: Digest) -> tuple[str, str, bool, str]:
    return digest.reader_id, digest.target or "", digest.repeats is None, digest.repeats or ""


def worst_first(issues: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Return one row per record and `by` columns, ranked by value at risk, then severity, then name and id.

    `rank` is 0 for critical; `says`, `suggested_action` and `question` are of the worst issue, `also` has the texts of
    the others; `value_at_risk` counts once, however many rules fail.
    """
    rank = pl.col("severity").replace_strict(
        list(SEVERITY.names), list(range(len(SEVERITY.names))), return_dtype=pl.Int8
    )
    worst = pl.col("record_name", "says", "suggested_action", "question", "source_url").first()
    return (
        issues.with_columns(rank=rank)
        .sort("record_kind", "record_id", "rank", "rule_id", "issue_id")
        .group_by(*by, "record_kind", "record_id", maintain_order=True)
        .agg(
            pl.col("rank").min(),
            pl.col("value_at_risk").max(),
            worst,
            also=pl.col("says").slice(1),
            issue_ids=pl.col("issue_id"),
        )
        .sort(
            ["value_at_risk", "rank", "record_name", "record_kind", "record_id", *by],
            descending=[True, *(False,) * (4 + len(by))],
            nulls_last=True,
        )
    )


def _digest(records: pl.DataFrame, limit: int) -> Digest:
    first = records.row(0, named=True)
    left = records.slice(limit if first["repeats"] is None else records.height)
    return Digest(
        reader_id=first["reader_id"],
        address=first["address"],
        target=first["target"],
        repeats=first["repeats"],
        lines=tuple(line_of(row) for row in records.head(records.height - left.height).to_dicts()),
        value=_sum(records),
        more=left.height,
        more_value=_sum(left),
    )


def _sum(records: pl.DataFrame) -> Decimal | None:
    values = records["value_at_risk"].drop_nulls()
    return Decimal(values.sum()) if values.len() else None


def line_of(row: dict[str, Any]) -> Line:
    """Make the line of one row of `worst_first`."""
    return Line(
        record_id=row["record_id"],
        record=f"{_NOUN[row['record_kind']]}: {row['record_name'] or row['record_id']}",
        whose=row.get("whose"),
        says=row["says"],
        also=tuple(row["also"]),
        value_at_risk=row["value_at_risk"],
        action=row["suggested_action"],
        question=row["question"],
        link=safe_link(row["source_url"]),
        issue_ids=tuple(row["issue_ids"]),
    )


def subject(digest: Digest, context: MessageContext) -> str:
    """Return the subject line: number of records, value at risk, and a mark if the definitions are a draft."""
    count = len(digest.lines) + digest.more
    records = counted(count, "record")
    needs = "needs" if count == 1 else "need"
    is_owner = digest.reader_id != REVOPS
    text = f"{records} {needs} your attention" if is_owner else f"{records} without an owner who can be told"
    at_risk = f", {context.money(digest.value)} at risk" if digest.value else ""
    return f"{context.mark}{text}{at_risk}"


def body(digest: Digest, context: MessageContext) -> str:
    """Return the message as plain text: every record in a few short lines, its link on a line of its own."""
    opening = f"As of {context.as_of}, worst first. Each issue is told once."
    if digest.reader_id == REVOPS:
        opening += " These have no owner, or one who cannot be told and has no manager to tell instead."
    elif any(line.whose for line in digest.lines):
        opening += " Some belong to people who report to you and cannot be told themselves."
    again = [REPETITION] if digest.repeats else []
    records = [line_text(number, line, context) for number, line in enumerate(digest.lines, start=1)]
    worth = f" worth {context.money(digest.more_value)}" if digest.more_value else ""
    more = [f"And {digest.more:,} more{worth}; they come in the next digest."] if digest.more else []
    return "\n\n".join([*again, *context.warning, opening, *records, *more])


def line_text(number: int, line: Line, context: MessageContext) -> str:
    """Return the text of one record: name, value at risk, issues, suggested action, question, link."""
    at_risk = "" if line.value_at_risk is None else f" ({context.money(line.value_at_risk)} at risk)"
    rows = [f"{number}. {literal(line.record, longest=120)}{at_risk}"]
    rows += [f"   Owner: {literal(line.whose, longest=80)}"] if line.whose else []
    rows.append(f"   {literal(line.says)}")
    rows += [f"   Also: {literal(also)}" for also in line.also]
    rows += [f"   Do: {literal(line.action)}"] if line.action else []
    rows += [f"   Ask: {literal(line.question)}"] if line.question else []
    rows.append(f"   {line.link}" if line.link else f"   Record: {literal(line.record_id)}")
    return "\n".join(rows)
