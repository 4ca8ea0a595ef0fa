"""A file's bytes, whole and unpacked, and its text under the declared encoding."""

import codecs
import gzip
import io
import zlib
from pathlib import Path

import zstandard

from definitions.errors import FileUnreadableError

# The longer marks first: UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_bytes(path: Path, where: str) -> bytes:
    """Every byte of the file as it lies there; raises `FileUnreadableError` naming it when there is none to read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileUnreadableError(f"{where}: there is no such file. Put it there, or correct `path`.") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise FileUnreadableError(f"{where}: cannot be read ({reason}). Mend the rights or correct `path`.") from error


def unpacked(content: bytes, name: str, where: str) -> bytes:
    """Content of a `.gz` or `.zst` file, of any other unchanged.

    Raises `FileUnreadableError` where the packed data is damaged or ends too early: half a file is not a smaller file.
    """
    try:
        if name.lower().endswith(".gz"):
            return gzip.decompress(content)
        if name.lower().endswith(".zst"):
            return _unpacked_zst(content)
    except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError):
        raise FileUnreadableError(
            f"{where}: the packed data is damaged or ends too early. Copy the file again, whole."
        ) from None
    return content


def decoded(content: bytes, encoding: str, where: str) -> str:
    """Text of the content, byte order mark gone; bytes that are not of the encoding stand as lone surrogates.

    Raises `FileUnreadableError` where the mark is another encoding's, or where the encoding cannot be read on after a
    wrong byte (UTF-16, East Asian ones).
    """
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if marked is not None and not codecs.lookup(encoding).name.startswith(marked):
        raise FileUnreadableError(
            f"{where}: begins with the byte order mark of {marked}, but is declared {encoding}. "
            f"Declare `encoding: {marked}`."
        )
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        text = _decoded_around(content, encoding, error, where)
    return text.removeprefix("\ufeff")


def _unpacked_zst(content: bytes) -> bytes:
    pieces = []
    rest = content
    while rest:
        frame = zstandard.ZstdDecompressor().decompressobj()
        pieces.append(frame.decompress(rest))
        if not frame.eof:
            raise EOFError
        rest = frame.unused_data
    return b"".join(pieces)


def _decoded_around(content: bytes, encoding: str, error: UnicodeDecodeError, where: str) -> str:
    """Text with wrong bytes as lone surrogates, where each byte below 128 means itself."""
    line = content.count(b"\n", 0, error.start) + 1
    told = f"{where}: line {line} is not {encoding}. Declare its encoding, or export the file again."
    ascii_signs = bytes(range(128))
    if ascii_signs.decode(encoding, "replace") != ascii_signs.decode():
        raise FileUnreadableError(told)
    try:
        return content.decode(encoding, "surrogateescape")
    except UnicodeDecodeError:
        raise FileUnreadableError(told) from None


def lines_of(text: str) -> io.StringIO:
    """The text line by line, ends kept: LF, CR LF or CR, and no other sign that Unicode calls a line end."""
    return io.StringIO(text, newline="")
