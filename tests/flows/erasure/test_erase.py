"""An erased person is nowhere any more: not in the home, not in the warehouse, and no source brings them back."""

import shutil
from datetime import date

import pytest

from tests.flows.erasure.office import (
    ADA,
    ADDRESS,
    OTHERS,
    erase,
    opened_office,
    release,
    traces,
    write_people,
)

pytestmark = pytest.mark.slow

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)


@pytest.fixture
def office(server, tmp_path):
    """An office that ran twice, so that history, older states and two landed files tell of Ada."""
    line = opened_office(tmp_path / "office", server)
    line.refresh(MONDAY)
    write_people(line.config.parent, [ADA.replace("Ada,", "Adah,"), *OTHERS])
    line.refresh(TUESDAY)
    return line


def people(line):
    return line.ask("SELECT count(*) FROM curated.dim_person")[0][0]


@pytest.mark.parametrize("asked", [" Ada.LOVELACE@engine.example.com", "mailer:subscribers:s1"])
def test_nothing_of_the_person_is_left_and_nothing_comes_back(office, asked):
    before = people(office)
    assert {"curated.dim_person", "curated.fct_opportunity"} < {*traces(office)}
    report = erase(office, asked)
    assert traces(office) == []
    assert report.records == 2
    assert people(office) == before - 1
    again = office.refresh(TUESDAY)
    assert again["status"] == "unchanged"
    write_people(office.config.parent, [ADA.replace("Ada,", "Adele,"), *OTHERS])
    office.refresh(WEDNESDAY)
    assert traces(office) == []
    assert office.refresh(WEDNESDAY, full=True)["status"] == "unchanged"
    assert traces(office) == []
    assert people(office) == before - 1


def test_a_state_made_again_from_landing_has_the_same_bytes(office):
    erase(office, ADDRESS)
    states = {path.relative_to(office.home): path.read_bytes() for path in office.home.glob("state/*/*/*.parquet")}
    newest = {max(path for path in states if path.parent == folder) for folder in {path.parent for path in states}}
    shutil.rmtree(office.home / "state")
    assert office.refresh(TUESDAY)["status"] == "unchanged"
    made = {path.relative_to(office.home): path.read_bytes() for path in office.home.glob("state/*/*/*.parquet")}
    assert {path: made.get(path) for path in newest} == {path: states[path] for path in newest}
    assert traces(office) == []


def test_who_is_released_comes_back_at_the_next_full_refresh(office):
    before = people(office)
    erase(office, ADDRESS)
    assert release(office, "crm:people:1") > 2
    office.refresh(WEDNESDAY, full=True)
    assert people(office) == before
    assert "curated.dim_person" in traces(office)
