"""The examples end to end into PostgreSQL: on their real exports where those are at hand, on invented rows else."""

from datetime import date

import pytest

from definitions.errors import FileUnreadableError
from tests.flows.excerpts import write_leads, write_maven
from tests.flows.line import DATA, ROOT, Line, assembled, begun, pulled, warehouse_in

pytestmark = pytest.mark.slow

MAVEN, XEDUCATION = ROOT / "examples" / "maven_crm", ROOT / "examples" / "xeducation_leads"
NEW_YEAR, TODAY = date(2018, 1, 1), date(2026, 11, 22)
# What can be counted in the files themselves; `ambiguous` are the engage dates that are days under either order.
EXCERPT = {
    "classes": {"closed_won": 2, "closed_lost": 1, "abandoned": 2, "no_close_date": 3},
    "balance": {"accounts": 2, "opportunities": 8, "products": 2, "teams": 2},
    "aliased": 4, "without account": 3, "ambiguous": 2,
}  # fmt: skip
WHOLE = {
    "classes": {"closed_won": 4238, "closed_lost": 2473, "abandoned": 737, "no_close_date": 1352},
    "balance": {"accounts": 85, "opportunities": 8800, "products": 7, "teams": 35},
    "aliased": 1480, "without account": 1425, "ambiguous": 3234,
}  # fmt: skip


@pytest.fixture(scope="module")
def maven(server, migrated, tmp_path_factory):
    """The published example with what should be in it, and its report."""
    data, counts = (
        (DATA / "maven_crm", WHOLE) if DATA.is_dir() else (write_maven(tmp_path_factory.mktemp("data")), EXCERPT)
    )
    variables = warehouse_in(server, migrated)
    line = Line(config=MAVEN / "bantam.yaml", home=tmp_path_factory.mktemp("maven"), variables=variables, data=data)
    return line, counts, line.refresh(NEW_YEAR)


@pytest.fixture
def empty_warehouse(server, migrated):
    return warehouse_in(server, migrated)


def test_classes_are_those_that_can_be_counted_in_the_file(maven):
    line, counts, _ = maven
    assert (
        dict(line.ask("SELECT pipeline_class, count(*) FROM curated.fct_opportunity GROUP BY 1")) == counts["classes"]
    )


def test_nothing_is_lost_and_nothing_set_aside(maven):
    _, counts, report = maven
    assert {row["difference"] for row in report["balance"]} == {0}
    assert {row["stream"]: row["curated"] for row in report["balance"]} == counts["balance"]
    assert report["quarantined"] == []


def test_no_deal_without_a_date_is_eligible_and_the_report_says_so(maven):
    _, counts, report = maven
    reported, eligible = (
        next(row for row in report["pipeline"] if row["basis"] == one) for one in ("reported", "eligible")
    )
    assert reported["deals"] == counts["classes"]["abandoned"] + counts["classes"]["no_close_date"]
    assert eligible["deals"] == 0


def test_deals_join_their_product_through_the_declared_alias(maven):
    line, counts, _ = maven
    deals = "SELECT count(*) FROM curated.fct_opportunity JOIN curated.dim_product p USING (product_id)"
    assert line.ask(f"{deals} WHERE p.name = 'GTX Pro'") == [(counts["aliased"],)]
    assert line.ask("SELECT count(*) FROM curated.fct_opportunity WHERE product_id IS NULL") == [(0,)]


def test_deals_without_an_account_are_findings_and_not_losses(maven):
    line, counts, _ = maven
    found = "SELECT count(*) FROM curated.fct_hygiene_issue WHERE rule_id = 'OPP-27' AND state = 'open'"
    unowned = "SELECT count(*) FROM curated.fct_opportunity WHERE account_id IS NULL AND is_open"
    assert line.ask(found) == line.ask(unowned) == [(counts["without account"],)]


def test_the_same_deals_with_american_dates_are_the_same(maven, empty_warehouse, tmp_path):
    line, counts, _ = maven
    american = Line(config=MAVEN / "us_dates.yaml", home=tmp_path, variables=empty_warehouse, data=line.data)
    deals, expected = (curated_deals(one) for one in (american, line))
    dates = ["close_date", "closed_at", "stage_entered_on", "last_stage_change_at", "sales_cycle_days"]
    assert deals.height == counts["balance"]["opportunities"]
    assert deals.select("opportunity_id", *dates).equals(expected.select("opportunity_id", *dates))
    assert deals["close_date"].count() == deals["closed_at"].count() > 0


def curated_deals(line):
    with line.opened(NEW_YEAR) as (job, engine):
        run = begun(job, engine)
        return assembled(run, pulled(run)).tables["fct_opportunity"]


@pytest.mark.parametrize(
    ("order", "says"),
    [("iso", "({ambiguous} of them are ambiguous"), ("day_first", "not a day under `dates: day_first`")],
    ids=["none declared", "the wrong one declared"],
)
def test_american_dates_without_their_order_are_refused_by_column_and_line(
    maven, empty_warehouse, tmp_path, order, says
):
    line, counts, _ = maven
    config = tmp_path / "bantam.yaml"
    declared = (MAVEN / "us_dates.yaml").read_text()
    assert "dates: month_first\n" in declared
    config.write_text(declared.replace("dates: month_first\n", f"dates: {order}\n"))
    refused_line = Line(config=config, home=tmp_path / "home", variables=empty_warehouse, data=line.data)
    with pytest.raises(FileUnreadableError, match=r"column 'engage_date'.* in lines 2, ") as refused:
        refused_line.refresh(NEW_YEAR)
    assert says.format_map(counts) in str(refused.value)
    assert refused.value.exit_code == 3
    assert refused_line.ask("SELECT count(*) FROM ops.run") == [(0,)]


def test_every_lead_is_there_and_no_placeholder(empty_warehouse, tmp_path):
    data, expected = (
        (DATA / "xeducation_leads", (9240, 3561, 734, 5860)) if DATA.is_dir() else (write_leads(tmp_path), (4, 1, 1, 1))
    )
    line = Line(config=XEDUCATION / "bantam.yaml", home=tmp_path / "home", variables=empty_warehouse, data=data)
    report = line.refresh(TODAY)
    counted = (
        "SELECT count(*), count(*) FILTER (WHERE claims_customer), count(*) FILTER (WHERE has_opted_out_of_email), "
        "count(title)"
    )
    assert line.ask(f"{counted} FROM curated.dim_person") == [expected]
    assert [row["difference"] for row in report["balance"]] == [0]
    placeholders = (
        "SELECT count(*) FROM curated.dim_person, jsonb_each_text(to_jsonb(dim_person)) WHERE value IN ('Select', '')"
    )
    assert line.ask(placeholders) == [(0,)]
    assert line.ask("SELECT DISTINCT country FROM curated.dim_person WHERE source_id = '2b'") in ([("IN",)], [])
