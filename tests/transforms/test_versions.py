"""Compaction of landed pages to a state: order, page size and the number of runs must not matter."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.exceptions import PolarsError

from definitions.mapping.envelope import Envelope
from transforms.state.delete_detection import missing_from_listing, with_tombstones
from transforms.state.versions import STATE, compact, parsed_versions, select_current, version_index

AT = datetime(2026, 1, 1, tzinfo=UTC)
CONTACT = Envelope(id="id", version="updatedAt", deleted="archived")


def line(number, minute, run=1, *, archived=False, name="x"):
    record = {"id": str(number), "updatedAt": f"2026-01-01T00:{minute:02}:00.000Z", "archived": archived, "name": name}
    return {"raw": json.dumps(record), "location": f"run{run}/000001.jsonl.zst:{number}"}


SCHEMA = {"raw": pl.String, "location": pl.String}


def versions(lines, envelope=CONTACT):
    return parsed_versions(pl.LazyFrame(lines, schema=SCHEMA), envelope)


def state(lines, *, keeps_versions=False, revives=True):
    return compact([versions(lines)], keeps_versions=keeps_versions, revives=revives)


def as_a_set(kept):
    """Rows without where they lie: one record may be landed in several places."""
    return kept.drop("location").sort(pl.all())


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([line(1, 5, name="new"), line(1, 3, name="old")], ("new", False)),
        ([line(1, 3, run=2, name="again"), line(1, 3, run=1, name="before")], ("again", False)),
        ([line(1, 3, archived=True), line(1, 3)], ("x", True)),
        ([line(1, 3, run=1, archived=True), line(1, 3, run=2)], ("x", False)),
        ([line(1, 9, run=1, archived=True), line(1, 3, run=2)], ("x", False)),
        ([line(1, 3, run=1), line(1, 9, run=2, archived=True)], ("x", True)),
    ],
    ids=[
        "newest first",
        "same moment, later run",
        "same moment and run: deleted",
        "undeleted in a later run",
        "undeleted with its old change time",
        "deleted in a later run",
    ],
)
def test_the_latest_version_wins(lines, expected):
    kept = state(lines)
    assert [(json.loads(row["raw"])["name"], row["is_deleted"]) for row in kept.to_dicts()] == [expected]


@pytest.mark.parametrize("name", "abcdefgh")
def test_of_one_moment_and_run_the_deletion_wins_whatever_the_texts(name):
    assert state([line(1, 3, archived=True), line(1, 3, name=name)])["is_deleted"].to_list() == [True]


def test_among_increments_of_files_the_change_time_alone_decides():
    kept = state([line(1, 9, run=1, archived=True), line(1, 3, run=2)], revives=False)
    assert kept["is_deleted"].to_list() == [True]


def test_an_id_may_lie_a_level_down():
    lines = [{"raw": '{"from":{"id":7},"to":[]}', "location": "run1/a:1"}]
    kept = compact([versions(lines, Envelope(id="from.id"))], keeps_versions=False)
    assert kept.select("source_id", "version_at", "is_deleted").rows() == [("7", None, False)]


@pytest.mark.parametrize(
    "raw",
    [
        '{"id": "7", "updatedAt": "2026-01-01T00:05:00Z", "archived": true}',
        ' { "archived" :true , "updatedAt":"2026-01-01T00:05:00Z","id":7 } ',
        r'{"\u0069d":"\u0037","updatedAt":"2026-01-01T00:05:00Z","archived":"TRUE"}',
        r'{"p":{"id":"8","x":[{"id":"9"}]},"s":"\"id\":\"6\",","id":"7","archived":true,"updatedAt":"2026-01-01T00:05:00Z"}',
        r'{"s":"\ud83d\ude00","id":"7","t":"\u0000","archived":true,"updatedAt":"2026-01-01T00:05:00Z"}',
        '{"id":7.0,"archived":"true","updatedAt":"2026-01-01T00:05:00Z"}',
    ],
    ids=[
        "plain",
        "spaces, another order, a number",
        "escapes",
        "the same keys deeper and in a text",
        "a pair of escapes, and NUL",
        "a fraction",
    ],
)
def test_any_json_is_filed(raw):
    [row] = versions([{"raw": raw, "location": "run1/a:1"}]).collect().rows(named=True)
    assert (row["source_id"], row["version_at"].minute, row["is_deleted"]) == ("7", 5, True)


def test_of_a_name_that_comes_twice_the_last_counts():
    [row] = versions([{"raw": '{"id":"6","id":"7"}', "location": "run1/a:1"}]).collect().rows(named=True)
    assert row["source_id"] == "7"


@pytest.mark.parametrize("raw", ['{"id":{"a":1}}', '{"id":[1]}', "[1]", "1", '{"id":"1"', '{"id":"1"}{"id":"2"}', ""])
def test_a_line_that_is_not_one_record_is_refused(raw):
    with pytest.raises(PolarsError):
        versions([line(1, 1), {"raw": raw, "location": "run1/a:2"}]).collect()


TEXT = st.text(st.characters(codec="utf-8"), max_size=5)
NAMES = st.sampled_from(["id", "updatedAt", "archived", "from", "other"])
SCALARS = st.none() | st.booleans() | st.integers() | TEXT
ANYTHING = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | TEXT, inner, max_size=3),
    max_leaves=5,
)
RECORDS = st.lists(
    st.builds(
        lambda noise, told: {**noise, **told},
        st.dictionaries(NAMES.filter(lambda name: name in {"from", "other"}) | TEXT, ANYTHING, max_size=3),
        st.fixed_dictionaries({}, optional={"id": SCALARS, "archived": SCALARS}),
    ),
    min_size=1,
    max_size=3,
)


@given(RECORDS, st.booleans(), st.sampled_from([(",", ":"), (" , ", " : ")]))
def test_an_envelope_is_read_out_of_any_record(records, in_ascii, separators):
    for record in records:
        record.pop("updatedAt", None)
        record["deeper"] = {"id": record.get("id")}
    lines = [
        {"raw": json.dumps(record, ensure_ascii=in_ascii, separators=separators), "location": "run1/a:1"}
        for record in records
    ]
    plain, deeper = (versions(lines, replace(CONTACT, id=name)).collect() for name in ("id", "deeper.id"))
    ids = [as_text(record.get("id")) for record in records]
    assert plain["source_id"].to_list() == deeper["source_id"].to_list() == ids
    is_deleted = [(as_text(record.get("archived")) or "").lower() == "true" for record in records]
    assert plain["is_deleted"].to_list() == is_deleted


def as_text(value):
    return value if value is None or isinstance(value, str) else json.dumps(value)


def test_every_version_of_a_deal_is_kept_and_one_is_the_latest():
    kept = state([line(1, 5), line(1, 3), line(1, 5), line(2, 1)], keeps_versions=True)
    assert kept.select("source_id", "version_at", "is_latest").rows() == [
        ("1", AT.replace(minute=3), False),
        ("1", AT.replace(minute=5), True),
        ("2", AT.replace(minute=1), True),
    ]


def test_of_the_same_text_landed_twice_the_later_stays():
    twice = [line(1, 5), {**line(1, 5), "location": "run1/000002.jsonl.zst:9"}]
    for keeps_versions in (False, True):
        kept = state(twice, keeps_versions=keeps_versions)
        assert kept["location"].to_list() == ["run1/000002.jsonl.zst:9"]


def test_the_state_is_in_the_order_of_landing():
    lines = [line(number, 1) for number in (3, 1, 2)]
    assert state(lines)["source_id"].to_list() == ["3", "1", "2"]


def test_a_record_that_is_no_longer_listed_becomes_a_tombstone_of_its_latest_version():
    known = state(
        [line(1, 1, name="old"), line(1, 2, name="new"), line(2, 1), line(3, 1, archived=True)], keeps_versions=True
    )
    after = with_tombstones(known, missing_from_listing(known, pl.Series(["2"])), "run2")
    assert after.select("source_id", "is_deleted", "unlisted_by").rows() == [
        ("1", False, None),
        ("1", True, "run2"),
        ("2", False, None),
        ("3", True, None),
    ]
    assert after.drop("is_deleted", "unlisted_by").equals(known.drop("is_deleted", "unlisted_by"))


def test_a_tombstone_is_as_new_as_the_listing_that_made_it():
    """What a run saw before the listing does not bring the record back; what one saw after it does."""
    known = state([line(1, 5)])
    gone = with_tombstones(known, missing_from_listing(known, pl.Series(["2"])), "run3")
    earlier, later = (compact([gone.lazy(), versions([line(1, 4, run)])], keeps_versions=False) for run in (2, 4))
    assert (earlier["is_deleted"].to_list(), later["is_deleted"].to_list()) == ([True], [False])


LINES = st.lists(
    st.builds(
        line,
        st.integers(1, 3),
        st.integers(0, 3),
        st.integers(1, 4),
        archived=st.booleans(),
        name=st.sampled_from("ab"),
    ),
    min_size=1,
    max_size=20,
)
HOW = st.fixed_dictionaries({"keeps_versions": st.booleans(), "revives": st.booleans()})


@given(LINES, st.randoms(use_true_random=False), st.lists(st.integers(0, 20), max_size=3), HOW)
def test_order_and_pages_do_not_matter(lines, chance, cuts, how):
    shuffled = list(lines)
    chance.shuffle(shuffled)
    edges = [0, *sorted(cuts), len(shuffled)]
    pages = [versions(shuffled[start:end]) for start, end in pairwise(edges) if start < end]
    assert as_a_set(state(lines, **how)).equals(as_a_set(compact(pages, **how)))


@given(LINES, HOW)
def test_compacting_run_by_run_is_compacting_once(lines, how):
    after = pl.DataFrame(schema=STATE)
    for run in range(1, 5):
        landed = [one for one in lines if one["location"].startswith(f"run{run}/")]
        after = compact([after.lazy(), versions(landed)], **how)
    once = state(sorted(lines, key=lambda one: one["location"][:4]), **how)
    assert after.drop("location").equals(once.drop("location"))


@given(LINES, HOW)
def test_every_record_has_one_latest_version_and_nothing_is_made_up(lines, how):
    kept = state(lines, **how)
    assert sorted(kept.filter("is_latest")["source_id"]) == sorted({json.loads(one["raw"])["id"] for one in lines})
    assert {*kept["raw"]} <= {one["raw"] for one in lines}
    if how["keeps_versions"]:
        assert {*kept["raw"]} == {one["raw"] for one in lines}


@given(LINES)
def test_without_versions_the_text_of_an_earlier_state_decides_nothing(lines):
    known = state([one for one in lines if one["location"] < "run3"])
    landed = versions([one for one in lines if one["location"] > "run3"]).collect()
    asked, unasked = (
        select_current(
            pl.concat([version_index(known.lazy(), reads_text=reads_text), version_index(landed.lazy())]).collect(),
            keeps_versions=False,
            revives=True,
        )
        for reads_text in (True, False)
    )
    assert asked.equals(unasked)
