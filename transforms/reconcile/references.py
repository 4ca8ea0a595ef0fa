"""References of records to others: those that lead to no record, and those of which only the first is taken."""

from collections.abc import Iterator, Mapping
from typing import Final

import polars as pl

from transforms.pipeline.records import Records
from transforms.step import ALL, step

DANGLING: Final = "dangling"
SEVERAL: Final = "several"
_OWN: Final = {"owner_key": "owner", "account_key": "account"}
# Kind of record that each key refers to. Links that match people are counted by `identity.matching.unmatched`; an
# association of which an end is unknown is excluded in the balance.
_TARGETS: Mapping[str, Mapping[str, str]] = {
    "person": {**_OWN, "converted_account_key": "account", "converted_opportunity_key": "opportunity"},
    "account": {"owner_key": "owner", "parent_key": "account", "same_as_keys": "account"},
    "opportunity": {**_OWN, "person_key": "person", "product_key": "product", "same_as_keys": "opportunity"},
    "activity": {**_OWN, "person_key": "person", "opportunity_key": "opportunity"},
    "owner": {"manager_key": "owner", "same_as_keys": "owner"},
}
_COUNTS = pl.Schema(
    {"source_system": pl.String, "stream": pl.String, "field_name": pl.String, "reason": pl.String, "records": pl.Int64}
)
_STREAM = ["source_system", "source_object"]


@step(partition_by=ALL, delivers=("source_system", "stream", "field_name", "reason", "records"))
def reference_faults(records: Records) -> pl.DataFrame:
    """Count live records by stream, key and reason: source_system, stream, field_name, reason, records; sorted.

    `dangling`: no record of the key could be read, so that what is published has no link. A queue is an owner without a
    record. `several`: the cell names several records, of which the first is taken. Zeros are left out.
    """
    objects = {(one.source, one.object): one.stream for one in records.streams}
    streams = pl.DataFrame(
        [(*key, stream) for key, stream in objects.items()],
        schema={"source_system": pl.String, "source_object": pl.String, "stream": pl.String},
        orient="row",
    )
    dangling = pl.concat(_dangling(records)).join(streams, on=_STREAM, how="left")
    named = dangling.with_columns(pl.coalesce("stream", "source_object")).select(_COUNTS.names())
    several = [
        one.several.select(
            pl.lit(one.source).alias("source_system"),
            pl.lit(one.stream).alias("stream"),
            "field_name",
            pl.lit(SEVERAL).alias("reason"),
            "records",
        )
        for one in records.streams
        if one.several is not None
    ]
    return pl.concat([named.cast(_COUNTS), *several]).sort(pl.all())


def _dangling(records: Records) -> Iterator[pl.DataFrame]:
    """Yield the counts of one key of one kind of record at a time."""
    for kind, targets in _TARGETS.items():
        live = records.kinds[kind].filter(~pl.col("is_deleted"))
        for field, target in targets.items():
            key = live.select(*_STREAM, key=field)
            keys = key.explode("key") if field == "same_as_keys" else key
            delivered = records.kinds[target].select(key="record_key")
            yield (
                keys.filter(pl.col("key").is_not_null(), ~pl.col("key").str.contains(":queue:", literal=True))
                .join(delivered, on="key", how="anti")
                .group_by(_STREAM)
                .agg(records=pl.len().cast(pl.Int64))
                .with_columns(field_name=pl.lit(field), reason=pl.lit(DANGLING))
                .collect(engine="streaming")
            )
