"""README, "Schedule it", word for word: what a schedule starts, how each run ends, and what Prefect shows of it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.flows.shop import CONFIG, write_deals
from tests.operations.prefect_runs import PATIENCE, silent_vendor, write_silent_settings
from tests.operations.readme_commands import as_the_readme_says, commands
from tests.waiting import until

pytestmark = pytest.mark.slow
ROWS = ("1,Acme renewal,Talking,2026-10-01,1250", "2,Beta,Won,2026-09-01,300")
HOURLY = "hourly"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home") / "home"


@pytest.fixture(scope="module")
def terminals(tmp_path_factory, home):
    # The worker asks for runs every ten seconds by default.
    variables = {"BANTAM_HOME": str(home), "PREFECT_WORKER_QUERY_SECONDS": "2"}
    with as_the_readme_says(tmp_path_factory.mktemp("prefect"), variables) as opened:
        yield opened


@pytest.fixture
def api(terminals):
    return terminals.api


@pytest.fixture
def shop(tmp_path):
    config = tmp_path / "bantam.yaml"
    config.write_text(CONFIG)
    write_deals(tmp_path, ROWS)
    return config


def reports(home):
    return [json.loads(path.read_text()) for path in sorted((home / "reports").glob("*.json"))]


def test_the_readme_starts_a_server_a_pool_the_deployments_and_a_worker():
    told = " ".join(commands())
    for step in ("server start", "work-pool create", "deploy --all", "automation create", "worker start"):
        assert step in told


@pytest.mark.parametrize("name", ["hourly", "nightly", "weekdays", "weekly"])
def test_runs_are_scheduled_ahead_in_the_zone_of_the_schedule(api, name):
    until(lambda: len(api.runs(name)) >= 3, every=0.5)
    (schedule,) = api.deployment(name)["schedules"]
    minute, hour = schedule["schedule"]["cron"].split()[:2]
    for run in api.runs(name):
        due = datetime.fromisoformat(run["expected_start_time"])
        assert run["state_type"] == "SCHEDULED"
        assert datetime.now(UTC) < due < datetime.now(UTC) + timedelta(days=40)
        assert due.minute == int(minute)
        # New York is four or five hours behind.
        assert hour == "*" or (due.hour - int(hour)) % 24 in (4, 5)


def test_a_run_whose_time_has_come_starts_by_itself_publishes_and_shows_its_artifacts(api, shop, home):
    with api.scheduled(HOURLY, shop):
        run = api.ended(HOURLY, shop, state="Completed")
    assert run["auto_scheduled"]
    assert run["parameters"]["time_limit_minutes"] == 55
    assert {"run-summary", "balance", "findings"} <= set(api.artifacts(run))
    assert "published" in api.artifacts(run)["run-summary"]
    told = reports(home)[0]
    assert (told["status"], [row["difference"] for row in told["balance"]]) == ("published", [0])


def test_a_run_that_fails_shows_our_message_what_to_do_and_no_traceback(api, shop):
    shop.with_name("deals.csv").unlink()
    with api.scheduled(HOURLY, shop):
        run = api.ended(HOURLY, shop, state="Failed")
    path = shop.with_name("deals.csv")
    message = f"shop.deals: deals.csv: there is no such file ({path}). Put it there, or correct `path`."
    assert run["state"]["message"] == message
    advice = api.artifacts(run)["what-to-do"]
    assert [words for words in ("Exit code 3", message, "Next step") if words not in advice] == []
    log = api.log(run, with_line=message)
    assert [words for words in ("Traceback", "Error(", "NoneType") if words in log] == []


def test_wrong_settings_are_told_with_file_and_line_as_the_state(api, shop):
    shop.write_text(CONFIG.replace("stages:", "stagse:"))
    with api.scheduled(HOURLY, shop):
        run = api.ended(HOURLY, shop, state="Failed")
    line = next(number for number, text in enumerate(CONFIG.splitlines(), start=1) if "stages:" in text)
    assert f"{shop}:{line}: " in run["state"]["message"]
    assert "Exit code 2" in api.artifacts(run)["what-to-do"]
    assert "Traceback" not in api.log(run, with_line=run["state"]["message"])


def test_a_second_run_at_the_time_of_another_is_cancelled_and_says_why(api, tmp_path):
    with silent_vendor() as port:
        config = write_silent_settings(tmp_path, port)
        with api.scheduled(HOURLY, config, time_limit_minutes=0.5):
            first = api.running(HOURLY)
            second = api.ended(HOURLY, config, state="Cancelled")
            assert second["id"] != first["id"]
            assert "concurrency limit" in second["state"]["message"]
            ended = api.ended(HOURLY, config, state="TimedOut")
    # A run that hangs is ended by its time limit.
    assert ended["id"] == first["id"]
    assert "time limit of 0.5 minutes" in ended["state"]["message"]
    assert "Exit code 124" in api.artifacts(ended)["what-to-do"]
    until(lambda: not Path("/proc", first["infrastructure_pid"]).exists(), seconds=PATIENCE, every=0.5)


def test_a_run_beside_one_of_another_deployment_is_cancelled_and_says_why(api, shop, tmp_path):
    # A run that is left of another test holds the home, and this one's would be cancelled for it.
    api.rest()
    with silent_vendor() as port:
        config = write_silent_settings(tmp_path, port)
        with api.scheduled("weekly", config, seconds=3600, time_limit_minutes=5):
            started = api.ask(
                f"deployments/{api.deployment('weekly')['id']}/create_flow_run",
                parameters={"config": str(config), "time_limit_minutes": 5}, state={"type": "SCHEDULED"},
            )  # fmt: skip
            api.running("weekly")
            with api.scheduled(HOURLY, shop):
                # Those that were due meanwhile were cancelled behind this one, by their deployment's limit.
                behind = api.ended(HOURLY, shop, state="Cancelled", because="Another run is at work in")
            api.ask(f"flow_runs/{started['id']}/set_state", state={"type": "CANCELLING"})
            api.ended("weekly", config, state="Cancelled")
    assert "Exit code 75" in api.artifacts(behind)["what-to-do"]
    assert "Traceback" not in api.log(behind, with_line=behind["state"]["message"])


def test_pausing_the_schedule_stops_it(api, shop, terminals):
    with api.scheduled(HOURLY, shop, seconds=15):
        until(lambda: any(run["state_type"] == "SCHEDULED" for run in api.runs(HOURLY)), every=0.5)
        schedule = api.deployment(HOURLY)["schedules"]
        (ours,) = [one["id"] for one in schedule if one["active"]]
        terminals.type(f".venv/bin/prefect deployment schedule pause refresh_pipeline/{HOURLY} {ours}")
        # The scheduler has gone round once it planned for another deployment; for this one it planned nothing.
        with api.scheduled("nightly", shop, seconds=3600):
            until(lambda: any(run["state_type"] == "SCHEDULED" for run in api.runs("nightly")), every=0.5)
            planned = [run for run in api.runs(HOURLY) if run["state_type"] == "SCHEDULED"]
            due = datetime.now(UTC)
            assert [run for run in planned if datetime.fromisoformat(run["expected_start_time"]) > due] == []


def test_a_run_that_died_with_its_worker_is_shown_as_crashed_and_the_next_one_runs(api, terminals, shop, tmp_path):
    with silent_vendor() as port:
        config = write_silent_settings(tmp_path, port)
        with api.scheduled(HOURLY, config):
            dead = api.running(HOURLY)
            # Of a run that dies in its first second the server hears no heartbeat, and shows it as crashed much later.
            until(lambda: api.is_alive(dead), every=0.2)
            terminals.kill_worker_and(int(dead["infrastructure_pid"]))
        died_at = datetime.now(UTC)
    terminals.start_worker()
    until(lambda: state_of(api, dead) == "Crashed", seconds=600, every=1)
    assert "no sign of life" in next(run for run in api.runs(HOURLY) if run["id"] == dead["id"])["state"]["message"]
    with api.scheduled(HOURLY, shop):
        run = api.ended(HOURLY, shop, state="Completed")
    # The promise: within ten minutes the slot is free and taken by the next run.
    assert datetime.fromisoformat(run["start_time"]) - died_at < timedelta(minutes=10)


def state_of(api, run):
    return next(one["state_name"] for one in api.runs(HOURLY) if one["id"] == run["id"])
