"""Answers of a library in a home: one Parquet file, named by its checksum, in a folder named after library and version.

It saves time and nothing else: what is missing, damaged or of another shape counts as nothing kept, and what cannot be
written is asked again by the next run.
"""

import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import polars as pl

_DIGITS = 16


def read_answers(folder: Path, library: str, nothing: pl.DataFrame) -> pl.DataFrame:
    """Read what was kept for a library and version; `nothing`, which has the wanted schema, where there is none."""
    with suppress(OSError, pl.exceptions.PolarsError):
        for path in sorted((folder / library).glob("*.parquet")):
            content = path.read_bytes()
            if _digest(content) == path.stem:
                kept = pl.read_parquet(BytesIO(content))
                return kept if kept.schema == nothing.schema else nothing
    return nothing


def keep_answers(folder: Path, library: str, answers: pl.DataFrame) -> None:
    """Keep these answers and no others: earlier ones and those of other versions go.

    The file appears whole or not at all, whoever else writes.
    """
    buffer = BytesIO()
    answers.write_parquet(buffer, compression="zstd", statistics=False)
    content = buffer.getvalue()
    path = folder / library / f"{_digest(content)}.parquet"
    with suppress(OSError):
        if not (path.exists() and path.read_bytes() == content):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _write(path, content)
        for other in [*folder.iterdir(), *path.parent.iterdir()]:
            if other not in {path, path.parent}:
                _remove(other)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]


def _write(path: Path, content: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).rename(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
