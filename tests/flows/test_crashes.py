"""A run killed at any named point leaves what was published, and the next run finishes the job."""

from datetime import date

import pytest

from definitions.errors import AnotherRunActiveError
from definitions.runtime.crash_points import CRASH_POINTS
from definitions.schema.tables import CURATED, FCT_CLASSIFICATION_CHANGE
from flows.terminal.sandbox_process import sandbox_running
from tests.flows.line import ROOT, Line, assembled, begun, pulled, same_rows, warehouse_in
from tests.flows.shop import copied_shop, opened_shop, write_deals
from warehouse.publishing.run_lock import run_lock

pytestmark = pytest.mark.slow

KILLED = -9
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
FIRST = ("1,Acme,Talking,2026-12-01,100", "2,Beta,Talking,2026-10-01,200", "3,Cyan,Won,2026-09-01,300")
SECOND = ("1,Acme,Won,2026-12-01,100", *FIRST[1:], "4,Delta,Talking,2026-12-05,50")
MOVES = ("record_id", "from_class", "to_class", "changed_on")
# Kills in a row: what one run left behind is there when the next one dies.
CHAINS = (
    ("land.after_temp_write", "land.after_fsync", "land.after_rename", "state.before_save", "state.after_save"),
    ("transform.mid", "stage.after_load", "audit.after_pass", "publish.before_commit", "publish.after_commit"),
)
# A file is not fetched, and a refresh tells nobody: the first two are reached below, the others by the digests.
FETCHED, KEPT, TOLD = "fetch.after_response", "land.after_keep", {"alert.before_send", "alert.after_send"}


@pytest.fixture(scope="module")
def monday(server, tmp_path_factory):
    """The shop as published on Monday; its file is Tuesday's."""
    line = opened_shop(tmp_path_factory.mktemp("monday") / "shop", FIRST, server)
    line.refresh(MONDAY)
    write_deals(line.config.parent, SECOND)
    return line


@pytest.fixture(scope="module")
def undisturbed(server, monday, tmp_path_factory):
    """The tables before and after a Tuesday on which nothing goes wrong."""
    line = copied_shop(monday, tmp_path_factory.mktemp("undisturbed") / "shop", server)
    line.refresh(TUESDAY)
    return monday.published(), line.published()


def differences(one, other):
    """Tables that differ; a change of class is keyed by its run, so the ledger is compared by what it says."""
    told = [
        same_rows(one[table.name], other[table.name], table) for table in CURATED if table != FCT_CLASSIFICATION_CHANGE
    ]
    said = [sorted(tables[FCT_CLASSIFICATION_CHANGE.name].select(MOVES).rows()) for tables in (one, other)]
    return [*filter(None, told), *(["the ledger"] if said[0] != said[1] else [])]


def test_every_point_is_reached():
    assert {point for chain in CHAINS for point in chain} | {FETCHED, KEPT} | TOLD == CRASH_POINTS


def test_tuesday_differs_from_monday(undisturbed):
    assert len(differences(*undisturbed)) > 3


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain[0])
def test_killed_runs_publish_all_or_nothing_and_the_next_one_finishes(server, monday, undisturbed, tmp_path, chain):
    before, after = undisturbed
    line = copied_shop(monday, tmp_path / "shop", server)
    for point in chain:
        assert line.refresh_in_a_process(TUESDAY, point) == KILLED
        expected = after if point == "publish.after_commit" else before
        assert differences(line.published(), expected) == [], point
    report = line.refresh(TUESDAY)
    assert differences(line.published(), after) == []
    assert [row["difference"] for row in report["balance"]] == [0]
    assert report["status"] == ("unchanged" if chain[-1] == "publish.after_commit" else "published")
    assert leftovers(line) == []


def leftovers(line):
    """Files that a dead run left and the next one should have cleaned."""
    return [path.name for path in line.home.rglob("*") if path.name.startswith(".writing-") or path.suffix == ".part"]


def test_a_first_run_that_is_killed_leaves_nothing_and_the_next_one_is_the_baseline(tmp_path):
    """With the warehouse embedded: its server outlives the run that started it, and serves the next one."""
    line = opened_shop(tmp_path / "shop", FIRST)
    assert line.refresh_in_a_process(MONDAY, "stage.after_load") == KILLED
    assert line.ask("SELECT count(*) FROM ops.run") == [(0,)]
    assert all(frame.is_empty() for frame in line.published().values())
    report = line.refresh(MONDAY)
    assert (report["status"], report["is_baseline"]) == ("published", True)


def test_what_was_pulled_by_killed_runs_is_neither_lost_nor_doubled(server, migrated, tmp_path):
    with sandbox_running(150, date(2026, 11, 22)) as sandbox:
        config = ROOT / "examples" / "hubspot_salesforce" / "bantam.yaml"
        disturbed, calm = (
            Line(
                config=config, home=tmp_path / name, variables={**sandbox.environment, **warehouse_in(server, migrated)}
            )
            for name in ("disturbed", "calm")
        )
        for point in (FETCHED, KEPT, "land.after_rename", "transform.mid"):
            assert disturbed.refresh_in_a_process(MONDAY, point) == KILLED
        found, expected = next_tables(disturbed), next_tables(calm)
    # What it pulled is what the dead runs had not.
    assert found.balance["pulled"].sum() == 0
    assert found.balance.drop("run_id", "pulled").equals(expected.balance.drop("run_id", "pulled"))
    assert expected.tables["dim_person"].height > 100
    for table in CURATED:
        without_run = [name for name in expected.tables[table.name].columns if name not in {"change_id", "record_hash"}]
        assert found.tables[table.name].select(without_run).equals(expected.tables[table.name].select(without_run))


def next_tables(line):
    with line.opened(MONDAY) as (job, engine):
        run = begun(job, engine)
        return assembled(run, pulled(run))


def test_a_second_run_is_turned_away_at_once_and_another_shop_is_not(server, monday, tmp_path):
    other = copied_shop(monday, tmp_path / "other", server)
    with monday.opened(TUESDAY) as (_, engine), run_lock(engine):
        with pytest.raises(AnotherRunActiveError) as turned_away:
            monday.refresh(TUESDAY)
        assert other.refresh_in_a_process(TUESDAY, "transform.mid") == KILLED
    assert turned_away.value.exit_code == 75
