"""The flows as a scheduler runs them, on one real Prefect server."""

import json
import logging
import os
import re
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from definitions.errors import AlertPendingError, AnotherRunActiveError, UnexpectedError
from tests.databases import new_database
from tests.flows.alerts.company import CANARY, company_of, issue, mails, posts
from tests.flows.alerts.company import CONFIG as ALERTING
from tests.flows.alerts.recipients import mail_server, web_hook
from tests.flows.line import environment, warehouse_in
from tests.flows.prefect_server import PrefectServer, flows_run_on
from tests.flows.shop import CONFIG, write_deals
from tests.flows.terminal import bantam
from warehouse.connect import engine_for
from warehouse.publishing.run_lock import run_lock

pytestmark = pytest.mark.slow
ROWS = ("1,Acme renewal,Talking,2026-10-01,1250", "2,Beta,Won,2026-09-01,300")
SCHEDULES = {
    "hourly": ("refresh_pipeline", "5 * * * *"),
    "nightly": ("reclassify_stale", "20 0 * * *"),
    "weekdays": ("send_digests", "30 7 * * 1-5"),
    "weekly": ("refresh_pipeline", "40 4 * * 0"),
}


@pytest.fixture(scope="module")
def prefect(tmp_path_factory):
    """A server to which everything was deployed as the README says, and a worker that took up one scheduled run."""
    server = PrefectServer(tmp_path_factory.mktemp("prefect"))
    config = server.folder / "bantam.yaml"
    config.write_text(CONFIG)
    write_deals(server.folder, ROWS)
    with server.running():
        server.run(
            ["work-pool", "create", "bantam", "--type", "process"],
            ["deploy", "--all"],
            [
                "deployment",
                "run",
                "refresh_pipeline/hourly",
                "--param",
                f"config={config}",
                "--param",
                "as_of=2026-11-23",
            ],
            ["worker", "start", "--pool", "bantam", "--run-once"],
        )
        yield server


def test_every_deployment_is_registered_with_its_schedule(prefect):
    deployments = {one["name"]: one for one in prefect.ask("deployments")}
    assert set(deployments) == set(SCHEDULES)
    for name, (entrypoint, cron) in SCHEDULES.items():
        one = deployments[name]
        schedule = one["schedules"][0]["schedule"]
        assert one["entrypoint"].endswith(f":{entrypoint}")
        assert (schedule["cron"], schedule["timezone"]) == (cron, "America/New_York")
        assert one["global_concurrency_limit"]["limit"] == 1
        assert one["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        assert "bantam" in one["tags"]
        assert one["work_pool_name"] == "bantam"
        assert one["parameters"]["time_limit_minutes"] > 0
        assert one["parameters"].get("full", False) is (name == "weekly")


def test_a_process_worker_runs_a_deployed_refresh(prefect):
    config = prefect.folder / "bantam.yaml"
    runs = [run for run in prefect.ask("flow_runs") if run["parameters"].get("config") == str(config)]
    assert [run["state_type"] for run in runs] == ["COMPLETED"]
    assert {"run-summary", "balance", "findings"} <= {artifact["key"] for artifact in prefect.ask("artifacts")}
    (report,) = (prefect.folder / "home" / "reports").glob("*.json")
    told = json.loads(report.read_text())
    assert (told["status"], [row["difference"] for row in told["balance"]]) == ("published", [0])


SILENT = """
sources:
  - {{name: web, kind: hubspot, base_url: "http://127.0.0.1:{port}", token: t, portal_id: "1", stages: {{}}}}
"""


def test_a_run_that_is_told_to_end_while_it_pulls_has_not_failed(prefect, server, migrated, tmp_path):
    config = tmp_path / "bantam.yaml"
    with socket.create_server(("127.0.0.1", 0)) as vendor:
        vendor.settimeout(100)
        config.write_text(SILENT.format(port=vendor.getsockname()[1]))

        def end(process):
            asked, _ = vendor.accept()
            os.kill(process, signal.SIGTERM)
            asked.close()
            vendor.close()

        variables = {"PREFECT_API_URL": prefect.api, **warehouse_in(server, migrated)}
        ended = bantam(tmp_path, "run", "--config", str(config), "--quiet", meanwhile=end, **variables)
    assert (ended.code, ended.out) == (143, "")
    assert ended.complaint.startswith("bantam: terminated; this run published nothing: what is published stands")


@pytest.fixture
def busy_vendor():
    """A vendor that asks everybody to wait for so many seconds: (port, seconds, set once somebody was told)."""
    seconds, told = ["600"], threading.Event()

    class Busy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(429)
            self.send_header("Retry-After", seconds[0])
            self.send_header("Content-Length", "0")
            self.end_headers()
            told.set()

        do_POST = do_GET  # noqa: N815 - the name the server calls

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, seconds, told
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("number", "code", "seconds"),
    [(signal.SIGTERM, 143, "600"), (signal.SIGINT, 130, "1200")],
    ids=["SIGTERM while it waits for the source", "SIGINT while it waits for the source"],
)
def test_a_run_that_is_told_to_end_does_not_sit_out_its_waits(
    prefect, server, migrated, tmp_path, busy_vendor, number, code, seconds
):
    """F40: the first wait would outlast the five minutes that a command has here."""
    port, asked, told = busy_vendor
    asked[0] = seconds
    config = tmp_path / "bantam.yaml"
    config.write_text(SILENT.format(port=port))

    def end(process):
        assert told.wait(120)
        os.kill(process, number)

    variables = {"PREFECT_API_URL": prefect.api, **warehouse_in(server, migrated)}
    ended = bantam(tmp_path, "run", "--config", str(config), "--quiet", meanwhile=end, **variables)
    assert (ended.code, ended.out) == (code, "")
    assert "what is published stands" in ended.complaint


@pytest.mark.parametrize("name", ["breaks", "breaks_in_a_thread"])
def test_of_a_foreign_exception_prefect_gets_class_and_place_and_never_the_text(prefect, name):
    from tests.flows import flow_that_breaks  # noqa: PLC0415 - imports Prefect, as others do here

    with flows_run_on(prefect.api), pytest.raises(UnexpectedError) as raised:
        getattr(flow_that_breaks, name)()
    assert CANARY not in str(raised.value)
    (run,) = prefect.ask("flow_runs", flows={"name": {"any_": [name]}})
    place = r"unexpected RuntimeError caused by KeyError at tests\.flows\.flow_that_breaks:\d+"
    assert re.match(place, run["state"]["message"])
    (told,) = prefect.ask("artifacts", artifacts={"flow_run_id": {"any_": [run["id"]]}})
    assert "Exit code 70" in told["data"]
    log = str(prefect.ask("logs", logs={"flow_run_id": {"any_": [run["id"]]}}))
    assert "RuntimeError" in log
    assert "Traceback" not in log
    kept = [path for path in (prefect.folder / "prefect").rglob("*") if path.is_file()]
    assert "prefect.db" in {path.name for path in kept}
    assert [path for path in kept if CANARY.encode() in path.read_bytes()] == []


@pytest.fixture
def alerting(prefect, server, migrated, tmp_path):
    """A company with a mail server and a web hook, and settings that name them: (config, company, mailbox, hook)."""
    # The runs of this test were published on one day of November 2026, whenever the test is run.
    path = tmp_path / "any_day.yaml"
    path.write_text(f"{ALERTING}  max_stale_hours: 1000000\n")
    with mail_server() as mailbox, web_hook() as hook:
        owners, revops = mails(mailbox), posts(hook)
        company = company_of(engine_for(new_database(server, migrated)), tmp_path, owners=owners, revops=revops)
        variables = {
            "TOKEN": "t",
            "OWNERS": owners,
            "REVOPS": revops,
            "BANTAM_HOME": str(tmp_path / "home"),
            "BANTAM_WAREHOUSE_URL": company.engine.url.render_as_string(hide_password=False),
        }
        with environment(variables), flows_run_on(prefect.api):
            yield str(path), company, mailbox, hook


def test_digests_are_sent_once_say_what_waits_and_show_counts_only(alerting, prefect, caplog):
    # Here, because it imports Prefect.
    from flows.send_digests import send_digests  # noqa: PLC0415

    config, company, mailbox, hook = alerting
    caplog.set_level(logging.DEBUG)
    nothing = send_digests(config=config)
    assert (nothing["run_id"], nothing["accepted"]) == (None, 0)

    company.publish(issue(1), issue(2, "bob"))
    rehearsed = send_digests(config=config, dry_run=True)
    assert (rehearsed["planned"], rehearsed["accepted"], mailbox.accepted) == (3, 0, [])

    with run_lock(company.engine, "digests"), pytest.raises(AnotherRunActiveError):
        send_digests(config=config)

    mailbox.refuses = {"ann@corp.example"}
    with pytest.raises(AlertPendingError, match="1 message did not leave"):
        send_digests(config=config)
    assert (len(mailbox.accepted), len(hook.posted)) == (1, 1)

    mailbox.refuses = set()
    sent = send_digests(config=config)
    assert (sent["run_id"], sent["accepted"], sent["issues_told"], sent["pending"]) == ("000001", 1, 1, {})
    assert (len(mailbox.accepted), len(hook.posted)) == (2, 1)

    kept = str(prefect.ask("artifacts"))
    assert "issues_told" in kept
    for private in (CANARY, "corp.example", "Acme", "Ann Able", "crm:deal"):
        assert private not in caplog.text
        assert private not in kept
