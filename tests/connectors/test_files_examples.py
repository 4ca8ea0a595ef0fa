"""The examples, on the files they were written for: what a user should find there, counted on the files themselves."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
import yaml

from connectors.files.settings import FilesSource
from connectors.files.streams import landed_rows, pull_file
from connectors.landing.writer import Landing
from definitions.errors import FileUnreadableError
from definitions.mapping.source_mapping import SourceMapping
from transforms.conform.files import conform_file, stages_of_file
from transforms.conform.files_versions import LandedFile, compact_files

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
AS_OF = date(2018, 1, 1)
ZONE = "America/New_York"

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the example files are not part of the repository")


def settings(example, edit=str):
    text = edit((ROOT / "examples" / example).read_text())
    return FilesSource.model_validate(yaml.safe_load(text)["sources"][0])


def conformed(source, folder, landing):
    """Every stream of a source, from its file to records, and the stages its deals are in."""
    meaning = SourceMapping(source=source.name, time_zone=ZONE, currency="USD", stages=source.stages)
    found = {}
    for stream in source.streams:
        with landing.writer(source.name, stream.name, "r1") as writer:
            pulled = pull_file(
                stream,
                source=source.name,
                folder=folder,
                writer=writer,
                cursor=None,
                now=datetime(2018, 1, 1, tzinfo=UTC),
                progress=lambda _: None,
            )
        [page] = landing.read_manifest(source.name, stream.name, "r1")
        rows = LandedFile(rows=landed_rows(landing, page, stream).lazy(), run_id="r1", is_whole=pulled.is_full)
        keeps = stream.kind == "opportunity"
        state = compact_files(None, [rows], meaning, stream=stream, keeps_versions=keeps).lazy()
        found[stream.name] = conform_file(state, meaning, stream=stream)
        if keeps:
            found["stages"] = stages_of_file(state, meaning, stream=stream)
    assert sum(one.quarantined.height for one in found.values()) == 0
    return {name: one.records for name, one in found.items()}


@pytest.fixture(scope="module")
def maven(tmp_path_factory):
    return conformed(settings("maven_crm/bantam.yaml"), DATA / "maven_crm", Landing(tmp_path_factory.mktemp("landing")))


def test_every_deal_is_there_with_what_its_stage_says(maven):
    deals = maven["opportunities"]
    assert deals.height == 8800
    assert deals["is_won"].sum() == 4238
    assert (deals["is_closed"] & ~deals["is_won"]).sum() == 2473
    still_open = deals.filter(~pl.col("is_closed"))
    assert still_open.height == 2089
    assert still_open["source_close_date"].null_count() == still_open["closed_at"].null_count() == 2089
    assert still_open["account_key"].null_count() == deals["account_key"].null_count() == 1425
    assert deals["source_created_at"].null_count() == 8800
    assert maven["stages"].sort("display_order")["stage_name"].to_list() == ["Prospecting", "Engaging", "Won", "Lost"]


def test_days_in_a_file_are_days_in_the_reports(maven):
    """737 open deals were engaged half a year or more before the report: abandoned, if nothing moves."""
    entered = pl.col("last_stage_change_at").dt.convert_time_zone(ZONE).dt.date()
    stale = maven["opportunities"].filter(~pl.col("is_closed"), entered <= date(2017, 7, 5))
    assert (AS_OF - date(2017, 7, 5)).days == 180
    assert stale.height == 737
    closed = maven["opportunities"].filter("is_closed")
    assert (closed["closed_at"].dt.convert_time_zone(ZONE).dt.date() == closed["source_close_date"]).all()


@pytest.mark.parametrize(
    ("field", "target", "dangling"),
    [("product_key", "products", 0), ("account_key", "accounts", 0), ("owner_key", "teams", 0)],
)
def test_every_reference_of_a_deal_leads_somewhere(maven, field, target, dangling):
    pointing = maven["opportunities"].filter(pl.col(field).is_not_null())
    missing = pointing.join(maven[target], left_on=field, right_on="record_key", how="anti")
    assert missing.height == dangling


def test_the_alias_joins_the_misspelt_product(maven):
    sold = maven["opportunities"].filter(pl.col("product_key") == "maven:products:GTX Pro")
    assert sold.height == 1480


def test_units_and_spellings_are_mended_as_declared(maven):
    accounts = maven["accounts"]
    acme = accounts.row(by_predicate=pl.col("name") == "Acme Corporation", named=True)
    assert (acme["annual_revenue"], acme["industry"], acme["employees"]) == (
        Decimal("1100040000.00"),
        "technology",
        2822,
    )
    assert "Philipines" not in accounts["source_country"].to_list()
    assert accounts.join(accounts, left_on="parent_key", right_on="record_key").height == 15
    assert maven["teams"]["is_active"].all()


def test_american_dates_give_the_same_deals(maven, tmp_path):
    american = conformed(settings("maven_crm/us_dates.yaml"), DATA / "maven_crm", Landing(tmp_path))
    assert american["opportunities"].equals(maven["opportunities"])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", ["'engage_date'", "8300 of 8300 values: not an ISO day, in lines 2, 3, 4", "3234 of them are ambiguous"]),
        ("dates: day_first", ["'engage_date'", "5066 of 8300 values: not a day under `dates: day_first`"]),
    ],
    ids=["no order declared", "the wrong order declared"],
)
def test_american_dates_are_refused_under_another_order(tmp_path, line, says):
    source = settings("maven_crm/us_dates.yaml", lambda text: text.replace("dates: month_first\n", f"{line}\n"))
    with pytest.raises(FileUnreadableError) as refusal:
        conformed(source, DATA / "maven_crm", Landing(tmp_path))
    assert all(
        part in str(refusal.value) for part in ["maven.opportunities: reexport_us_dates_sales_pipeline.csv", *says]
    )


def test_leads_say_what_they_claim_and_placeholders_say_nothing(tmp_path):
    people = conformed(settings("xeducation_leads/bantam.yaml"), DATA / "xeducation_leads", Landing(tmp_path))["leads"]
    assert people.height == 9240
    assert people["claims_customer"].sum() == (people["lead_status"] == "customer").sum() == 3561
    assert (people["claimed_class"] == "lead").sum() == 5679
    assert people["is_converted"].null_count() == 9240
    assert dict(people["origin_activity_type"].value_counts().rows()) == {
        "contact_form": 5605, "web_visit": 3580, "list_import": 55,
    }  # fmt: skip
    assert people["has_opted_out_of_email"].sum() == 734
    assert people["do_not_call"].sum() == 2
    assert (people["lead_source"] == "Google").sum() == 2873
    assert people["source_country"].null_count() == 2461 + 5 + 2
    texts = people.select(pl.col(pl.String)).unpivot()["value"].drop_nulls()
    assert not texts.str.strip_chars().is_in(["Select", "unknown", ""]).any()
