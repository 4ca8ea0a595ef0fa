"""Alerts from published issues to what a mail server and a web hook hold, through a real warehouse."""

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from rich.console import Console

from definitions.crash_points import arm
from definitions.errors import AlertPendingError, ConfigurationError, NeedsPersonError
from definitions.load import load_definitions
from definitions.tables import DIM_OWNER, FCT_HYGIENE_ISSUE, OPS_CURSOR, OPS_QUARANTINE
from flows.alerts import Plan, check_targets, plan, read_news
from flows.commands.digests import show_plan
from flows.delivery import Outcome, deliver, raise_if_pending
from flows.folders import Home
from flows.job import Job
from flows.settings import load_settings
from tests.flows.recipients import Hook, Mailbox, mail_server, web_hook
from tests.warehouse.conftest import Warehouse, connection_settings, frame_of
from warehouse.connect import engine_for
from warehouse.embedded import EmbeddedServer
from warehouse.lock import run_lock
from warehouse.migrate import migrate

pytestmark = [
    pytest.mark.slow,
    # Apprise imports it when it first looks for a plug-in.
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
]

DAY = date(2026, 11, 22)  # `Warehouse` publishes every run at nine o'clock on this day
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CANARY = "s3cr3t-canary"
CONFIG = """
sources:
  - name: crm
    kind: files
    streams:
      - {name: deals, kind: opportunity, path: deals.csv, id: id, columns: {name: name}}
  - {name: web, kind: hubspot, token: "${TOKEN}", stages: {}}
alerts:
  revops: ${REVOPS:-}
  owners: ${OWNERS:-}
  record_limit: 3
"""
REPORT = {
    "definitions": {"profile": "handoff", "version": "2026.1", "currency": "USD", "is_draft": True},
    "pipeline": [
        {"basis": "reported", "deals": 5, "amount": "900.00", "without_amount": 1, "share_of_reported": 1.0},
        {"basis": "eligible", "deals": 2, "amount": "300.00", "without_amount": 0, "share_of_reported": 0.333},
    ],
}
OWNERS = (
    {"owner_id": "ann", "owner_name": "Ann Able", "owner_email": "ann@corp.example", "manager_id": "max"},
    {"owner_id": "bob", "owner_name": "Bob Bold", "owner_email": "bob@corp.example", "manager_id": "max"},
    {
        "owner_id": "cat",
        "owner_name": "Cat Cool",
        "owner_email": "cat@corp.example",
        "is_active": False,
        "manager_id": "max",
    },
    {"owner_id": "max", "owner_name": "Max Boss", "owner_email": "max@corp.example"},
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("alerts")) as running:
        with psycopg.connect(**connection_settings(running), autocommit=True) as connection:
            # No test here pulls the plug of the machine.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE empty_warehouse")
        migrate(engine_for(running.url.set(database="empty_warehouse")))
        yield running


_numbers = count()


@pytest.fixture
def engine(server: EmbeddedServer) -> sa.Engine:
    name = f"alerts_{next(_numbers)}"
    with psycopg.connect(**connection_settings(server), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE empty_warehouse")
    return engine_for(server.url.set(database=name))


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as running:
        yield running


@pytest.fixture
def hook() -> Iterator[Hook]:
    with web_hook() as running:
        yield running


@dataclass(slots=True)
class Company:
    """A warehouse, the settings that say where its alerts go, and the runs published so far."""

    engine: sa.Engine
    job: Job
    runs: int = 0
    kept: list[dict[str, Any]] = field(default_factory=list)

    def publish(
        self, *issues: dict[str, Any], as_of: date = DAY, pulled_at: datetime = NOW, owners: Any = OWNERS
    ) -> None:
        """Publish a run that finds these issues; pulled when it was told to have been."""
        self.runs += 1
        warehouse = Warehouse(self.engine, (DIM_OWNER, FCT_HYGIENE_ISSUE))
        people = [{"is_active": True, "is_queue": False, "is_deleted": False, **owner} for owner in owners]
        run = warehouse.stage(f"{self.runs:06}", as_of, dim_owner=people, fct_hygiene_issue=issues)
        cursors = [
            {
                "source_system": source,
                "stream": stream,
                "pulled_at": pulled_at,
                "high_water_at": pulled_at,
                "run_id": run.run_id,
            }
            for source, stream in (("crm", "deals"), ("web", "contacts"))
        ]
        aside = [{"record_key": "crm:deal:1", "source_system": "crm", "stream": "deals", "reason_code": "bad_amount"}]
        books = {"cursor": frame_of(OPS_CURSOR, cursors), "quarantine": frame_of(OPS_QUARANTINE, aside)}
        warehouse.publish(run, books=books, report=lambda _written: REPORT)

    def planned(self, now: datetime = NOW) -> Plan | None:
        job = replace(self.job, started_at=now, as_of=now.date())
        news = read_news(job, self.engine)
        return None if news is None else plan(job, news)

    def send(self, now: datetime = NOW) -> Outcome:
        planned = self.planned(now)
        assert planned is not None
        with run_lock(self.engine, "digests") as lock:
            return deliver(self.engine, lock, planned, lambda: now)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement))]


def company_of(engine: sa.Engine, folder: Path, *, owners: str = "", revops: str = "") -> Company:
    config = folder / "bantam.yaml"
    config.write_text(CONFIG)
    settings = load_settings(
        config, {"TOKEN": "t", "OWNERS": owners, "REVOPS": revops, "BANTAM_HOME": str(folder / "home")}
    )
    job = Job(
        settings=settings,
        definitions=load_definitions("handoff"),
        home=Home(settings.home),
        as_of=DAY,
        started_at=NOW,
        data=folder,
        asked=(),
        full=False,
    )
    return Company(engine, job)


def mails(mailbox: Mailbox) -> str:
    return f"mailto://bantam:{CANARY}@127.0.0.1:{mailbox.port}/{{email}}?from=bantam@corp.example"


def posts(hook: Hook) -> str:
    return f"json://127.0.0.1:{hook.port}/{CANARY}"


@pytest.fixture
def company(engine: sa.Engine, tmp_path: Path, mailbox: Mailbox, hook: Hook) -> Company:
    return company_of(engine, tmp_path, owners=mails(mailbox), revops=posts(hook))


def issue(number: int, owner: str | None = "ann", **given: Any) -> dict[str, Any]:
    return {
        "issue_id": f"i{number}",
        "rule_id": "OPP-01",
        "severity": "critical",
        "record_kind": "opportunity",
        "record_id": f"crm:deal:{number}",
        "record_name": f"Acme {number}",
        "owner_id": owner,
        "state": "open",
        "opened_on": DAY,
        "last_seen_on": DAY,
        "is_baseline": False,
        "value_at_risk": Decimal(100 * number),
        "says": f"The close date passed {number} days ago.",
        "question": "When will they decide?",
        "suggested_action": "Enter a new date.",
        "source_url": f"https://crm.example/deal/{number}",
        **given,
    }


def titles(hook: Hook) -> list[str]:
    return [told["title"] for told in hook.told]


# Once, and only what is new


def test_each_owner_gets_one_mail_and_none_the_next_time(company, mailbox, hook):
    company.publish(issue(1), issue(2), issue(3, "bob"))
    outcome = company.send()
    assert (outcome.accepted, outcome.issues_told, outcome.pending) == (3, 3, {})
    assert [len(mailbox.to(f"{who}@corp.example")) for who in ("ann", "bob", "max")] == [1, 1, 0]
    assert company.ask("SELECT issue_id, owner_id, notified_count, run_id FROM ops.notification ORDER BY 1") == [
        ("i1", "ann", 1, "000001"),
        ("i2", "ann", 1, "000001"),
        ("i3", "bob", 1, "000001"),
    ]
    company.publish(issue(1), issue(2), issue(3, "bob"))
    assert company.send() == Outcome(accepted=0, issues_told=0, pending={})
    assert (len(mailbox.accepted), len(hook.posted)) == (2, 1)


def test_the_mail_is_as_its_owner_should_read_it(company, mailbox):
    company.publish(issue(1), issue(2, record_name="<img src=x onerror=alert(1)> [Pay](https://evil.example)"))
    company.send()
    (mail,) = mailbox.to("ann@corp.example")
    assert mail["Subject"] == "[draft definitions] 2 records need your attention, USD 300 at risk"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().replace("\u200b", "").rstrip().splitlines() == [
        "DRAFT: marketing and sales have not signed the definitions handoff 2026.1 yet.",
        "",
        "As of 2026-11-22, worst first. Each issue is told once.",
        "",
        "1. Deal <img src=x onerror=alert(1)> [Pay](https://evil.example) (USD 200 at risk)",
        "   The close date passed 2 days ago.",
        "   Do: Enter a new date.",
        "   Ask: When will they decide?",
        "   https://crm.example/deal/2",
        "",
        "2. Deal Acme 1 (USD 100 at risk)",
        "   The close date passed 1 days ago.",
        "   Do: Enter a new date.",
        "   Ask: When will they decide?",
        "   https://crm.example/deal/1",
    ]
    assert "<img" not in mail.get_content()
    assert "](" not in mail.get_content()


@pytest.mark.parametrize(
    "told_to_nobody",
    [{"is_baseline": True}, {"state": "resolved", "resolved_on": DAY}],
    ids=["found by the first run", "resolved"],
)
def test_what_was_there_before_or_is_mended_is_told_to_nobody(company, mailbox, told_to_nobody):
    company.publish(issue(1, **told_to_nobody))
    outcome = company.send()
    assert (outcome.issues_told, mailbox.accepted) == (0, [])


def test_an_issue_that_comes_back_is_a_new_one(company, mailbox):
    company.publish(issue(1))
    company.send()
    company.publish(issue(1, state="resolved", resolved_on=DAY), issue(2, record_id="crm:deal:1"))
    company.send()
    assert len(mailbox.to("ann@corp.example")) == 2


def test_what_does_not_fit_comes_in_the_next_digest(company, mailbox):
    company.publish(*(issue(number) for number in range(1, 9)))
    assert company.send().issues_told == 3
    assert company.send().issues_told == 3
    assert company.send().issues_told == 2
    assert company.send().issues_told == 0
    said = [mail.get_content() for mail in mailbox.to("ann@corp.example")]
    assert ["And 5 more worth USD 1,500; they come" in text for text in said] == [True, False, False]
    assert sorted(f"Acme {number} " in text for text in said for number in range(1, 9)).count(True) == 8


def test_the_manager_reads_for_who_left_and_revops_where_there_is_nobody(company, mailbox, hook):
    company.publish(issue(1, "cat"), issue(2, None), issue(3, "max"))
    company.send()
    (mail,) = mailbox.to("max@corp.example")
    assert mail["Subject"] == "[draft definitions] 2 records need your attention, USD 400 at risk"
    lines = mail.get_content().splitlines()
    assert lines[lines.index("1. Deal Acme 3 (USD 300 at risk)") + 1] == "   The close date passed 3 days ago."
    assert lines[lines.index("2. Deal Acme 1 (USD 100 at risk)") + 1] == "   Owner: Cat Cool"
    assert titles(hook)[0] == "[draft definitions] 1 record without an owner who can be told, USD 200 at risk"
    assert company.ask("SELECT issue_id, owner_id FROM ops.notification ORDER BY 1") == [
        ("i1", "max"),
        ("i2", None),
        ("i3", "max"),
    ]


# Targets that do not take a message


@pytest.mark.parametrize("says", ["550 mailbox unavailable", "452 try again later"])
def test_a_refused_mail_waits_for_the_next_time_and_keeps_no_other_waiting(company, mailbox, hook, says):
    mailbox.refuses, mailbox.says = {"ann@corp.example"}, says
    company.publish(issue(1, "ann"), issue(2, "bob"), issue(3, "max"))
    outcome = company.send()
    assert outcome.issues_told == 2
    assert outcome.pending == {"alerts.owners did not take the message": 1}
    assert company.ask("SELECT issue_id FROM ops.notification ORDER BY 1") == [("i2",), ("i3",)]
    assert len(hook.posted) == 1
    mailbox.refuses = set()
    assert company.send() == Outcome(accepted=1, issues_told=1, pending={})
    assert [len(mailbox.to(f"{who}@corp.example")) for who in ("ann", "bob", "max")] == [1, 1, 1]


@pytest.mark.parametrize("answer", [500, 429, None], ids=["500", "429", "no answer"])
def test_a_web_hook_that_refuses_gets_the_roll_up_later_and_who_took_it_gets_it_once(
    engine, tmp_path, mailbox, hook, answer
):
    with web_hook() as second:
        company = company_of(engine, tmp_path, owners=mails(mailbox), revops=f"{posts(hook)} {posts(second)}")
        company.publish(issue(1))
        hook.answers.append(answer)
        outcome = company.send()
        assert sum(outcome.pending.values()) == 1
        assert next(iter(outcome.pending)).startswith("alerts.revops, number 1 ")
        assert (len(hook.posted), len(second.posted), len(mailbox.accepted)) == (0, 1, 1)
        assert company.send().pending == {}
        assert (len(hook.posted), len(second.posted), len(mailbox.accepted)) == (1, 1, 1)


def test_the_error_says_what_waits_and_holds_no_secret_and_no_person(company, mailbox, hook):
    mailbox.refuses = {"ann@corp.example", "bob@corp.example"}
    hook.answers = [500]
    company.publish(issue(1, "ann"), issue(2, "bob"))
    with pytest.raises(AlertPendingError) as pending:
        raise_if_pending(company.send())
    assert pending.value.exit_code == 7
    assert str(pending.value).startswith(
        "3 messages did not leave: alerts.owners did not take the message (2 messages); "
        "alerts.revops, number 1 answered 500 (1 message)."
    )
    for secret in (CANARY, "ann", "corp.example", "127.0.0.1"):
        assert secret not in str(pending.value)


def test_where_all_went_well_there_is_no_error(company):
    company.publish(issue(1))
    raise_if_pending(company.send())


# Dying in the middle


def _send_and_die(url: str, folder: Path, owners: str, revops: str) -> None:
    arm("alert.before_send")
    company_of(engine_for(url), folder, owners=owners, revops=revops).send()


def test_a_process_that_dies_before_it_sends_has_told_nobody_and_the_next_one_tells_all(
    company, tmp_path, mailbox, hook
):
    company.publish(issue(1), issue(2, "bob"))
    url = company.engine.url.render_as_string(hide_password=False)
    process = multiprocessing.get_context("spawn").Process(
        target=_send_and_die, args=(url, tmp_path, mails(mailbox), posts(hook))
    )
    process.start()
    process.join(120)
    assert process.exitcode == -9
    assert (mailbox.accepted, company.ask("SELECT * FROM ops.notification")) == ([], [])
    assert company.send().issues_told == 2
    assert (len(mailbox.accepted), len(hook.posted)) == (2, 1)


def test_a_message_that_left_but_could_not_be_noted_is_the_only_one_repeated(company, mailbox):
    company.publish(issue(1, "ann"), issue(2, "bob"), issue(3, "max"))
    with company.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE ops.notification ADD CONSTRAINT full_up CHECK (false)"))
    with pytest.raises(NeedsPersonError, match="Noting who was told"):
        company.send()
    assert len(mailbox.accepted) == 1
    with company.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE ops.notification DROP CONSTRAINT full_up"))
    assert company.send().issues_told == 3
    assert sorted(len(mailbox.to(f"{who}@corp.example")) for who in ("ann", "bob", "max")) == [1, 1, 2]


# The roll-up


def test_revops_gets_one_roll_up_a_day_and_hears_what_moved_since(company, hook):
    company.publish(issue(1), issue(9, is_baseline=True))
    company.send()
    company.publish(issue(1), issue(2))
    company.send()
    assert titles(hook) == ["[draft definitions] Pipeline hygiene 2026-11-22: 2 open issues, USD 1,000 at risk"]
    later = DAY + timedelta(days=3)
    company.publish(issue(1, state="resolved", resolved_on=later), issue(4, "bob", opened_on=later), as_of=later)
    company.send()
    _first, second = hook.told
    assert "Since 2026-11-22: 1 opened, 1 resolved." in second["message"]
    assert "Reported by the systems: 5 deals, USD 900; 1 without an amount." in second["message"]
    assert "SET ASIDE: 1 record\n- crm.deals: 1 record, bad_amount" in second["message"]
    assert "- web: 1 stream, complete up to 2026-11-22 10:00 UTC" in second["message"]
    assert second["message"].startswith("DRAFT: ")
    assert company.ask("SELECT announcement, told_for, target, run_id FROM ops.announcement ORDER BY 2") == [
        ("roll_up", DAY, 1, "000001"),
        ("roll_up", later, 1, "000003"),
    ]


def test_the_first_run_tells_revops_its_counts_and_owners_nothing(company, mailbox, hook):
    company.publish(*(issue(number, is_baseline=True) for number in range(1, 4)))
    company.send()
    assert mailbox.accepted == []
    assert "3 of the open ones were found by the first run, which alerts nobody." in hook.told[0]["message"]
    assert "Since 2026-11-15: 0 opened, 0 resolved." in hook.told[0]["message"]


# Stale data


@pytest.mark.parametrize(
    ("pulled_at", "now", "reason"),
    [
        (NOW - timedelta(hours=27), NOW, "crm is complete up to 2026-11-21 07:00 UTC (deals)."),
        (NOW, NOW + timedelta(hours=26), "The last run was published at 2026-11-22 09:00 UTC."),
    ],
    ids=["a source", "the run"],
)
def test_stale_data_alerts_no_owner_and_revops_once_a_day(company, mailbox, hook, pulled_at, now, reason):
    company.publish(issue(1), pulled_at=pulled_at)
    for _ in range(2):
        outcome = company.send(now)
        assert outcome.issues_told == 0
    assert mailbox.accepted == []
    assert titles(hook) == ["Alerts are held back: the data is stale"]
    assert f"- {reason}" in hook.told[0]["message"]
    company.send(now + timedelta(days=1))
    assert titles(hook) == ["Alerts are held back: the data is stale"] * 2
    company.publish(issue(1), pulled_at=NOW)
    company.send(NOW)
    assert len(mailbox.to("ann@corp.example")) == 1
    assert titles(hook)[2].startswith("[draft definitions] Pipeline hygiene")


def test_a_source_that_is_no_longer_configured_does_not_hold_alerts_back(company, mailbox):
    company.publish(issue(1))
    insert = "INSERT INTO ops.cursor VALUES (:source, :stream, '{}', NULL, '2020-01-01Z', '2020-01-01Z', '1')"
    with company.engine.begin() as connection:
        for source, stream in (("gone", "deals"), ("crm", "gone")):
            connection.execute(sa.text(insert), {"source": source, "stream": stream})
    assert company.send().issues_told == 1


# Settings


def test_without_targets_nothing_is_sent_and_nothing_counts_as_told(engine, tmp_path):
    company = company_of(engine, tmp_path)
    company.publish(issue(1), issue(2, None))
    planned = company.planned()
    assert (planned.messages, len(planned.homeless)) == ((), 3)
    assert company.send() == Outcome(accepted=0, issues_told=0, pending={})
    assert company.ask("SELECT * FROM ops.notification") == []


def test_nothing_published_is_nothing_to_tell(company):
    assert company.planned() is None


@pytest.mark.parametrize(
    ("owners", "revops", "named"),
    [("nothing://x", "", "alerts.owners"), ("", "json://ok.example nothing://x", "alerts.revops, number 2")],
)
def test_a_target_that_can_take_no_message_is_found_before_any_is_sent(engine, tmp_path, owners, revops, named):
    company = company_of(engine, tmp_path, owners=owners, revops=revops)
    with pytest.raises(ConfigurationError, match=named):
        check_targets(company.job.settings)


# On the terminal


def shown(planned: Plan | None) -> str:
    out = StringIO()
    show_plan(planned, Console(file=out, width=80))
    return out.getvalue()


def test_a_dry_run_shows_the_messages_in_eighty_columns_and_sends_nothing(company, mailbox, hook):
    company.publish(issue(1, record_name="[red]" + "Very long name " * 12), issue(2, None))
    text = shown(company.planned())
    assert max(map(len, text.replace("\u200b", "").splitlines())) <= 80
    assert "To ann@corp.example" in text
    assert text.count("To RevOps") == 2
    assert "[red]Very long name" in text
    assert "https://crm.example/deal/1" in text
    assert "3 messages would leave; nothing was sent." in text
    assert (mailbox.accepted, hook.posted, company.ask("SELECT * FROM ops.notification")) == ([], [], [])


def test_a_dry_run_shows_what_is_held_back_and_what_has_no_target(company, engine, tmp_path):
    company.publish(issue(1), pulled_at=NOW - timedelta(hours=30))
    held = shown(company.planned())
    assert "HELD BACK - To ann@corp.example" in held
    assert "2 messages held back: the data is stale." in held
    assert "NO TARGET - To ann@corp.example" in shown(company_of(engine, tmp_path).planned())
    assert "bantam run" in shown(None)
