"""A company whose alerts go to a mail server and a web hook on loopback, with a real warehouse between."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from definitions.agreement.load import load_definitions
from definitions.schema.tables import DIM_OWNER, FCT_HYGIENE_ISSUE, OPS_CURSOR, OPS_QUARANTINE
from flows.alerts.delivery import DeliveryContext, Outcome, deliver
from flows.alerts.plan import Plan, plan, read_alert_state
from flows.alerts.sent_journal import SentJournal, journal_of
from flows.home.folders import Home
from flows.run.request import RunRequest
from flows.settings import load_settings
from tests.flows.alerts.recipients import Hook, Mailbox
from tests.warehouse.conftest import Warehouse, frame_of
from warehouse.publishing.run_lock import run_lock

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


@dataclass(slots=True)
class Company:
    """A warehouse, the settings that say where its alerts go, and the runs published so far."""

    engine: sa.Engine
    job: RunRequest
    runs: int = 0
    seconds: float = 30

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
        ops_rows = {"cursor": frame_of(OPS_CURSOR, cursors), "quarantine": frame_of(OPS_QUARANTINE, aside)}
        warehouse.publish(run, ops_rows=ops_rows, report=lambda _written: REPORT)

    def planned(self, now: datetime = NOW) -> Plan | None:
        job = replace(self.job, started_at=now, as_of=now.date())
        state = read_alert_state(job, self.engine)
        return None if state is None else plan(job, state)

    def send(self, now: datetime = NOW) -> Outcome:
        planned = self.planned(now)
        assert planned is not None
        with run_lock(self.engine, "digests") as lock:
            return deliver(DeliveryContext(self.engine, lock, self.journal, lambda: now, self.seconds), planned)

    def told(self) -> list[str]:
        """Issues that somebody was told, or may have been."""
        return [
            issue for (issue,) in self.ask("SELECT issue_id FROM ops.notification WHERE notified_count > 0 ORDER BY 1")
        ]

    @property
    def journal(self) -> SentJournal:
        return journal_of(self.job.home)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement))]


def company_of(engine: sa.Engine, folder: Path, *, owners: str = "", revops: str = "") -> Company:
    config = folder / "bantam.yaml"
    config.write_text(CONFIG)
    settings = load_settings(
        config, {"TOKEN": "t", "OWNERS": owners, "REVOPS": revops, "BANTAM_HOME": str(folder / "home")}
    )
    job = RunRequest(
        settings=settings,
        definitions=load_definitions("handoff"),
        home=Home(settings.home),
        as_of=DAY,
        started_at=NOW,
        data=folder,
        requested_sources=(),
        full=False,
    )
    return Company(engine, job)


def mails(mailbox: Mailbox) -> str:
    return f"mailto://bantam:{CANARY}@127.0.0.1:{mailbox.port}/{{email}}?from=bantam@corp.example"


def posts(hook: Hook) -> str:
    return f"json://127.0.0.1:{hook.port}/{CANARY}"


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
