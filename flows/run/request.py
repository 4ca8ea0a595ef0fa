"""Run request: options, settings, definitions, home and dates of a run, read before the run has an id."""

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from definitions.agreement.load import load_definitions
from definitions.agreement.model import Definitions
from definitions.config.mistakes import configuration_error
from definitions.config.suggestions import suggestion
from definitions.config.yaml_file import FieldPath, read_yaml
from definitions.errors import ConfigurationError
from definitions.runtime.crash_points import arm
from flows.declared_expectations import check_expectations
from flows.home.folders import Home
from flows.settings import Settings, Source, load_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Request for one run.

    `started_at` is the only reading of the clock that reaches tables. `data` is the folder that paths of file sources
    are relative to. `requested_sources` is empty for all sources.

    `volume_accepted_because` is a person's reason to accept far more or fewer rows than last time; None stops such a
    run. `pulls` is false for a run that pulls nothing and recomputes from landing.
    """

    settings: Settings
    definitions: Definitions
    home: Home
    as_of: date
    started_at: datetime
    data: Path
    requested_sources: tuple[str, ...]
    full: bool
    volume_accepted_because: str | None = None
    pulls: bool = True

    def is_requested(self, source: Source) -> bool:
        """Return whether this run pulls the source; without `requested_sources` it pulls all."""
        return self.pulls and (not self.requested_sources or source.name in self.requested_sources)


def read_request(
    config: str,
    *,
    data: str | None,
    as_of: date | None,
    sources: list[str] | None,
    full: bool = False,
    accept_volume: str | None = None,
    pulls: bool = True,
    audits: bool = True,
) -> RunRequest:
    """Read settings, definitions and the clock; `as_of` defaults to today in the reporting time zone.

    Without `audits` declared expectations are not checked, which saves the import of Great Expectations. Raises
    `ConfigurationError` naming file and line, or the unknown source.
    """
    arm(os.environ.get("BANTAM_CRASH_POINT") or None)
    settings = load_settings(Path(config))
    definitions = load_definitions(settings.definitions_path, settings.custom)
    _check_activities(config, settings, definitions)
    if audits:
        check_expectations(Path(config), settings.expectations)
    names = {source.name for source in settings.sources}
    if unknown := sorted(set(sources or ()) - names):
        raise ConfigurationError(
            f"{config}: no source is called {', '.join(unknown)}{suggestion(unknown[0], sorted(names))}."
        )
    now = datetime.now(UTC)
    return RunRequest(
        settings=settings,
        definitions=definitions,
        home=Home(settings.home),
        as_of=as_of or now.astimezone(ZoneInfo(definitions.reporting.time_zone)).date(),
        started_at=now,
        data=Path(data) if data else settings.config_folder,
        requested_sources=tuple(sources or ()),
        full=full,
        volume_accepted_because=(accept_volume or "").strip() or None,
        pulls=pulls,
    )


def _check_activities(config: str, settings: Settings, definitions: Definitions) -> None:
    """Raise `ConfigurationError` for an activity type that the definitions lack: it would silently show no interest."""
    listed = definitions.engagement.listed_types
    mistakes: dict[FieldPath, str] = {
        ("sources", number, "activity_types", label): f"this is no activity of the definitions {definitions.profile}"
        f"{suggestion(meaning, sorted(listed))}"
        for number, source in enumerate(settings.sources)
        for label, meaning in getattr(source, "activity_types", {}).items()
        if meaning not in listed
    }
    if mistakes:
        _, lines = read_yaml(Path(config))
        raise configuration_error(mistakes, lines, config)
