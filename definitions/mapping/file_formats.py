"""Formats of files: named in the settings, or by the ending of a path."""

from pathlib import PurePosixPath
from typing import Literal, get_args

Format = Literal["csv", "tsv", "xlsx", "json", "jsonl", "parquet"]

# Formats of lines of cells, with a header and perhaps a preamble and a footer.
TABLES = ("csv", "tsv", "xlsx")
COMPRESSIONS = (".gz", ".zst")
_FORMATS: dict[str, Format] = {
    ".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".tab": "tsv", ".xlsx": "xlsx", ".xlsm": "xlsx",
    ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet",
}  # fmt: skip
_READ: dict[str, Format] = {name: name for name in get_args(Format)}
_REMEDIES = {
    **dict.fromkeys(("xls", "xlsb", "ods"), "Save it as .xlsx in the spreadsheet program, and name that in `path`"),
    **dict.fromkeys(("zip", "7z", "rar", "bz2", "xz"), "Unpack it, and name the file inside in `path`"),
}


def format_of(path: str) -> str:
    """Return the format named by a file's extension, without compression; an unknown extension is returned as it is."""
    endings = [ending.lower() for ending in PurePosixPath(path).suffixes]
    if endings and endings[-1] in COMPRESSIONS:
        endings.pop()
    ending = endings[-1] if endings else ""
    return _FORMATS.get(ending, ending or "none")


def format_from_path(path: str) -> Format:
    """Return the format named by the extension; raise `ValueError` with a remedy if such files are not supported."""
    ending = format_of(path).removeprefix(".")
    if ending in _READ:
        return _READ[ending]
    reason = f"its name ends in .{ending}" if ending != "none" else "its name has no ending"
    choices = f"name one of {', '.join(sorted(_FORMATS))}, or declare `format` ({', '.join(_READ)})"
    raise ValueError(
        f"{path}: {reason}, which says no format that is read. {_REMEDIES.get(ending, choices.capitalize())}"
    )
