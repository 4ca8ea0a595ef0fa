"""Decoding of a file in its declared encoding, in blocks of whole lines: memory holds one block."""

import codecs
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from definitions.errors import FileUnreadableError

# The longer marks first: UTF-32's begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Longer than any record of a CRM: such a line is another format, or an unclosed quote.
LONGEST_LINE = 16 << 20
_HEAD = 4096


def head_of(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes of a file, and an iterator over all of it."""
    pieces: list[bytes] = []
    while sum(map(len, pieces)) < _HEAD and (piece := next(chunks, None)) is not None:
        pieces.append(piece)
    head = b"".join(pieces)

    def whole() -> Iterator[bytes]:
        yield head
        yield from chunks

    return head[:_HEAD], whole()


def refuse_other_mark(head: bytes, encoding: str, where: str) -> None:
    """Raise `FileUnreadableError` where the byte order mark is that of another encoding."""
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if marked is not None and not codecs.lookup(encoding).name.startswith(marked):
        raise FileUnreadableError(
            f"{where}: begins with the byte order mark of {marked}, but is declared {encoding}. "
            f"Declare `encoding: {marked}`."
        )


def encoding_of(head: bytes, declared: str) -> str:
    """Return the encoding to decode with: of `utf-16` without a mark, the byte order that the text shows.

    Without one the machine's own order would count. Of Latin letters, the first byte is zero where it is the high one.
    """
    is_marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if codecs.lookup(declared).name != "utf-16" or is_marked:
        return declared
    return "utf-16-be" if head[0::2].count(0) > head[1::2].count(0) else "utf-16-le"


def blocks_of(
    chunks: Iterable[bytes], encoding: str, where: str, *, ends: str = "\n\r", longest: int | None = LONGEST_LINE
) -> Iterator[str]:
    """Yield the text in blocks of whole lines, without the byte order mark.

    A block is about as long as a chunk of bytes. Bytes that are not of the encoding become lone surrogates. `ends` are
    the characters that end a line. Raises `FileUnreadableError` for an invalid byte where the encoding cannot continue
    after it (UTF-16, East Asian ones), and for a line of more than `longest` characters (None: any length).
    """
    text = _Text(encoding, where)
    waiting: list[str] = []
    is_first = True
    for piece in text.decoded(chunks):
        piece = piece.removeprefix("\ufeff") if is_first else piece  # noqa: PLW2901 - the mark is part of no line
        is_first = is_first and not piece
        cut = _last_end(piece, ends)
        if cut == 0:
            waiting.append(piece)
            if longest is not None:
                text.refuse_long(sum(map(len, waiting)))
            continue
        block = "".join((*waiting, piece[:cut]))
        text.lines += block.count("\n")
        yield block
        waiting = [piece[cut:]]
    if rest := "".join(waiting):
        yield rest


def lines_of(text: str) -> io.StringIO:
    """Iterate over lines with their ends: LF, CR LF or CR, and no other line end of Unicode."""
    return io.StringIO(text, newline="")


@dataclass(slots=True)
class _Text:
    """Decoder that counts lines."""

    encoding: str
    where: str
    lines: int = field(default=0)

    def decoded(self, chunks: Iterable[bytes]) -> Iterator[str]:
        # In a superset of ASCII, an invalid byte damages only its line.
        ascii_bytes = bytes(range(128))
        is_ascii = ascii_bytes.decode(self.encoding, "replace") == ascii_bytes.decode()
        decoder = codecs.getincrementaldecoder(self.encoding)("surrogateescape" if is_ascii else "strict")
        try:
            for chunk in chunks:
                if piece := decoder.decode(chunk):
                    yield piece
            if piece := decoder.decode(b"", final=True):
                yield piece
        except UnicodeDecodeError as error:
            line = self.lines + error.object.count(b"\n", 0, error.start) + 1
            raise FileUnreadableError(
                f"{self.where}: line {line} is not {self.encoding}. Declare its `encoding`, or export the file again."
            ) from None

    def refuse_long(self, length: int) -> None:
        if length > LONGEST_LINE:
            raise FileUnreadableError(
                f"{self.where}: line {self.lines + 1} is longer than {LONGEST_LINE >> 20} million characters: no "
                "record is. Compare `format`, `encoding` and `quote` with the file, or export it again."
            )


def _last_end(text: str, ends: str) -> int:
    """Return the end of the last whole line; 0 where there is none. A CR at the very end may be half a CR LF."""
    at = text.rfind("\n") + 1
    return at if at or "\r" not in ends else text.rfind("\r", 0, len(text) - 1) + 1
