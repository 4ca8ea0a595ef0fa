"""Quarantine ceiling: a stream with too many quarantined records stops the run."""

import polars as pl

from definitions.errors import TransformError
from definitions.fault_limit import FaultLimit
from definitions.quarantine_reasons import sentence
from transforms.pipeline.records import Records


def refuse_many_quarantined(records: Records, limit: FaultLimit) -> None:
    """Raise `TransformError` if more records of a stream are quarantined than the limit allows.

    Records that the source no longer lists do not count: nobody can correct them any more.
    """
    held = records.quarantined.filter(~pl.col("is_unlisted"))
    per_stream = held.group_by("source_system", "stream").agg(held=pl.len())
    if per_stream.is_empty():
        return
    stream_keys = set(per_stream.select("source_system", "stream").rows())
    counts = [
        one.record_keys.select(source_system=pl.lit(one.source), stream=pl.lit(one.stream), shown=pl.len())
        for one in records.streams
        if (one.source, one.stream) in stream_keys
    ]
    shares = per_stream.join(pl.concat(pl.collect_all(counts)), on=["source_system", "stream"])
    over = shares.filter([limit.is_exceeded(row["held"], of=row["shown"]) for row in shares.iter_rows(named=True)])
    if over.is_empty():
        return
    reasons = held.group_by("source_system", "stream", "reason_code", "field_name", "expected", "detail").len()
    worst = reasons.join(over, on=["source_system", "stream"]).sort("len", descending=True).head(5).to_dicts()
    faults = "; ".join(
        f"{row['source_system']}.{row['stream']}: {row['len']} of {row['shown']} records, {row['reason_code']} in "
        f"{row['field_name']} ({sentence(row['reason_code'], expected=row['expected'], detail=row['detail'])})"
        for row in worst
    )
    raise TransformError(
        f"too many records cannot be read: {faults}. Map the words or fields in bantam.yaml, or raise "
        "quarantine_ceiling."
    )
