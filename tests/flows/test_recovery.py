"""What is published after a run that was refused, or a warehouse that was lost, is what an undisturbed home has."""

from dataclasses import replace
from datetime import date

import pytest

from definitions.errors import FileUnreadableError, TransformError
from definitions.schema.tables import CURATED
from tests.flows.line import same_rows, warehouse_in
from tests.flows.shop import copied_shop, opened_shop, write_deals

pytestmark = pytest.mark.slow

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)
FIRST = ("1,Acme,Talking,2026-12-01,100", "2,Beta,Talking,2026-10-01,200", "3,Cyan,Won,2026-09-01,300")
SECOND = ("1,Acme,Talking,2027-01-15,100", *FIRST[1:], "4,Delta,Talking,2026-12-05,50")
# Only the warehouse knew since when.
LOST = {"fct_classification_change", "fct_hygiene_issue", "fct_opportunity_daily_snapshot"}


@pytest.fixture(scope="module")
def tuesday(server, tmp_path_factory):
    """A shop with two runs, in the second of which a close date was put off."""
    line = opened_shop(tmp_path_factory.mktemp("tuesday") / "shop", FIRST, server)
    line.refresh(MONDAY)
    write_deals(line.config.parent, SECOND)
    line.refresh(TUESDAY)
    return line


@pytest.fixture
def shop(server, tuesday, tmp_path):
    return copied_shop(tuesday, tmp_path / "shop", server)


def differences(one, other):
    told = [
        same_rows(one[table.name], other[table.name], table, ("pipeline_class_since",))
        for table in CURATED
        if table.name not in LOST
    ]
    return [*filter(None, told)]


def test_an_empty_warehouse_is_filled_from_landing_with_what_the_file_no_longer_says(shop, server, migrated):
    before = shop.published()
    assert before["fct_opportunity"]["push_count"].to_list() == [1, 0, 0, 0]
    anew = replace(shop, variables=warehouse_in(server, migrated))
    report = anew.refresh(TUESDAY)
    assert (report["status"], report["is_baseline"]) == ("published", True)
    assert [row["difference"] for row in report["balance"]] == [0]
    assert differences(anew.published(), before) == []


def test_words_that_were_refused_leave_no_trace_once_they_are_corrected(server, tmp_path):
    """The file of the refused run is landed, and read before the corrected one, which tells what is."""
    deals = [f"{number},Deal {number},Talking,2027-01-15,100" for number in range(20)]
    line = opened_shop(tmp_path / "shop", deals, server)
    line.refresh(MONDAY)
    before = line.published()["fct_opportunity"]
    write_deals(line.config.parent, [row.replace("Talking", "Tlaking") for row in deals])
    with pytest.raises(TransformError):
        line.refresh(TUESDAY)
    write_deals(line.config.parent, deals)
    report = line.refresh(WEDNESDAY)
    assert [(row["fetched"], row["quarantined"], row["difference"]) for row in report["balance"]] == [(20, 0, 0)]
    told = ["opportunity_id", "stage_name", "push_count", "stage_entered_on", "last_stage_change_at"]
    assert line.published()["fct_opportunity"].select(told).equals(before.select(told))


def test_a_refused_file_leaves_nothing_that_the_corrected_one_does_not_tell(server, tmp_path):
    """Newer dates, words and records of it are in no file any more, and nobody could correct them there."""
    header = "id,name,stage,close,amount,updated"
    good = [f"{number},Deal {number},Talking,2027-01-15,100,2026-11-01" for number in range(20)]
    odd = [row.replace("Talking", "Tlaking").replace("-11-01", "-11-20") for row in good]
    line = opened_shop(tmp_path / "shop", good, server)
    settings = line.config.read_text()
    line.config.write_text(settings.replace("amount: amount", "amount: amount, source_updated_at: updated"))

    def write(rows):
        (line.config.parent / "deals.csv").write_text("\n".join([header, *rows]) + "\n")

    write(good)
    line.refresh(MONDAY)
    before = line.published()["fct_opportunity"]
    write([*odd, *(row.replace(",", "00,", 1) for row in odd)])
    with pytest.raises(TransformError):
        line.refresh(TUESDAY)
    write(good)
    report = line.refresh(WEDNESDAY)
    assert [row["difference"] for row in report["balance"]] == [0]
    told = ["opportunity_id", "stage_name", "push_count", "stage_entered_on", "last_stage_change_at"]
    assert line.published()["fct_opportunity"].select(told).equals(before.select(told))


OFFICE = """
  - name: office
    kind: files
    streams:
      - {name: people, kind: person, path: people.csv, id: id, columns: {last_name: name, title: title}}
"""


WEDNESDAYS = {"as it failed": SECOND, "put back": FIRST}


def write_people(line, titles):
    rows = [f"{number},Person {number},{title}" for number, title in enumerate(titles)]
    (line.config.parent / "people.csv").write_text("\n".join(["id,name,title", *rows]) + "\n")


@pytest.fixture(scope="module")
def staffed(server, tmp_path_factory):
    """The shop on Monday, beside which an office keeps its people in a file of its own; the deals' is Tuesday's."""
    line = opened_shop(tmp_path_factory.mktemp("staffed") / "shop", FIRST, server)
    line.config.write_text(line.config.read_text() + OFFICE)
    write_people(line, ["CEO", "COO"])
    line.refresh(MONDAY)
    write_deals(line.config.parent, SECOND)
    return line


def wednesday(line, folder, server, deals):
    """The home after a Wednesday on which the deals stand so."""
    each = copied_shop(line, folder, server)
    write_deals(each.config.parent, WEDNESDAYS[deals])
    each.refresh(WEDNESDAY)
    return each


@pytest.fixture(scope="module")
def undisturbed(server, staffed, tmp_path_factory):
    """What is published on either Wednesday after a Tuesday on which nothing fails."""
    folder = tmp_path_factory.mktemp("undisturbed")
    line = copied_shop(staffed, folder / "shop", server)
    assert line.refresh(TUESDAY)["status"] == "published"
    return {deals: wednesday(line, folder / deals, server, deals).published() for deals in WEDNESDAYS}


@pytest.mark.parametrize(("way", "deals"), [("reclassify", "put back"), ("source", "as it failed")])
def test_what_runs_after_a_failure_does_not_part_the_warehouse_from_its_states(
    server, staffed, undisturbed, tmp_path, way, deals
):
    """The failed run landed the deals; the night's reclassification, or a run of another source, publishes them."""
    line = copied_shop(staffed, tmp_path / "shop", server)
    people = line.config.parent / "people.csv"
    people.rename(tmp_path / "away.csv")
    with pytest.raises(FileUnreadableError):
        line.refresh(TUESDAY)
    (tmp_path / "away.csv").rename(people)
    again = line.reclassify(TUESDAY) if way == "reclassify" else line.refresh(TUESDAY, sources=["office"])
    assert again["status"] == "published"
    home = wednesday(line, tmp_path / "wednesday", server, deals)
    assert differences(home.published(), undisturbed[deals]) == []
    states = {path.stem for path in home.home.glob("state/*/*/*.parquet")}
    assert {version for (version,) in home.ask("SELECT state_version FROM ops.cursor")} <= states
