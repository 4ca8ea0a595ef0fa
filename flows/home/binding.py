"""Binding of a home to one warehouse, whose cursors point to the states and pages in the home."""

from pathlib import Path

import sqlalchemy as sa

from connectors.landing.durable import replace_file
from definitions.errors import ConfigurationError
from definitions.runtime.folder_owner import unusable
from flows.home.folders import Home
from warehouse.connect import safe_url
from warehouse.read.published import warehouse_id

BOUND = "bound_warehouse"


def bind_home(home: Home, engine: sa.Engine, *, is_empty: bool) -> tuple[str, ...]:
    """Bind the home to this warehouse, or check that it is bound; return notes for the report.

    An unbound home is bound. A home of another warehouse is bound to this one only if this one is empty (`is_empty`:
    nothing was ever published to it), as when a warehouse was lost and is filled from landing again. Raises
    `ConfigurationError` otherwise. The caller holds both locks.
    """
    this, bound = warehouse_id(engine), bound_to(home)
    if bound == this:
        return ()
    if bound is not None and not is_empty:
        raise ConfigurationError(
            f"{home.root} belongs to another warehouse ({bound}) than {safe_url(engine.url)} ({this}), which was "
            "published from another home. Set BANTAM_HOME to the home of this warehouse, or BANTAM_WAREHOUSE_URL to "
            f"the warehouse of this home. If this home is to publish here from now on, remove {_file(home)}."
        )
    _write(home, this)
    if bound is None:
        return ()
    return (f"{home.root} belonged to another warehouse ({bound}); this empty one is filled from its landing",)


def bound_to(home: Home) -> str | None:
    """Return the id of the warehouse that the home is bound to; None if it is unbound."""
    try:
        return _file(home).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unusable(_file(home), error) from None


def _file(home: Home) -> Path:
    return home.root / BOUND


def _write(home: Home, warehouse: str) -> None:
    try:
        replace_file(_file(home), f"{warehouse}\n".encode())
    except OSError as error:
        raise unusable(_file(home), error) from None
