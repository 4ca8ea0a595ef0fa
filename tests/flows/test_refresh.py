"""A refresh from end to end: real HTTP, a real PostgreSQL, and laws that hold from one run to the next."""

import io
import random
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from rich.console import Console

from definitions.errors import ConfigurationError
from definitions.schema.tables import CURATED, DIM_PERSON, FCT_OPPORTUNITY
from flows.run.open_run import run_context
from flows.run.read_records import conform_configured_streams
from flows.terminal.show_report import show_report
from tests.flows.conftest import FIRST_DAY, MUCH_LATER, WEEKS_LATER, advance
from tests.flows.line import Line, afresh, assembled, begun, computed, pulled, same_rows, warehouse_in
from transforms.pipeline.gathering import gathered_records

pytestmark = pytest.mark.slow

# What was lived through, not what is: a home that met the company yesterday cannot know it.
LIVED_THROUGH = {"fct_classification_change", "fct_hygiene_issue", "fct_opportunity_daily_snapshot"}
# The day a class was first given is the day of a run; the rest is read from the versions a deal went through while it
# was watched.
_VERSIONS = ("push_count", "original_close_date", "last_meaningful_change_on")
REMEMBERED = {"dim_person": ("lifecycle_class_since",), "fct_opportunity": ("pipeline_class_since", *_VERSIONS)}
# HubSpot forgets whom it merged away. Who knew them keeps their keys as aliases, and tells why and that they are tied.
ALIASES = {"bridge_person_source": ("contact", "contacts"), "bridge_account_source": ("company", "companies")}
TIED = {
    "bridge_person_source": ("match_rule", "match_confidence"),
    "bridge_account_source": ("match_rule", "match_confidence"),
    "dim_person": ("field_winners",),
    "dim_account": ("field_winners",),
}
TABLES = {table.name: table for table in CURATED if table.name not in LIVED_THROUGH}


def test_every_record_is_in_exactly_one_place(lived):
    for stand in (lived.first, lived.again, lived.after, lived.fresh):
        balance = stand.report["balance"]
        assert {row["difference"] for row in balance} == {0}
        assert len({(row["source_system"], row["stream"]) for row in balance}) == len(balance) >= 16
        assert sum(row["fetched"] for row in balance) > 1000


def test_the_first_run_publishes_people_and_deals_and_says_so(lived):
    report, tables = lived.first.report, lived.first.tables
    assert (report["status"], report["is_baseline"]) == ("published", True)
    assert 300 < tables["dim_person"].height == report["people"]["persons"] < tables["bridge_person_source"].height
    assert {run for frame in tables.values() for run in frame["run_id"].unique()} == {report["run_id"]}


def test_the_report_counts_who_is_in_several_systems_and_not_who_is_twice_in_one(lived):
    people, told = lived.first.tables["dim_person"], lived.first.report["people"]
    several, twice = people.filter(pl.col("source_count") > 1), people.filter(pl.col("record_count") > 1)
    assert 0 < told["in_several_systems"] == several.height < twice.height


def test_a_second_run_writes_nothing_and_publishes_only_itself(lived):
    assert lived.again.report["status"] == "unchanged"
    assert sum(sum(counts.values()) for counts in lived.again.report["written"].values()) == 0
    assert all(lived.again.tables[name].equals(frame) for name, frame in lived.first.tables.items())
    first, second = lived.line.ask("SELECT run_status, rows_written FROM ops.run ORDER BY run_id LIMIT 2")
    assert first[0] == "published"
    assert second == ("unchanged", 0)


def test_what_a_terminal_has_no_room_for_is_counted(lived):
    console = Console(width=100, record=True, file=io.StringIO())
    show_report(lived.first.report, console)
    told = console.export_text()
    ways = sorted((row["records"] for row in lived.first.report["moved"]["person"]), reverse=True)[12:]
    assert f"and {sum(ways):,} in {len(ways)} other ways" in told
    kinds = [row["findings"] for row in lived.first.report["findings"]][12:]
    assert f"and {sum(kinds):,} of {len(kinds)} other kinds" in told


def test_the_second_run_asks_for_changes_only(lived):
    changing = {"contacts", "companies", "deals", "lead", "contact", "account", "opportunity", "task"}
    first, again = (
        sum(row["records"] for row in stand.report["streams"] if row["stream"] in changing)
        for stand in (lived.first, lived.again)
    )
    assert again < first / 10
    # Two of them read the links of open deals, which no modified time tells of.
    assert lived.again.requests["total"] <= 3 * len(lived.again.report["streams"])


@pytest.mark.parametrize("name", TABLES)
def test_following_the_company_is_the_same_as_meeting_it_afterwards(lived, name):
    followed, met = lived.after.tables[name], lived.fresh.tables[name]
    if name in ALIASES:
        source_object, table = ALIASES[name]
        gone = [f"hubspot:{source_object}:{identity}" for identity in lived.changed[table]["gone"]]
        followed = followed.filter(~pl.col("record_key").is_in(gone))
    assert same_rows(followed, met, TABLES[name], (*REMEMBERED.get(name, ()), *TIED.get(name, ()))) == ""


def test_the_weeks_are_in_the_tables(lived):
    """Otherwise the law above would hold for a pipeline that stands still."""
    assert lived.after.report["status"] == "published"
    for table in (DIM_PERSON, FCT_OPPORTUNITY):
        assert same_rows(lived.first.tables[table.name], lived.after.tables[table.name], table) != ""


@pytest.fixture(scope="module")
def usual(lived):
    """What the fresh home would publish next, its streams conformed in the order of the settings."""
    with lived.fresh_line.opened(WEEKS_LATER) as (job, engine):
        run = begun(job, engine)
        yield run, assembled(run, [])


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_in_which_streams_come_changes_nothing(usual, seed):
    run, expected = usual
    streams, _ = conform_configured_streams(afresh(run), [])
    random.Random(seed).shuffle(streams)
    shuffled = computed(run, gathered_records(streams))
    for table in CURATED:
        assert shuffled.tables[table.name].equals(expected.tables[table.name]), table.name
    assert shuffled.balance.equals(expected.balance)


def test_the_order_of_sources_in_the_settings_only_breaks_ties(usual):
    """It is a priority: of two values changed at one moment. Who is who, and what class, does not hang on it."""
    run, expected = usual
    sources = tuple(reversed(run.request.settings.sources))
    job = replace(run.request, settings=run.request.settings.model_copy(update={"sources": sources}))
    other = assembled(
        replace(run, request=job, context=run_context(job, run.run_id, is_baseline=run.context.is_baseline)), []
    )
    for name, columns in {
        "dim_person": ["person_id", "email", "owner_id", "account_id", "lifecycle_class"],
        "fct_opportunity": ["opportunity_id", "stage_name", "amount", "close_date", "pipeline_class"],
    }.items():
        assert other.tables[name].select(columns).equals(expected.tables[name].select(columns))
    for name in ("bridge_person_source", "bridge_account_source", "bridge_opportunity_source", "fct_activity"):
        assert other.tables[name].equals(expected.tables[name]), name
    assert other.balance.equals(expected.balance)


def test_asking_one_source_keeps_what_the_other_told(lived, usual):
    _, expected = usual
    found, asked = lived.one_source
    assert asked["hubspot"] == 0 < asked["salesforce"]
    assert found.tables["dim_person"].equals(expected.tables["dim_person"])
    assert found.balance["difference"].sum() == 0


def test_a_person_keeps_the_id(lived):
    """Every record still leads to the person it led to, unless that person is no longer there."""
    before, after = (
        stand.tables["bridge_person_source"].select("record_key", "person_id") for stand in (lived.first, lived.after)
    )
    both = before.join(after, on="record_key", suffix="_after")
    moved = both.filter(pl.col("person_id") != pl.col("person_id_after"))
    assert both.height > 400
    assert moved.height < 10
    assert not set(moved["person_id"]) & set(lived.after.tables["dim_person"]["person_id"])


def test_who_was_merged_away_in_the_source_leads_to_the_survivor(lived):
    losers = [f"hubspot:contact:{identity}" for identity in lived.changed["contacts"]["gone"]]
    assert losers
    people, aliases = lived.after.tables["dim_person"], lived.after.tables["bridge_person_source"]
    mine = aliases.filter(pl.col("record_key").is_in(losers))
    assert sorted(mine["record_key"]) == sorted(losers)
    assert set(mine["person_id"]) <= set(people["person_id"])
    assert not mine["is_survivor"].any()
    assert not set(losers) & set(
        people.select(pl.concat_str("source_system", pl.lit(":contact:"), "source_id")).to_series()
    )


def test_who_was_deleted_everywhere_leaves_the_tables(lived):
    names = {"contacts": "hubspot:contact", "Contact": "salesforce:contact", "Lead": "salesforce:lead"}
    deleted = [f"{key}:{one}" for name, key in names.items() for one in lived.changed[name]["archived"]]
    before, after = (stand.tables["bridge_person_source"] for stand in (lived.first, lived.after))
    theirs = before.filter(pl.col("record_key").is_in(deleted))
    assert theirs.height
    assert after.filter(pl.col("record_key").is_in(deleted))["is_deleted"].all()
    alive = before.filter(~pl.col("is_deleted"), ~pl.col("record_key").is_in(deleted))["person_id"]
    without_any = set(theirs["person_id"]) - set(alive)
    assert not without_any & set(lived.after.tables["dim_person"]["person_id"])
    ledger = lived.after.tables["fct_classification_change"].filter(pl.col("to_class") == "merged_or_deleted")
    assert without_any <= set(ledger["record_id"])


def test_time_alone_moves_classes_and_asks_nobody(lived, much_later):
    assert much_later.requests["total"] == 0
    assert much_later.cursors == lived.after.cursors
    assert much_later.report["status"] == "published"
    assert sum(row["pulled"] for row in much_later.report["balance"]) == 0
    before, after = (
        stand.tables["dim_person"].select("person_id", "lifecycle_class") for stand in (lived.after, much_later)
    )
    moved = before.join(after, on="person_id", suffix="_after").filter(
        pl.col("lifecycle_class") != pl.col("lifecycle_class_after")
    )
    assert moved.height > 10
    assert {"dead", "dormant"} & set(moved["lifecycle_class_after"])
    active = [
        stand.tables["fct_opportunity"].filter(pl.col("pipeline_class") == "active").height
        for stand in (lived.after, much_later)
    ]
    assert active[1] == 0 < active[0]


@pytest.mark.parametrize(
    ("table", "key", "columns"),
    [
        (
            "dim_person",
            "person_id",
            "email phone_e164 account_id owner_id last_inbound_on last_outbound_on first_seen_at",
        ),
        ("fct_opportunity", "opportunity_id", "amount close_date stage_name owner_id created_on push_count"),
    ],
)
def test_time_alone_touches_no_fact(lived, much_later, table, key, columns):
    before, after = (stand.tables[table].select(key, *columns.split()) for stand in (lived.after, much_later))
    assert before.equals(after)


def test_the_ledger_undone_gives_the_classes_as_they_were(lived, much_later):
    ledger = much_later.tables["fct_classification_change"].filter(pl.col("changed_on") == MUCH_LATER)
    assert ledger.height
    now = much_later.tables["dim_person"].select("person_id", "lifecycle_class")
    undone = now.join(ledger.select("from_class", person_id="record_id"), on="person_id", how="left").select(
        "person_id", lifecycle_class=pl.coalesce("from_class", "lifecycle_class")
    )
    then = lived.after.tables["dim_person"].select("person_id", "lifecycle_class")
    assert undone.sort("person_id").equals(then.sort("person_id"))


def test_an_earlier_day_is_refused_by_both_dates(lived, much_later):
    runs = lived.line.ask("SELECT count(*) FROM ops.run")
    with pytest.raises(ConfigurationError, match=f"{FIRST_DAY}.*{MUCH_LATER}") as refused:
        lived.line.refresh(FIRST_DAY)
    assert refused.value.exit_code == 2
    with pytest.raises(ConfigurationError):
        lived.line.reclassify(MUCH_LATER - timedelta(days=1))
    assert lived.line.ask("SELECT count(*) FROM ops.run") == runs


def test_what_is_gone_without_a_word_is_found_when_all_is_asked_again(lived, usual, server, migrated, tmp_path):
    """Salesforce empties its recycle bin, HubSpot forgets on demand: only a list of everything tells."""
    months = timedelta(days=70)
    purged = [f"salesforce:contact:{one}" for one in advance(lived.sandbox, months.days)["Contact"]["gone"]]
    assert purged
    day = WEEKS_LATER + months
    followed = next_tables(lived.fresh_line, day)
    swept = next_tables(lived.fresh_line, day, full=True)
    variables = {**lived.sandbox.environment, **warehouse_in(server, migrated)}
    met = next_tables(Line(config=lived.line.config, home=tmp_path, variables=variables), day)
    assert set(purged) & set(live_keys(followed))
    assert not set(purged) & set(live_keys(swept))
    assert sorted(live_keys(swept)) == sorted(live_keys(met))
    for name in ("dim_person", "fct_opportunity"):
        key = TABLES[name].key
        assert swept.tables[name].select(key).equals(met.tables[name].select(key))
    assert swept.balance["difference"].sum() == 0


def next_tables(line, day, *, full=False):
    with line.opened(day, full=full) as (job, engine):
        run = begun(job, engine)
        return assembled(run, pulled(run))


def live_keys(found):
    return found.tables["bridge_person_source"].filter(~pl.col("is_deleted"))["record_key"]
