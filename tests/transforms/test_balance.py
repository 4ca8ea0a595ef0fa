"""Conservation: every record shown is in exactly one place, and a lost one shows as a difference."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.reconcile.balance import association_dispositions, balance, entity_dispositions, single_dispositions


def places(*rows):
    """(record, entity, deleted, merged into) → where each ended."""
    records = pl.DataFrame(
        [(key, deleted or merged is not None, merged) for key, _, deleted, merged in rows],
        schema={"record_key": pl.String, "is_deleted": pl.Boolean, "merged_into_key": pl.String},
        orient="row",
    )
    live = {entity: key for key, entity, deleted, merged in reversed(rows) if not deleted and merged is None}
    chosen = pl.DataFrame({"record_key": list(live.values())}, schema={"record_key": pl.String})
    return dict(entity_dispositions(records, chosen).rows())


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("a", "a", False, None)], {"a": "curated"}),
        ([("a", "a", False, None), ("b", "a", False, None)], {"a": "curated", "b": "merged_into"}),
        ([("a", "a", True, None), ("b", "a", False, None)], {"a": "deleted", "b": "curated"}),
        ([("a", "a", True, "b"), ("b", "a", False, None)], {"a": "merged_into", "b": "curated"}),
        ([("a", "a", True, None)], {"a": "deleted"}),
    ],
    ids=["alone", "two records of one", "the survivor was deleted", "merged in the source", "all deleted"],
)
def test_where_records_of_an_entity_end(rows, expected):
    assert places(*rows) == expected


ENTITIES = st.lists(st.tuples(st.sampled_from("xyz"), st.booleans(), st.booleans()), min_size=1, max_size=12).map(
    lambda rows: [
        (f"r{n}", entity, deleted, "x" if merged else None) for n, (entity, deleted, merged) in enumerate(rows)
    ]
)


@given(ENTITIES)
def test_every_record_ends_once_and_each_live_entity_has_one_curated_row(rows):
    found = places(*rows)
    assert set(found) == {row[0] for row in rows}
    for entity in {row[1] for row in rows}:
        mine = [row for row in rows if row[1] == entity]
        is_live = any(not deleted and merged is None for _, _, deleted, merged in mine)
        assert sum(found[row[0]] == "curated" for row in mine) == int(is_live)


def table(shown, ended, quarantined=(), pulled=5):
    keys = {"source_system": "sf", "stream": "lead"}
    text = dict.fromkeys(("source_system", "stream", "record_key"), pl.String)
    return balance(
        pl.DataFrame([{**keys, "record_key": key} for key in shown], schema=text),
        pl.DataFrame(list(ended.items()), schema={"record_key": pl.String, "disposition": pl.String}, orient="row"),
        pl.DataFrame([{**keys, "record_key": key} for key in quarantined], schema=text),
        pl.DataFrame(
            [{**keys, "pulled": pulled}], schema={"source_system": pl.String, "stream": pl.String, "pulled": pl.Int64}
        ),
        run_id="1",
    ).row(0, named=True)


def test_the_sums_are_told_per_stream():
    row = table("abcde", {"a": "curated", "b": "merged_into", "c": "deleted", "e": "excluded"}, quarantined="d")
    assert [row[name] for name in ("fetched", "curated", "merged_into", "deleted", "quarantined", "excluded")] == [
        5, 1, 1, 1, 1, 1,
    ]  # fmt: skip
    assert (row["difference"], row["pulled"]) == (0, 5)


def test_a_lost_record_is_a_difference():
    assert table("abc", {"a": "curated"})["difference"] == 2


def test_a_record_in_two_places_is_a_difference():
    assert table("ab", {"a": "curated", "b": "curated"}, quarantined="b")["difference"] == -1


def test_a_stream_that_showed_nothing_is_told_as_nothing():
    assert (table("", {})["fetched"], table("", {})["difference"]) == (0, 0)


def test_links_are_merged_into_what_they_tie_or_excluded():
    links = pl.DataFrame(
        {
            "record_key": ["1", "2", "3"],
            "from_key": ["deal", "deal", "deal"],
            "to_key": ["ada", "nobody", "ada"],
            "is_deleted": [False, False, True],
        }
    )
    bridges = {"person": pl.DataFrame({"record_key": ["ada"]}), "opportunity": pl.DataFrame({"record_key": ["deal"]})}
    assert dict(association_dispositions(links, bridges).rows()) == {
        "1": "merged_into",
        "2": "excluded",
        "3": "deleted",
    }


def test_what_stands_for_itself_is_curated_or_deleted():
    assert dict(single_dispositions(pl.DataFrame({"record_key": ["a", "b"], "is_deleted": [False, True]})).rows()) == {
        "a": "curated",
        "b": "deleted",
    }
