"""What a person at a terminal sees, and what a scheduler reads from the exit code."""

import subprocess
import sys
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import make_url

from definitions.agreement.load import load_definitions
from flows.run.run_report import ended_report, write_report
from tests.flows.line import ROOT, warehouse_in
from tests.flows.shop import opened_shop
from tests.flows.terminal import bantam
from warehouse.connect import engine_for
from warehouse.embedded.server import EmbeddedServer
from warehouse.publishing.run_lock import run_lock


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Its server runs on, so that a command finds it running, as it does beside any other process of the home."""
    rows = [
        "1,Acme renewal,Talking,2026-10-01,1250",
        "2,Beta,Won,2026-09-01,300",
        "3,Odd,Talking,never,1",
        "4,Odder,Won,2026-09-01,lots",
    ]
    line = opened_shop(tmp_path_factory.mktemp("shop") / "shop", rows)
    costs = "source_close_date: {column: close, on_unreadable: quarantine}"
    line.config.write_text(line.config.read_text().replace("source_close_date: close", costs))
    line.refresh(date(2026, 11, 23))
    with EmbeddedServer(line.home):
        yield line.home


@pytest.mark.slow
def test_help_waits_for_nothing_heavy():
    heavy = "('prefect', 'polars', 'great_expectations')"
    script = f"import sys; from flows.terminal import command_line; print([m for m in {heavy} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["status"], ["shop.deals", "published", "Set to null", "amount", "unreadable_value", "fct_opportunity"]),
        (["findings", "--rule", "OPP-01"], ["Acme renewal", "1,250", "The close date", "1 of 1", "shop:deals:1"]),
        (["quarantine", "list"], ["shop:deals:3", "source_close_date", "xxxxx", "1 of 1"]),
        (["explain", "shop:deals:1"], ["Acme renewal  is  overdue", "false", "The buyer bought.", "OPP-01"]),
        (["warehouse", "url"], ["postgresql+psycopg://", "***"]),
        (["warehouse", "shell", "--command", "select pipeline_class from fct_opportunity"], ["closed_won", "overdue"]),
    ],
    ids=lambda asked: " ".join(asked[:2]),
)  # fmt: skip
@pytest.mark.slow
def test_a_published_home_can_be_asked(home, asked, words):
    done = bantam(home, *asked)
    assert done.code == 0, done.complaint
    assert [word for word in words if word not in done.out] == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["run", "--as-of", "2999-01-01"], "lies in the future"),
        (["findings", "--severity", "high"], "high"),
        (["findings", "--limit", "0"], ">= 1"),
        (["demo", "--people", "0"], ">= 1"),
    ],
    ids=["a day to come", "no severity", "no rows", "nobody"],
)
@pytest.mark.slow
def test_what_cannot_be_meant_is_refused_before_anything_is_done(home, asked, words):
    done = bantam(home, *asked)
    assert done.code != 0
    assert words in done.out + done.complaint


@pytest.mark.slow
@pytest.mark.parametrize(
    ("run_id", "status", "words"),
    [
        ("000009-20261124T000000Z", "interrupted", "Run 000009-20261124T000000Z was ended by a signal (exit code 143)"),
        ("000009-20261124T000000Z", "unknown", "while COMMIT was not answered"),
        (
            "000008-20261124T000000Z-unnumbered",
            "failed",
            "The run of 2026-11-24T00:00:00 UTC failed with exit code 143",
        ),
    ],
    ids=["ended by a signal", "not known", "turned away"],
)
def test_status_tells_how_the_newest_run_ended(home, run_id, status, words):
    began = datetime(2026, 11, 24, tzinfo=UTC)
    report = ended_report(
        run_id=run_id, status=status, exit_code=143, error="why [it] did", as_of=began.date(), started_at=began,
        finished_at=began,
    )  # fmt: skip
    path = write_report(report, home / "reports")
    try:
        told = " ".join(bantam(home, "status").out.split())
    finally:
        path.unlink()
    assert words in told
    assert "why [it] did" in told


@pytest.mark.slow
def test_the_shell_asks_the_embedded_warehouse_as_its_reader_who_may_not_write(home):
    asked = "begin read write; delete from fct_opportunity; commit"
    assert "bantam_reader" in bantam(home, "warehouse", "shell", "--command", "select current_user").out
    refused = bantam(home, "warehouse", "shell", "--command", asked)
    assert (refused.code, "permission denied" in refused.complaint) == (1, True)


@pytest.mark.slow
def test_the_shell_asks_a_server_that_is_named_with_all_that_its_url_says(server, migrated, tmp_path):
    url = make_url(warehouse_in(server, migrated)["BANTAM_WAREHOUSE_URL"])
    named = url.update_query_dict({"application_name": "of_the_url"}).render_as_string(hide_password=False)
    asked = "select session_user, current_setting('application_name'); delete from fct_opportunity"
    done = bantam(tmp_path, "warehouse", "shell", "--command", asked, BANTAM_WAREHOUSE_URL=named)
    assert [word for word in (url.username, "of_the_url") if word not in done.out] == []
    assert "read-only transaction" in done.complaint
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.slow
@pytest.mark.parametrize("is_embedded", [True, False], ids=["embedded", "named by the environment"])
def test_a_second_run_is_told_so_before_anything_is_started(home, server, is_embedded):
    named = {} if is_embedded else warehouse_in(server)
    url = named.get("BANTAM_WAREHOUSE_URL") or EmbeddedServer(home).url
    config = str(home.parent / "bantam.yaml")
    with run_lock(engine_for(url)):
        # Nothing listens there: a run that asked Prefect would fail otherwise.
        done = bantam(home, "run", "--config", config, PREFECT_API_URL="http://127.0.0.1:9/api", **named)
    assert (done.code, "Another run holds the lock" in done.complaint) == (75, True)


@pytest.mark.slow
def test_looking_for_another_run_starts_no_warehouse(tmp_path):
    assert not EmbeddedServer(tmp_path).is_running()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_definitions_can_be_shown_and_checked(tmp_path):
    assert "marketing" in bantam(tmp_path, "definitions", "show", "--plain").out
    assert "can be used" in bantam(tmp_path, "definitions", "check").out
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("definitions: wrong\nversin: 1\n")
    done = bantam(tmp_path, "definitions", "check", str(wrong))
    assert (done.code, "wrong.yaml:2" in done.complaint, "Traceback" in done.complaint) == (2, True, False)


def test_definitions_that_name_a_field_of_the_settings_are_checked_with_them(tmp_path):
    (tmp_path / "ours.yaml").write_text(load_definitions("handoff").text.replace("days_overdue > 7", "custom.late"))
    config = tmp_path / "bantam.yaml"
    entry = "fields: {deal: {custom.late: {from: late, kind: boolean}}}"
    config.write_text(
        "definitions: ours.yaml\nsources:\n"
        f"  - {{name: crm, kind: hubspot, token: '${{UNSET_TOKEN}}', stages: {{a: proposal}}, {entry}}}\n"
    )
    named = str(tmp_path / "ours.yaml")
    alone = bantam(tmp_path, "definitions", "check", named)
    assert (alone.code, "custom.late" in alone.complaint) == (2, True)
    for profile in ([], [named]):
        assert "can be used" in bantam(tmp_path, "definitions", "check", *profile, "--config", str(config)).out
    assert (
        "`is_open and custom.late`" in bantam(tmp_path, "definitions", "show", "--config", str(config), "--plain").out
    )


def test_a_home_that_is_no_folder_is_told_with_the_next_step(tmp_path):
    (tmp_path / "home").write_text("")
    done = bantam(tmp_path / "home", "status")
    assert (done.code, "BANTAM_HOME names the folder" in done.complaint) == (2, True)


@pytest.mark.slow
def test_a_wrong_password_is_told_as_connecting(server, home, migrated):
    url = make_url(warehouse_in(server, migrated)["BANTAM_WAREHOUSE_URL"]).set(password="CANARY")
    named = {"BANTAM_WAREHOUSE_URL": url.render_as_string(hide_password=False)}
    config = str(home.parent / "bantam.yaml")
    for asked in (["run", "--config", config], ["status"], ["warehouse", "shell"]):
        done = bantam(home, *asked, **named)
        assert (done.code, done.complaint.startswith("bantam: Connecting: PostgreSQL refused: ")) == (2, True), done
        assert "SQLSTATE 28P01" in done.complaint
        assert "CANARY" not in done.complaint
        assert len(done.complaint.splitlines()) == 1


@pytest.mark.slow
def test_nobody_found_is_told_with_the_next_step(home):
    done = bantam(home, "explain", "nobody@example.com")
    assert (done.code, "bantam status" in done.complaint) == (2, True)
