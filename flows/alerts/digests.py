"""Who is told what: one message an owner, worst first; a line has one number, one action, one link, one question.

The law of the field (semantics F1): a recomputation is no news, so an issue is told once; what the baseline run found
is counted and told to nobody; an owner who left is no reader, so the manager is, and RevOps where there is none.
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
# What stands before the sign is no longer than mail allows (RFC 5321, 4.5.3.1.1); Apprise drops one of 257 characters.
MAILBOX = r"^[^@]{1,64}@"
_NOUN = {"person": "Lead", "opportunity": "Deal"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One record: the worst of its issues in full, the others by what they say. `whose`: an owner who is not told."""

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
    """One message. `address` null: RevOps. `more` records did not fit and are told next time.

    `value` is at risk in all of them, told or not, and `more_value` in those that did not fit; null where none has any.
    `target` is null where the reader has none; `repeats` is the key of the message that this one is sent again for.
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
        """Issues this message tells of."""
        return tuple(issue for line in self.lines for issue in line.issue_ids)


def readers(issues: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """Add `reader_id`, `address` and `whose` to issues: the owner, else the manager, else RevOps (F1.7).

    A reader is an active person with an address that mail can use; `owners` has owner_id, owner_name, owner_email,
    is_active, is_queue, is_deleted and manager_id. `whose` is the name of an owner who is not the reader, null where
    none is known.
    """
    is_here = pl.col("is_active") & ~pl.col("is_queue") & ~pl.col("is_deleted")
    can_be_written_to = pl.all_horizontal(pl.col("owner_email").str.contains(form) for form in (ADDRESS, MAILBOX))
    reachable = owners.filter(is_here, can_be_written_to)
    own = reachable.select("owner_id", own_address="owner_email")
    boss = reachable.select(manager_id="owner_id", boss_address="owner_email")
    known = owners.select("owner_id", "manager_id", "owner_name").join(boss, on="manager_id", how="left")
    is_own, is_boss = pl.col("own_address").is_not_null(), pl.col("boss_address").is_not_null()
    return (
        issues.join(own, on="owner_id", how="left", maintain_order="left")
        .join(known, on="owner_id", how="left", maintain_order="left")
        .with_columns(
            reader_id=pl.when(is_own).then("owner_id").when(is_boss).then("manager_id").otherwise(pl.lit(REVOPS)),
            address=pl.coalesce("own_address", "boss_address"),
            whose=pl.when(~is_own).then("owner_name"),
        )
        .drop("own_address", "boss_address", "manager_id", "owner_name")
    )


def digests(due: pl.DataFrame, *, limit: int) -> list[Digest]:
    """One digest per reader and target of what each is to be told, in the order of the readers' ids.

    `due` has issues in columns of `readers`, with the `target` that they go to and the message that each `repeats`. At
    most `limit` lines each, ranked by value at risk, then severity, then the record's name and id. A message that is
    repeated tells again of all that it told, and of nothing else; it comes first.
    """
    reader = ["reader_id", "target", "repeats"]
    records = worst_first(due, *reader, "address", "whose")
    by_reader = records.partition_by(reader, maintain_order=True)
    return sorted((_digest(part, limit) for part in by_reader), key=_place)


def _place(digest: Digest) -> tuple[str, str, bool, str]:
    return digest.reader_id, digest.target or "", digest.repeats is None, digest.repeats or ""


def worst_first(issues: pl.DataFrame, *kept: str) -> pl.DataFrame:
    """One row per record and `kept` columns, ranked: by value at risk, then severity, then name and id.

    `rank` is 0 for critical; `says`, `suggested_action` and `question` are of the worst issue, `also` has what the
    others say; `value_at_risk` is in doubt once, however many rules fail.
    """
    rank = pl.col("severity").replace_strict(
        list(SEVERITY.names), list(range(len(SEVERITY.names))), return_dtype=pl.Int8
    )
    worst = pl.col("record_name", "says", "suggested_action", "question", "source_url").first()
    return (
        issues.with_columns(rank=rank)
        .sort("record_kind", "record_id", "rank", "rule_id", "issue_id")
        .group_by(*kept, "record_kind", "record_id", maintain_order=True)
        .agg(
            pl.col("rank").min(),
            pl.col("value_at_risk").max(),
            worst,
            also=pl.col("says").slice(1),
            issue_ids=pl.col("issue_id"),
        )
        .sort(
            ["value_at_risk", "rank", "record_name", "record_kind", "record_id", *kept],
            descending=[True, *(False,) * (4 + len(kept))],
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


def subject(digest: Digest, edition: MessageContext) -> str:
    """Subject line: how many records, what they are worth, and that the definitions are not agreed yet if so."""
    count = len(digest.lines) + digest.more
    records = counted(count, "record")
    needs = "needs" if count == 1 else "need"
    is_owner = digest.reader_id != REVOPS
    said = f"{records} {needs} your attention" if is_owner else f"{records} without an owner who can be told"
    at_risk = f", {edition.money(digest.value)} at risk" if digest.value else ""
    return f"{edition.mark}{said}{at_risk}"


def body(digest: Digest, edition: MessageContext) -> str:
    """Make the message as plain text: every record in a few short lines, its link on a line of its own."""
    opening = f"As of {edition.as_of}, worst first. Each issue is told once."
    if digest.reader_id == REVOPS:
        opening += " These have no owner, or one who cannot be told and has no manager to tell instead."
    elif any(line.whose for line in digest.lines):
        opening += " Some belong to people who report to you and cannot be told themselves."
    again = [REPETITION] if digest.repeats else []
    told = [written(place, line, edition) for place, line in enumerate(digest.lines, start=1)]
    worth = f" worth {edition.money(digest.more_value)}" if digest.more_value else ""
    more = [f"And {digest.more:,} more{worth}; they come in the next digest."] if digest.more else []
    return "\n\n".join([*again, *edition.warning, opening, *told, *more])


def written(place: int, line: Line, edition: MessageContext) -> str:
    """Write one record: what it is, what is wrong, the one thing to do, the question to ask, where it is."""
    at_risk = "" if line.value_at_risk is None else f" ({edition.money(line.value_at_risk)} at risk)"
    rows = [f"{place}. {literal(line.record, longest=120)}{at_risk}"]
    rows += [f"   Owner: {literal(line.whose, longest=80)}"] if line.whose else []
    rows.append(f"   {literal(line.says)}")
    rows += [f"   Also: {literal(also)}" for also in line.also]
    rows += [f"   Do: {literal(line.action)}"] if line.action else []
    rows += [f"   Ask: {literal(line.question)}"] if line.question else []
    rows.append(f"   {line.link}" if line.link else f"   Record: {literal(line.record_id)}")
    return "\n".join(rows)
