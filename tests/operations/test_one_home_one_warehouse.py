"""A home is used by one run at a time and belongs to one warehouse; another is refused before anything is touched."""

import shutil
from dataclasses import replace
from datetime import date

import psycopg
import pytest
from sqlalchemy import make_url

from definitions.errors import AnotherRunActiveError, ConfigurationError
from flows.home.binding import BOUND
from flows.home.folders import Home
from flows.home.lock import home_lock
from tests.databases import address
from tests.flows.line import warehouse_in
from tests.flows.shop import copied_shop, opened_shop, write_deals
from tests.flows.terminal import bantam
from tests.operations.keepsakes import differences, states

pytestmark = pytest.mark.slow

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
FIRST = ("1,Acme,Talking,2026-12-01,100", "2,Beta,Talking,2026-10-01,200", "3,Cyan,Won,2026-09-01,300")


@pytest.fixture(scope="module")
def shops(server, tmp_path_factory):
    """Two shops, each with a home and a warehouse of its own."""
    folder = tmp_path_factory.mktemp("shops")
    lines = [opened_shop(folder / name, FIRST, server) for name in ("one", "other")]
    for line in lines:
        line.refresh(MONDAY)
    return lines


@pytest.fixture
def both(server, shops, tmp_path):
    return [copied_shop(line, tmp_path / line.config.parent.name, server) for line in shops]


def test_two_warehouses_do_not_share_a_home(both):
    one, other = both
    mixed = replace(one, variables=other.variables)
    before = states(one.home), sorted(map(str, one.home.rglob("*")))
    with pytest.raises(ConfigurationError) as refused:
        mixed.refresh(TUESDAY)
    assert refused.value.exit_code == 2
    assert (states(one.home), sorted(map(str, one.home.rglob("*")))) == before
    told = bantam(one.home, "doctor", **other.variables)
    assert (told.code, "belongs to another warehouse" in told.out) == (4, True), told.out
    # The remedies of the message: each with its own, or the home bound anew.
    assert one.refresh(MONDAY)["status"] == other.refresh(MONDAY)["status"] == "unchanged"
    assert str(one.home / BOUND) in str(refused.value)
    (one.home / BOUND).unlink()
    write_deals(one.config.parent, [*FIRST, "4,Delta,Talking,2026-12-05,50"])
    assert mixed.refresh(TUESDAY)["status"] == "published"
    assert sorted(mixed.published()["fct_opportunity"]["name"]) == ["Acme", "Beta", "Cyan", "Delta"]


def test_a_copy_of_the_warehouse_and_a_new_home_are_let_in(both, server, tmp_path):
    one, _ = both
    copied = warehouse_in(server, str(make_url(one.variables["BANTAM_WAREHOUSE_URL"]).database))
    assert replace(one, variables=copied).refresh(MONDAY)["notes"] == []
    shutil.copytree(one.home, tmp_path / "new home")
    assert replace(one, home=tmp_path / "new home").refresh(MONDAY)["notes"] == []


def test_a_new_empty_warehouse_takes_the_place_of_a_lost_one(both, server, migrated):
    one, _ = both
    before = one.published()
    anew = replace(one, variables=warehouse_in(server))
    notes = anew.refresh(MONDAY)["notes"]
    assert ["this empty one is filled from its landing" in note for note in notes] == [True]
    assert differences(anew.published(), before) == []
    with pytest.raises(ConfigurationError, match="belongs to another warehouse"):
        one.refresh(MONDAY)


def test_a_home_in_use_turns_another_run_away_at_once_and_says_which(both):
    one, _ = both
    with home_lock(Home(one.home)):
        for run in (one.refresh, one.reclassify):
            with pytest.raises(AnotherRunActiveError, match=str(one.home)) as turned_away:
                run(MONDAY)
            assert turned_away.value.exit_code == 75
        typed = bantam(one.home, "run", "--config", str(one.config), **one.variables)
        assert (typed.code, typed.complaint.count("\n"), str(one.home) in typed.complaint) == (75, 1, True)
        # Whoever only looks needs no lock.
        assert bantam(one.home, "status", **one.variables).code == 0
    assert one.refresh(MONDAY)["status"] == "unchanged"


def test_a_killed_run_frees_the_home(both):
    one, _ = both
    write_deals(one.config.parent, [*FIRST, "4,Delta,Talking,2026-12-05,50"])
    assert one.refresh_in_a_process(TUESDAY, "transform.mid") == -9
    assert one.refresh(TUESDAY)["status"] == "published"


def test_status_and_doctor_change_nothing_of_a_warehouse(server, both):
    empty = warehouse_in(server)
    told = bantam(both[0].home.parent / "no home", "status", **empty)
    assert (told.code, told.out) == (0, "Nothing was published yet. Run `bantam run` or `bantam demo`.\n")
    with psycopg.connect(address(make_url(empty["BANTAM_WAREHOUSE_URL"]))) as connection:
        found = connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname IN ('ops', 'curated')").fetchone()
    assert found == (0,)
    one = both[0]
    before = one.ask("SELECT xmin::text, * FROM ops.cursor"), states(one.home)
    one.ask("SELECT 1")
    assert bantam(one.home, "doctor", **one.variables).code == 0
    assert (one.ask("SELECT xmin::text, * FROM ops.cursor"), states(one.home)) == before


def test_an_older_schema_is_told_in_one_line(server, migrated):
    variables = warehouse_in(server, migrated)
    with psycopg.connect(address(make_url(variables["BANTAM_WAREHOUSE_URL"]))) as connection:
        connection.execute("UPDATE ops.schema_version SET version_num = '0012'")
    told = bantam("/nowhere", "status", **variables)
    assert (told.code, told.out.count("\n"), "at schema 0012; the next `bantam run`" in told.out) == (0, 1, True), told
