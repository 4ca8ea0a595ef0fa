"""The process behind `bantam serve`: it registers the deployments of `prefect.yaml` and runs what is due.

`python -m flows.orchestration.serving CONFIG READY` makes the file READY once everything is registered.
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
    """Register everything, then run what is due until SIGTERM; a run at work is ended with this process."""
    deployments = declared_deployments()
    for declared in deployments:
        os.environ.update(declared.environment)
    # Another process may serve the same server: its schedules are not paused when this one ends. Without a limit of its
    # own the runner offers all that is late at once, of which each deployment's own limit lets one through.
    runner = Runner(name="bantam", pause_on_shutdown=False, limit=None)
    for declared in deployments:
        runner.add_deployment(served(declared, config))
    register_automations()
    ready.touch()
    asyncio.run(runner.start())


def served(declared: DeclaredDeployment, config: Path) -> RunnerDeployment:
    """Return the deployment as Prefect serves it: in processes of this machine instead of a work pool."""
    deployment = RunnerDeployment.from_entrypoint(
        entrypoint=declared.entrypoint,
        name=declared.name,
        description=declared.description,
        tags=list(declared.tags),
        parameters={**declared.parameters, "config": str(config)},
        schedules=[Cron(one.cron, timezone=one.timezone, active=one.active) for one in declared.schedules],
        concurrency_limit=ConcurrencyLimitConfig(
            limit=declared.limit, collision_strategy=ConcurrencyLimitStrategy(declared.collision_strategy)
        ),
    )
    # Set, if only to nothing: what `prefect deploy` registered under this name would wait for a worker otherwise.
    deployment.work_pool_name = None
    deployment.work_queue_name = None
    return deployment


def register_automations() -> None:
    """Create the automations, or bring those of the same name up to date. Safe to repeat."""
    with get_client(sync_client=True) as client:
        for declared in declared_automations():
            automation = AutomationCore.model_validate(declared)
            there = client.read_automations_by_name(automation.name)
            if there:
                client.update_automation(there[0].id, automation)
            else:
                client.create_automation(automation)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
