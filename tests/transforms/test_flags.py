"""Flag history: since when a flag is set, however the versions of a record are batched."""

import json
from datetime import UTC, datetime
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions.mapping.envelope import Envelope
from tests.transforms.hubspot_records import hubspot_object, read
from transforms.state.versions import STATE, compact, parsed_versions

CONTACT = Envelope(id="id", version="updatedAt", deleted="archived", flag="p.bounce")
SCHEMA = {"raw": pl.String, "location": pl.String}


def at(minute):
    return datetime(2026, 1, 1, 0, minute, tzinfo=UTC)


def line(number, minute, bounce, run=1, *, archived=False, changed=True):
    told = {"updatedAt": f"2026-01-01T00:{minute:02}:00.000Z"} if changed else {}
    record = {"id": str(number), "archived": archived, "p": {"bounce": bounce, "x": {"bounce": "no"}}, **told}
    return {"raw": json.dumps(record), "location": f"run{run}/000001.jsonl.zst:{number}"}


def versions(lines):
    return parsed_versions(pl.LazyFrame(lines, schema=SCHEMA), CONTACT)


def state_of(batches, **how):
    kept = pl.DataFrame(schema=STATE)
    for batch in batches:
        kept = compact([kept.lazy(), versions(batch)], **{"keeps_versions": False, "revives": True, **how})
    return kept


def since(*batches):
    """Since when the flag of the only record is set, as its state tells; null where nothing shows it."""
    return state_of(batches)["flag_set_at"].list.first().to_list()


@pytest.mark.parametrize(
    ("shown", "beginning"),
    [
        (["", None, "   "], None),
        (["", "HARD", "HARD"], at(1)),
        (["HARD", "OTHER", "HARD"], at(0)),
        (["HARD", ""], None),
        (["HARD", "", "HARD", "HARD"], at(2)),
    ],
    ids=["never", "shown again", "another reason", "cleared", "a new one"],
)
def test_the_first_version_of_the_bounce_that_stands_is_its_beginning(shown, beginning):
    lines = [line(1, minute, bounce, run=minute + 1) for minute, bounce in enumerate(shown)]
    assert since(lines) == since(*([one] for one in lines)) == since(lines[::-1]) == [beginning]


def test_what_is_landed_late_is_weighed_as_if_it_had_come_in_time():
    late = line(1, 2, "", run=4)
    assert since([line(1, 1, "HARD"), line(1, 3, "HARD", 2), line(1, 4, "HARD", 3)], [late]) == [at(3)]
    earlier = line(1, 0, "HARD", run=4)
    assert since([line(1, 1, "", 1), line(1, 3, "HARD", 2)], [earlier]) == [at(3)]


def test_a_tombstone_says_nothing_of_the_bounce():
    lived = [line(1, 1, "HARD"), line(1, 2, "HARD", 2)]
    gone, back = line(1, 3, None, 3, archived=True), line(1, 2, "HARD", 4)
    kept = state_of([lived, [gone], [back]])
    assert kept.select("is_deleted", pl.col("flag_set_at").list.first()).row(0) == (False, at(1))


def test_of_a_version_without_a_change_time_nothing_is_known():
    assert since([line(1, 0, "HARD", changed=False)]) == [None]


def test_a_contact_bounced_when_it_first_showed_so_and_not_when_it_last_changed():
    def shown(minute, reason):
        properties = {"email": "a@corp.example", "hs_email_hard_bounce_reason_enum": reason}
        return hubspot_object(1, properties, updated=f"2026-01-01T00:{minute:02}:00Z")

    flag = "properties.hs_email_hard_bounce_reason_enum"
    envelope = Envelope(id="id", version="updatedAt", deleted="archived", flag=flag)

    def bounced_at(*records):
        return read("contacts", *records, envelope=envelope)["person"].records["email_bounced_at"].to_list()

    assert bounced_at(shown(1, None), shown(2, "UNKNOWN_USER"), shown(9, "UNKNOWN_USER")) == [at(2)]
    assert bounced_at(shown(1, "UNKNOWN_USER"), shown(2, "UNKNOWN_USER"), shown(9, None)) == [None]
    assert bounced_at(shown(1, "UNKNOWN_USER"), shown(2, ""), shown(9, "CONTENT")) == [at(9)]


LINES = st.lists(
    st.builds(
        line,
        st.integers(1, 3),
        st.integers(0, 5),
        st.sampled_from([None, "", "HARD", "OTHER"]),
        st.integers(1, 3),
        archived=st.booleans(),
        changed=st.sampled_from([True, True, True, False]),
    ),
    min_size=1,
    max_size=20,
)
HOW = st.fixed_dictionaries({"keeps_versions": st.booleans(), "revives": st.booleans()})


def expected(lines):
    """Beginning of the flag of each record, worked out over all its versions at once."""
    told = {}
    for one in map(json.loads, (one["raw"] for one in lines)):
        shown = told.setdefault(one["id"], [])
        if "updatedAt" in one and not one["archived"]:
            shown.append((datetime.fromisoformat(one["updatedAt"]), bool(one["p"]["bounce"])))
    cleared = {key: max((when for when, is_set in shown if not is_set), default=None) for key, shown in told.items()}
    return {
        key: min((when for when, is_set in shown if is_set and when >= (cleared[key] or when)), default=None)
        for key, shown in told.items()
    }


@given(LINES, st.randoms(use_true_random=False), st.lists(st.integers(0, 20), max_size=4), HOW)
def test_any_batching_of_the_versions_gives_the_same_beginning(lines, chance, cuts, how):
    shuffled = list(lines)
    chance.shuffle(shuffled)
    edges = [0, *sorted(cuts), len(shuffled)]
    batches = [shuffled[start:end] for start, end in pairwise(edges) if start < end]
    history = ["source_id", "flag_unset_at", "flag_set_at"]
    in_parts, at_once = (state_of(parts, **how).filter("is_latest").sort("source_id") for parts in (batches, [lines]))
    assert in_parts.select(history).equals(at_once.select(history))
    beginnings = at_once.select("source_id", pl.col("flag_set_at").list.first()).rows()
    assert dict(beginnings) == expected(lines)


@given(LINES, HOW)
def test_compacting_run_by_run_is_compacting_once(lines, how):
    in_order = sorted(lines, key=lambda one: one["location"][:4])
    runs = [[one for one in in_order if one["location"].startswith(f"run{run}/")] for run in range(1, 4)]
    assert state_of(runs, **how).drop("location").equals(state_of([in_order], **how).drop("location"))
