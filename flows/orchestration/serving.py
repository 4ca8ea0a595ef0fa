"""Serving process of `bantam serve`: registers the deployments of `prefect.yaml` and runs them when due.

`python -m flows.orchestration.serving CONFIG READY` creates the file READY when everything is registered.
"""

import asyncio
import os
import sys
from pathlib import Path

from prefect import get_client
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.events.schemas.automations import AutomationCore
from prefect.runner import Runner
from prefect.schedules import Cron

from flows.orchestration.deployments import DeclaredDeployment, declared_automations, declared_deployments


def serve(config: Path, ready: Path) -> None:
    """Register everything, then run due deployments until SIGTERM, which also ends an active run."""
    deployments = declared_deployments()
    for declared in deployments:
        os.environ.update(declared.environment)
    # Another process may serve the same deployments, so their schedules are not paused when this one ends. Without a
    # limit of its own the runner submits all late runs at once, of which each deployment's own limit admits one.
    runner = Runner(name="bantam", pause_on_shutdown=False, limit=None)
    for declared in deployments:
        runner.add_deployment(served(declared, config))
    register_automations()
    ready.touch()
    asyncio.run(runner.start())


def served(declared: DeclaredDeployment, config: Path) -> RunnerDeployment:
    """Return the deployment in Prefect's form, run in processes of this machine instead of a work pool."""
    deployment = RunnerDeployment.from_entrypoint(
        entrypoint=declared.entrypoint,
        name=declared.name,
        description=declared.description,
        tags=list(declared.tags),
        parameters={**declared.parameters, "config": str(config)},
        schedules=[Cron(each.cron, timezone=each.timezone, active=each.active) for each in declared.schedules],
        concurrency_limit=ConcurrencyLimitConfig(
            limit=declared.limit, collision_strategy=ConcurrencyLimitStrategy(declared.collision_strategy)
        ),
    )
    # Set explicitly to null: a deployment registered by `prefect deploy` would otherwise wait for a worker.
    deployment.work_pool_name = None
    deployment.work_queue_name = None
    return deployment


def register_automations() -> None:
    """Create the automations, or update those of the same name. Safe to repeat."""
    with get_client(sync_client=True) as client:
        for declared in declared_automations():
            automation = AutomationCore.model_validate(declared)
            existing = client.read_automations_by_name(automation.name)
            if existing:
                client.update_automation(existing[0].id, automation)
            else:
                client.create_automation(automation)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
