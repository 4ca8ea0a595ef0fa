"""Send digests to owners and the daily roll-up to RevOps. Deployed from prefect.yaml."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.alerts.delivery import DeliveryContext, Outcome, deliver, raise_if_pending
from flows.alerts.plan import Plan, check_targets, plan, read_alert_state
from flows.alerts.sent_journal import journal_of
from flows.orchestration.interruption import interruptible
from flows.orchestration.run_states import flow_states, task_states, value_of
from flows.orchestration.time_limit import time_limited
from flows.run.request import RunRequest, read_request
from flows.run.warehouse_access import open_warehouse
from warehouse.publishing.run_lock import RunLock, run_lock

# Messages contain names; a persisted result would be an unmanaged copy of them.
_NOT_PERSISTED: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False}


@task(**_NOT_PERSISTED)
@task_states
def plan_messages(request: RunRequest, engine: sa.Engine) -> Plan | None:
    """Plan messages on published issues not delivered yet; None if nothing was published yet."""
    state = read_alert_state(request, engine)
    return None if state is None else plan(request, state)


@task(**_NOT_PERSISTED)
@task_states
def deliver_messages(request: RunRequest, engine: sa.Engine, lock: RunLock, planned: Plan) -> Outcome:
    """Send the messages one by one, each recorded with its outcome before the next."""
    limit = request.settings.alerts.time_limit_seconds
    return deliver(DeliveryContext(engine, lock, journal_of(request.home), lambda: datetime.now(UTC), limit), planned)


@flow(name="send_digests", log_prints=False, persist_result=False)
@flow_states
@time_limited
@interruptible
def send_digests(
    config: str = "bantam.yaml",
    dry_run: bool = False,  # noqa: FBT001, FBT002 - a parameter of a deployment
    time_limit_minutes: float | None = None,  # noqa: ARG001 - `time_limited` reads it
) -> dict[str, Any]:
    """Send pending messages and return counts. Safe to run twice; a second one at the same time exits 75.

    Raises `AlertPendingError` (exit code 7), after all other messages were sent, if a target did not accept one or did
    not respond in time.
    """
    request = read_request(config, data=None, as_of=None, sources=None, audits=False)
    check_targets(request.settings)
    outcome = Outcome(accepted=0, issues_told=0)
    with open_warehouse(request.settings) as engine, run_lock(engine, "digests") as lock:
        planned = value_of(plan_messages(request, engine, return_state=True))
        if planned is not None and not dry_run:
            outcome = value_of(deliver_messages(request, engine, lock, planned, return_state=True))
    counts = _counts(planned, outcome)
    create_table_artifact(table=[counts], key="digests", description="Messages to owners and to RevOps")
    raise_if_pending(outcome)
    return counts


def _counts(planned: Plan | None, outcome: Outcome) -> dict[str, Any]:
    """Return counts only: users of the scheduler must not see whom a message is about."""
    if planned is None:
        return {"run_id": None, "planned": 0, **asdict(outcome)}
    return {
        "run_id": planned.run_id,
        "planned": len(planned.messages),
        "withheld": len(planned.withheld),
        "left_over_records": planned.left_over,
        "without_target": len(planned.without_target),
        "damaged_journal_lines": planned.damaged,
        **asdict(outcome),
    }
