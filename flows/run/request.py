"""Run request: what is asked of a run, with its settings, definitions, home and dates; read before it has an id."""

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
from flows.home.folders import Home
from flows.run.declared_expectations import check_expectations
from flows.settings import Settings, Source, load_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What is asked of one run.

    `started_at` is the only reading of the clock that tables see; `data` is where file sources start from.

    `volume_accepted_because` is a person's reason for far more or fewer rows than last time; null: that stops the run.
    `pulls` is false for a run that asks no source and works with what is at hand.
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
        """Whether this run pulls the source; without a choice it pulls all."""
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
    """Read settings and definitions and the clock; `as_of` is today in the reporting time zone unless given.

    Without `audits` declared expectations are not checked, for which Great Expectations is imported. Raises
    `ConfigurationError` naming file and line, or the source that is not there.
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
    """Refuse a kind of activity that the definitions do not know: it would show no interest, and nobody would see."""
    known = definitions.engagement.listed_types
    mistakes: dict[FieldPath, str] = {
        ("sources", number, "activity_types", label): f"this is no activity of the definitions {definitions.profile}"
        f"{suggestion(meaning, sorted(known))}"
        for number, source in enumerate(settings.sources)
        for label, meaning in getattr(source, "activity_types", {}).items()
        if meaning not in known
    }
    if mistakes:
        _, lines = read_yaml(Path(config))
        raise configuration_error(mistakes, lines, config)
