"""Detection of a file's format by its first bytes, where it is not the declared one."""

import re

from definitions.errors import FileUnreadableError
from definitions.mapping.file_stream import FileStream

_AS_XLSX = "In the spreadsheet program save it as .xlsx, without a password, and name that file in `path`."
_UNPACK = "Unpack it, and name the plain file in `path`."
_ZIP = b"PK\x03\x04"
_PACKED_BY_NAME = "Let its name end in `{ending}`, once for each time it was packed: once is unpacked here."
_BY_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (_ZIP, "an Excel workbook (.xlsx) or another zip archive", "Declare `format: xlsx` where it is a workbook."),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls), or one with a password", _AS_XLSX),
    (b"\x1f\x8b", "packed by gzip (again)", _PACKED_BY_NAME.format(ending=".gz")),
    (b"\x28\xb5\x2f\xfd", "packed by zstd (again)", _PACKED_BY_NAME.format(ending=".zst")),
    (b"BZh", "packed by bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "packed by xz", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"PAR1", "Parquet", "Declare `format: parquet`."),
    (b"SQLite format 3\x00", "an SQLite database", "Export the table as CSV, and name that file in `path`."),
    (b"%PDF-", "a PDF", "Export the table as CSV, and name that file in `path`."),
)
_PAGE = re.compile(rb"<(!doctype\s+html|html|head|body|table|\?xml|meta)\b", re.IGNORECASE)
_JSON_LIST = re.compile(rb"\[\s*(\{|$)")
_JSON_OBJECT = re.compile(rb'\{\s*"')
# In UTF-16 text of Latin letters, nearly every second byte is zero.
_MOST = 0.8
_ENOUGH = 8


def refuse_other_kind(head: bytes, stream: FileStream, where: str) -> None:
    """Raise `FileUnreadableError` where the first bytes show that the file is not of the stream's format.

    The message names the detected format and the remedy; unexpected null bytes indicate UTF-16 without its mark.
    """
    for magic, kind, remedy in _BY_MAGIC:
        if head.startswith(magic) and not (stream.format == "xlsx" and magic == _ZIP):
            raise _refusal(stream, where, kind, remedy)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if _PAGE.match(text):
        raise _refusal(
            stream,
            where,
            "a web page",
            "It may be a sign-in page that was saved, or a report that is HTML: export CSV.",
        )
    if stream.format == "xlsx" and not head.startswith(_ZIP):
        raise _refusal(stream, where, "no Excel workbook", "Declare its `format`, or export it again.")
    if stream.format != "json" and _JSON_LIST.match(text):
        raise _refusal(stream, where, "one JSON list", "Declare `format: json`.")
    if stream.format not in ("json", "jsonl") and _JSON_OBJECT.match(text):
        remedy = "Declare `format: jsonl` where each line is an object, else `format: json`."
        raise _refusal(stream, where, "JSON", remedy)
    if stream.format == "xlsx":
        return
    _refuse_wide(head, stream, where)


def _refuse_wide(head: bytes, stream: FileStream, where: str) -> None:
    """Raise where the bytes are UTF-16 that has no mark, and another encoding is declared."""
    if "a".encode(stream.encoding) != b"a" or len(head) < _ENOUGH:
        return
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = head[first::2]
        if half.count(0) > _MOST * len(half):
            raise FileUnreadableError(
                f"{where}: looks like {name}, but is declared {stream.encoding}. Declare `encoding: {name}`."
            )


def _refusal(stream: FileStream, where: str, kind: str, remedy: str) -> FileUnreadableError:
    return FileUnreadableError(f"{where}: is {kind}, not {stream.format} as declared. {remedy}")
