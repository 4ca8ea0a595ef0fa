"""The examples on the exports that they were written for, end to end into PostgreSQL."""

from datetime import date

import pytest

from definitions.errors import FileUnreadableError
from tests.flows.line import DATA, ROOT, WITHOUT_DATA, Line

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=WITHOUT_DATA)
MAVEN = ROOT / "examples" / "maven_crm"
NEW_YEAR = date(2018, 1, 1)
DATES = "SELECT opportunity_id, close_date, closed_at, stage_entered_on FROM curated.fct_opportunity ORDER BY 1"


@pytest.fixture(scope="module")
def maven(tmp_path_factory):
    line = Line(
        config=MAVEN / "bantam.yaml", home=tmp_path_factory.mktemp("maven"), variables={}, data=DATA / "maven_crm"
    )
    return line, line.refresh(NEW_YEAR)


def test_maven_classes_are_those_that_can_be_counted_in_the_file(maven):
    line, _ = maven
    assert dict(line.ask("SELECT pipeline_class, count(*) FROM curated.fct_opportunity GROUP BY 1")) == {
        "closed_won": 4238,
        "closed_lost": 2473,
        "abandoned": 737,
        "no_close_date": 1352,
    }


def test_maven_loses_nothing(maven):
    _, report = maven
    assert [row["difference"] for row in report["balance"]] == [0, 0, 0, 0]
    assert {row["stream"]: row["curated"] for row in report["balance"]} == {
        "accounts": 85, "opportunities": 8800, "products": 7, "teams": 35,
    }  # fmt: skip


def test_maven_deals_join_their_product_through_the_declared_alias(maven):
    line, _ = maven
    joined = (
        "SELECT count(*) FROM curated.fct_opportunity JOIN curated.dim_product p USING (product_id) WHERE p.name = '{}'"
    )
    assert line.ask(joined.format("GTX Pro")) == [(1480,)]
    assert line.ask("SELECT count(*) FROM curated.fct_opportunity WHERE product_id IS NULL") == [(0,)]


def test_maven_deals_without_an_account_are_findings_and_not_losses(maven):
    line, _ = maven
    found = "SELECT count(*) FROM curated.fct_hygiene_issue WHERE rule_id = 'OPP-27' AND state = 'open'"
    assert line.ask(found) == [(1425,)]
    assert line.ask("SELECT count(*) FROM curated.fct_opportunity WHERE account_id IS NULL AND is_open") == [(1425,)]


def test_the_same_deals_with_american_dates_are_the_same(maven, tmp_path):
    line, _ = maven
    american = Line(config=MAVEN / "us_dates.yaml", home=tmp_path, variables={}, data=DATA / "maven_crm")
    american.refresh(NEW_YEAR)
    assert american.ask(DATES) == line.ask(DATES)


def test_ambiguous_dates_without_a_declared_order_are_refused_by_column_and_line(tmp_path):
    undeclared = tmp_path / "bantam.yaml"
    declared = (MAVEN / "us_dates.yaml").read_text()
    assert "dates: month_first" in declared
    undeclared.write_text(declared.replace("dates: month_first", "dates: iso"))
    line = Line(config=undeclared, home=tmp_path / "home", variables={}, data=DATA / "maven_crm")
    with pytest.raises(FileUnreadableError, match=r"engage_date.*3,?234") as refused:
        line.refresh(NEW_YEAR)
    assert "line" in str(refused.value)


def test_xeducation_holds_every_lead_and_no_placeholder(tmp_path):
    config = ROOT / "examples" / "xeducation_leads" / "bantam.yaml"
    line = Line(config=config, home=tmp_path, variables={}, data=DATA / "xeducation_leads")
    report = line.refresh(date(2026, 11, 22))
    assert line.ask("SELECT count(*) FROM curated.dim_person") == [(9240,)]
    assert [row["difference"] for row in report["balance"]] == [0]
    assert line.ask("SELECT count(*) FROM curated.dim_person p WHERE p::text LIKE '%Select%'") == [(0,)]
