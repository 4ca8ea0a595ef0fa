"""Quarantine ceiling: a stream of which too many records were set aside stops the run."""

import polars as pl

from definitions.errors import TransformError
from definitions.fault_limit import FaultLimit
from definitions.quarantine_reasons import sentence
from transforms.pipeline.records import Records


def refuse_many_quarantined(records: Records, limit: FaultLimit) -> None:
    """Raise `TransformError` where more records of a stream were set aside than the limit allows.

    What the source no longer lists does not count: nobody could correct it any more.
    """
    held = records.quarantined.filter(~pl.col("is_unlisted"))
    aside = held.group_by("source_system", "stream").agg(aside=pl.len())
    if aside.is_empty():
        return
    places = set(aside.select("source_system", "stream").rows())
    counts = [
        one.record_keys.select(source_system=pl.lit(one.source), stream=pl.lit(one.stream), shown=pl.len())
        for one in records.streams
        if (one.source, one.stream) in places
    ]
    shares = aside.join(pl.concat(pl.collect_all(counts)), on=["source_system", "stream"])
    over = shares.filter([limit.is_exceeded(row["aside"], of=row["shown"]) for row in shares.iter_rows(named=True)])
    if over.is_empty():
        return
    reasons = held.group_by("source_system", "stream", "reason_code", "field_name", "expected", "detail").len()
    worst = reasons.join(over, on=["source_system", "stream"]).sort("len", descending=True).head(5).to_dicts()
    told = "; ".join(
        f"{row['source_system']}.{row['stream']}: {row['len']} of {row['shown']} records, {row['reason_code']} in "
        f"{row['field_name']} ({sentence(row['reason_code'], expected=row['expected'], detail=row['detail'])})"
        for row in worst
    )
    raise TransformError(
        f"too many records cannot be read: {told}. Map the words or fields in bantam.yaml, or raise quarantine_ceiling."
    )
