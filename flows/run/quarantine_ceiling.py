"""Quarantine ceiling: a stream of which too many records were set aside stops the run."""

import polars as pl

from definitions.errors import TransformError
from flows.run.job import Job
from transforms.pipeline.terms import Records
from transforms.state.delete_detection import is_swept

_FEW = 10


def refuse_many_quarantined(job: Job, records: Records) -> None:
    """Raise `TransformError` where more of a stream was set aside than the settings allow: those are no few any more.

    Up to ten are a few, however small the stream, unless none is allowed. What the source no longer lists does not
    count: nobody could correct it any more.
    """
    held = records.quarantined.filter(~is_swept(pl.col("location")))
    aside = held.group_by("source_system", "stream").agg(aside=pl.len())
    if aside.is_empty():
        return
    places = set(aside.select("source_system", "stream").rows())
    counts = [
        one.record_keys.select(source_system=pl.lit(one.source), stream=pl.lit(one.stream), shown=pl.len())
        for one in records.shown
        if (one.source, one.stream) in places
    ]
    shares = aside.join(pl.concat(pl.collect_all(counts)), on=["source_system", "stream"])
    few = _FEW if job.settings.quarantine_ceiling else 0
    over = shares.filter(
        pl.col("aside") > pl.max_horizontal(pl.lit(few), pl.col("shown") * job.settings.quarantine_ceiling)
    )
    if over.is_empty():
        return
    reasons = held.group_by("source_system", "stream", "reason_code", "field_name", "detail").len()
    worst = reasons.join(over, on=["source_system", "stream"]).sort("len", descending=True).head(5).to_dicts()
    told = "; ".join(
        f"{row['source_system']}.{row['stream']}: {row['len']} of {row['shown']} records, {row['reason_code']} in "
        f"{row['field_name']} ({row['detail']})"
        for row in worst
    )
    raise TransformError(
        f"too many records cannot be read: {told}. Map the words or fields in bantam.yaml, or raise quarantine_ceiling."
    )
