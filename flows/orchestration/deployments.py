"""Deployments as `prefect.yaml` declares them, and the automations that show a dead run as crashed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from definitions.errors import ConfigurationError

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a deployment runs: a cron expression in a time zone."""

    cron: str
    timezone: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredDeployment:
    """One deployment; `environment` is what its runs get beside the environment of whoever starts them."""

    name: str
    description: str
    entrypoint: str
    tags: tuple[str, ...]
    parameters: Mapping[str, Any]
    schedules: tuple[Schedule, ...]
    limit: int
    collision_strategy: str
    environment: Mapping[str, str]

    @property
    def flow_name(self) -> str:
        """Name of the flow, which is that of its function."""
        return self.entrypoint.split(":")[1]


def declared_deployments() -> tuple[DeclaredDeployment, ...]:
    """Read `prefect.yaml`. Raises `ConfigurationError` where it is not beside the code."""
    return tuple(_declared(one) for one in _read("prefect.yaml")["deployments"])


def declared_automations() -> Sequence[Mapping[str, Any]]:
    """Read `automations.yaml`: each as Prefect's API takes it. Raises `ConfigurationError` where it is not there."""
    automations: Sequence[Mapping[str, Any]] = _read("automations.yaml")["automations"]
    return automations


def _declared(one: Mapping[str, Any]) -> DeclaredDeployment:
    limit = one["concurrency_limit"]
    return DeclaredDeployment(
        name=one["name"],
        description=one["description"],
        entrypoint=one["entrypoint"],
        tags=tuple(one["tags"]),
        parameters=one["parameters"],
        schedules=tuple(Schedule(**schedule) for schedule in one["schedules"]),
        limit=limit["limit"],
        collision_strategy=limit["collision_strategy"],
        environment=one["work_pool"]["job_variables"]["env"],
    )


def _read(name: str) -> Mapping[str, Any]:
    path = ROOT / name
    try:
        content: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({error.strerror or error}). Deployments are served from a checkout of Bantam: "
            "there this file lies beside the code."
        ) from None
    return content
