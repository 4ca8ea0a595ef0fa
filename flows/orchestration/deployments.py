"""Deployments of `prefect.yaml`, and the automations that mark a dead run as crashed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from definitions.errors import ConfigurationError

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Schedule of a deployment: a cron expression in a time zone."""

    cron: str
    timezone: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredDeployment:
    """One deployment; `environment` is added to the environment of the process that starts its runs."""

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
        """Name of the flow, the same as that of its function."""
        return self.entrypoint.split(":")[1]


def declared_deployments() -> tuple[DeclaredDeployment, ...]:
    """Read `prefect.yaml`. Raises `ConfigurationError` if it is not in the checkout."""
    return tuple(_declared(entry) for entry in _read("prefect.yaml")["deployments"])


def declared_automations() -> Sequence[Mapping[str, Any]]:
    """Read `automations.yaml`, in the form of Prefect's API. Raises `ConfigurationError` if it does not exist."""
    automations: Sequence[Mapping[str, Any]] = _read("automations.yaml")["automations"]
    return automations


def _declared(entry: Mapping[str, Any]) -> DeclaredDeployment:
    limit = entry["concurrency_limit"]
    return DeclaredDeployment(
        name=entry["name"],
        description=entry["description"],
        entrypoint=entry["entrypoint"],
        tags=tuple(entry["tags"]),
        parameters=entry["parameters"],
        schedules=tuple(Schedule(**schedule) for schedule in entry["schedules"]),
        limit=limit["limit"],
        collision_strategy=limit["collision_strategy"],
        environment=entry["work_pool"]["job_variables"]["env"],
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
