"""Cutting the people: every person, and every id of somebody who is gone, lies in exactly one part."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from transforms.pipeline.people_parts import parts_of

TEXTS = {"record_key": pl.String, "entity_id": pl.String}
IDS = st.lists(st.text("abz:19", max_size=3), max_size=12)


@given(IDS, IDS, st.integers(1, 5))
def test_every_id_lies_in_exactly_one_part(ids, gone, persons):
    tied = pl.DataFrame({"record_key": [str(n) for n in range(len(ids))], "entity_id": ids}, schema_overrides=TEXTS)
    everybody = pl.DataFrame({"id": [*ids, *gone]}, schema={"id": pl.String})
    parts = list(parts_of(tied, persons))
    held = [everybody.filter(part.holds("id"))["id"].to_list() for part in parts]
    assert sorted(one for part in held for one in part) == sorted(everybody["id"])
    assert pl.concat([part.tied for part in parts]).sort("record_key").equals(tied.sort("record_key"))
    assert all(part.tied["entity_id"].n_unique() <= persons for part in parts)
    assert all(part.tied.equals(tied.filter(part.holds("entity_id"))) for part in parts)
