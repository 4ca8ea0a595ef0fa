"""Erasure from the states: every version that the home keeps, row by row the same as one made again from landing."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from connectors.files.remaining import erased_rows
from connectors.landing.durable import sync_folder
from connectors.landing.erased import StreamEraser
from connectors.landing.writer import Landing
from definitions.runtime.disk_space import disk_error
from flows.home.state_files import GROUP_ROWS, StreamState, damage_of_state, run_of, save_state
from flows.streams.configured_streams import StreamKey

_PAGE = r"[^/]+/[0-9]{6}"


def erase_from_states(folder: Path, landing: Landing, erasers: Mapping[StreamKey, StreamEraser]) -> int:
    """Write each state anew without the erased; return how many rows changed, over all versions kept.

    A version has another checksum afterwards and the same run; `flows.home.state_files.intact_version` finds it.
    Damaged ones are removed: they are of no use, and nobody can tell what they hold. The caller holds the run lock.
    Safe to repeat, and to be killed. Raises `LandingError`.
    """
    changed = 0
    for stream_key, eraser in erasers.items():
        names = _current_names(landing, stream_key)
        for path in sorted(folder.joinpath(*stream_key).glob("*.parquet")):
            changed += _rewrite(path, stream_key, eraser, names)
    return changed


def _rewrite(path: Path, stream_key: StreamKey, eraser: StreamEraser, names: Mapping[str, str]) -> int:
    run_id = run_of(path.stem) or path.stem
    if damage_of_state(path) is not None:
        _remove(path)
        return 0
    state = StreamState(source=stream_key[0], stream=stream_key[1], version=path.stem, path=path)
    changed = sum(_differing(batch, eraser, names) for batch in _batches(state))
    if not changed:
        return 0
    kept = (_kept(batch, eraser, names) for batch in _batches(state))
    written = save_state(kept, path.parent, run_id, needed_bytes=path.stat().st_size)
    if written != path:
        _remove(path)
    return changed


def _batches(state: StreamState) -> Iterator[pl.DataFrame]:
    return (part.collect() for part in state.batches(GROUP_ROWS))


def _kept(rows: pl.DataFrame, eraser: StreamEraser, names: Mapping[str, str]) -> pl.DataFrame:
    """Return rows without the erased, each located in the file that landing has now."""
    file = pl.col("location").str.extract(r"^(.*):\d+$", 1)
    line = pl.col("location").str.extract(r":(\d+)$", 1)
    page = pl.col("location").str.extract(rf"^({_PAGE})", 1)
    location = pl.concat_str(page.replace_strict(names, default=file), pl.lit(":"), line)
    return erased_rows(rows, eraser).with_columns(location=pl.coalesce(location, "location"))


def _differing(rows: pl.DataFrame, eraser: StreamEraser, names: Mapping[str, str]) -> int:
    kept = _kept(rows, eraser, names)
    if kept.height < rows.height:
        return rows.height - kept.height
    return 0 if kept.equals(rows) else int((kept["location"] != rows["location"]).sum()) or 1


def _current_names(landing: Landing, stream_key: StreamKey) -> dict[str, str]:
    """Map run and number of each page (`run/000001`) to its file now: a page that was rewritten has another name."""
    pages = landing.pages_of(*stream_key, landing.run_ids(*stream_key))
    return {f"{page.run_id}/{page.seq:06d}": f"{page.run_id}/{page.file}" for page in pages}


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise disk_error("remove the state", path, error, None) from error
