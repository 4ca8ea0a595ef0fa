"""What is published is what was audited, by a run that still holds its lock; whatever others do meanwhile."""

import json
import os
import shutil
import signal
from contextlib import ExitStack
from dataclasses import replace
from datetime import date

import psycopg
import pytest
from sqlalchemy import make_url

from definitions.errors import AnotherRunActiveError, AuditRefusedError, PublishError
from flows.home.spill import spilling
from flows.run.open_run import begin
from flows.run.recomputation import recompute
from flows.terminal.progress import ProgressReporter
from tests.databases import address
from tests.flows.held_audit import audit_held, running
from tests.flows.line import pulled
from tests.flows.shop import copied_shop, opened_shop, write_deals
from warehouse.publishing.run_lock import run_lock

pytestmark = pytest.mark.slow

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
FIRST = ("1,Acme,Talking,2026-12-01,100", "2,Beta,Talking,2026-10-01,200", "3,Cyan,Won,2026-09-01,300")
SECOND = ("1,Acme,Won,2026-12-01,100", *FIRST[1:], "4,Delta,Talking,2026-12-05,50")
RUNS = "SELECT count(*) FROM ops.run"
STAGED = "SELECT count(*) FROM pg_tables WHERE schemaname = 'staging'"


@pytest.fixture(scope="module")
def monday(server, tmp_path_factory):
    """The shop as published on Monday; its file is Tuesday's."""
    line = opened_shop(tmp_path_factory.mktemp("audited") / "shop", FIRST, server)
    line.refresh(MONDAY)
    write_deals(line.config.parent, SECOND)
    return line


@pytest.fixture
def shop(server, monday, tmp_path):
    return copied_shop(monday, tmp_path / "shop", server)


@pytest.fixture
def elsewhere(shop, tmp_path):
    """Another home that refreshes the same warehouse."""
    shutil.copytree(shop.config.parent, tmp_path / "elsewhere")
    return replace(shop, config=tmp_path / "elsewhere" / "bantam.yaml", home=tmp_path / "elsewhere" / "home")


def url_of(line):
    return address(make_url(line.variables["BANTAM_WAREHOUSE_URL"]))


def reports(line):
    return [json.loads(path.read_text()) for path in sorted(line.home.glob("reports/*.json"))]


@pytest.mark.parametrize(
    "change",
    ["UPDATE staging.fct_opportunity SET amount = 3207000.25", "TRUNCATE staging.fct_opportunity"],
    ids=["a changed row", "an emptied table"],
)
def test_nobody_changes_what_is_staged_once_its_audit_has_begun(shop, change):
    with (
        psycopg.connect(url_of(shop), autocommit=True) as other,
        audit_held(shop) as held,
        running(shop, TUESDAY) as run,
    ):
        held.auditing()
        other.execute("SET lock_timeout TO '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(change)
        held.let_go()
        assert run.result()["status"] == "published"
    amounts = shop.ask("SELECT sum(amount), count(*) FROM curated.fct_opportunity")
    assert amounts == [(650, 4)]
    assert shop.ask(STAGED) == [(0,)]


def test_after_a_lost_connection_the_audit_is_made_again(shop):
    """What was changed between the two attempts is audited, and refused."""
    gone = "DELETE FROM staging.bridge_opportunity_source"
    with audit_held(shop) as held, running(shop, TUESDAY) as run:
        held.auditing()
        held.end_publishing()
        with psycopg.connect(url_of(shop), autocommit=True) as other:
            other.execute(gone)
        held.let_go()
        with pytest.raises(AuditRefusedError, match="bridge"):
            run.result()
    assert shop.ask(RUNS) == [(1,)]
    assert shop.ask("SELECT count(*) FROM staging.fct_opportunity") == [(4,)], "the rows that the checks name"
    assert shop.refresh(TUESDAY)["status"] == "published"
    assert shop.ask(STAGED) == [(0,)]


def test_a_run_that_lost_its_lock_before_it_stages_touches_nothing(shop):
    with shop.opened(TUESDAY) as (job, engine), run_lock(engine) as lock, spilling(job.home.spill) as spill:
        run = begin(job, engine, lock, spill, ProgressReporter())
        pulls = pulled(run)
        with psycopg.connect(url_of(shop), autocommit=True) as other:
            other.execute("CREATE TABLE staging.of_another_run (x text)")
            ending = "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND pid <> 0"
            other.execute(f"{ending} AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
        with pytest.raises(PublishError, match="lock was lost") as refused:
            recompute(run, pulls)
    assert refused.value.exit_code == 6
    assert shop.ask("SELECT tablename FROM pg_tables WHERE schemaname = 'staging'") == [("of_another_run",)]


def test_a_run_that_lost_its_lock_while_it_is_audited_is_not_committed_and_the_next_one_goes_on(shop, elsewhere):
    with audit_held(shop) as held, running(shop, TUESDAY) as first:
        held.auditing()
        held.end_run_lock()
        with running(elsewhere, TUESDAY) as second:
            held.wait_for_another_run()
            held.let_go()
            with pytest.raises(PublishError, match="lock was lost"):
                first.result()
            assert second.result()["status"] == "published"
    assert shop.ask(RUNS) == [(2,)]
    assert [report["exit_code"] for report in reports(shop) if report["status"] == "failed"] == [6]


def test_a_run_over_which_another_was_published_is_turned_away_by_name(shop, elsewhere):
    with ExitStack() as held:
        job, engine = held.enter_context(shop.opened(TUESDAY))
        lock = held.enter_context(run_lock(engine, "another lock"))
        spill = held.enter_context(spilling(job.home.spill))
        run = begin(job, engine, lock, spill, ProgressReporter())
        pulls = pulled(run)
        between = elsewhere.refresh(TUESDAY)["run_id"]
        with pytest.raises(AnotherRunActiveError, match=f"Run {between} was published while run") as told:
            recompute(run, pulls)
    assert told.value.exit_code == 75
    assert shop.ask(STAGED) == [(0,)]


def test_a_run_whose_files_a_later_one_has_cleared_away_says_so(shop):
    with shop.opened(TUESDAY) as (job, engine), run_lock(engine) as lock, spilling(job.home.spill) as spill:
        run = begin(job, engine, lock, spill, ProgressReporter())
        pulls = pulled(run)
        with spilling(job.home.spill) as later_spill:
            later = begin(job, engine, lock, later_spill, ProgressReporter())
            with pytest.raises(AnotherRunActiveError, match=f"Run {later.run_id} has cleared away the files of run"):
                recompute(run, pulls)


def test_a_run_whose_audit_stands_still_ends_at_its_limit_with_exit_code_5(shop):
    """Both sessions of the publication are stopped, as with a server that stands still."""
    shop.config.write_text(shop.config.read_text() + "audit_minutes: 0.05\n")
    stopped = []

    def stop(_pid):
        stopped.extend([held.auditing(), held.publishing()])
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)

    try:
        with audit_held(shop) as held:
            assert shop.refresh_in_a_process(TUESDAY, meanwhile=stop) == 5
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    told = reports(shop)[-1]
    assert (told["status"], told["exit_code"]) == ("failed", 5)
    assert "did not end within 0.05 minutes (audit_minutes in bantam.yaml)" in told["error"]
    assert shop.ask(RUNS) == [(1,)]
    shop.config.write_text(shop.config.read_text().replace("audit_minutes: 0.05\n", ""))
    assert shop.refresh(TUESDAY)["status"] == "published"


def test_a_page_that_cannot_be_written_is_a_note_and_fails_nothing(shop):
    shutil.rmtree(shop.home / "data_docs")
    (shop.home / "data_docs").write_text("a file where a folder should be")
    report = shop.refresh(TUESDAY)
    assert report["status"] == "published"
    (note,) = report["notes"]
    assert "the page of the audit could not be written" in note
    assert "data_docs" in note
    assert reports(shop)[-1]["notes"] == [note]
