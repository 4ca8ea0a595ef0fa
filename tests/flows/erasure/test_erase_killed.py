"""An erasure that is killed at any point is completed by the next one, and two do not work at once."""

from datetime import date

import pytest

from flows.erasure.erased_keys import ERASURES, KEY_FILE, pending, read_erasures
from flows.home.folders import Home
from flows.home.lock import home_lock
from tests.flows.erasure.office import ADDRESS, SECRETS, erase, opened_office, traces
from tests.flows.line import environment
from tests.flows.terminal import bantam

pytestmark = pytest.mark.slow

KILLED, MONDAY = -9, date(2026, 11, 23)
POINTS = ("land.after_temp_write", "land.after_rename", "state.before_save", "state.after_save", "publish.after_commit")


@pytest.fixture
def office(server, tmp_path):
    line = opened_office(tmp_path / "office", server)
    line.refresh(MONDAY)
    return line


def command(line, *asked, **more):
    return bantam(line.home, "erase", *asked, "--config", str(line.config), **line.variables, **more)


def test_an_erasure_killed_again_and_again_is_completed(office):
    home = Home(office.home)
    for point in POINTS:
        ended = command(office, ADDRESS, BANTAM_CRASH_POINT=point)
        assert ended.code == KILLED, ended.complaint
        assert pending(read_erasures(home))
    assert "is not complete" in bantam(office.home, "status", **office.variables).out
    ended = command(office)
    assert ended.code == 0, ended.complaint
    assert not pending(read_erasures(home))
    assert traces(office) == []
    assert office.refresh(MONDAY)["status"] == "unchanged"
    events = (office.home / ERASURES).read_text()
    assert not any(secret in events for secret in (*SECRETS, "crm:people:1"))


def test_while_a_run_is_at_work_the_command_is_turned_away(office):
    with home_lock(Home(office.home)):
        assert command(office, ADDRESS).code == 75
    assert command(office, "Ada").code == 2
    assert command(office, ADDRESS, "--release").code == 2
    assert not (office.home / ERASURES).exists()


def test_without_its_key_the_list_stops_a_run(office):
    erase(office, ADDRESS)
    (office.home / KEY_FILE).unlink()
    with environment(office.surroundings()):
        ended = bantam(office.home, "run", "--config", str(office.config), "--quiet", **office.variables)
    assert ended.code == 2
    assert KEY_FILE in ended.complaint
