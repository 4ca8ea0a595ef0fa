"""Line buffer over blocks of text; lines of an invalid record can be returned and read again."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator

from connectors.files.text import lines_of
from definitions.mapping.file_stream import FileStream


class LineBuffer:
    """Iterator of lines for a csv reader. `taken`: lines of the current record, `line`: number of the first."""

    def __init__(self, blocks: Iterator[str]) -> None:
        self._blocks = blocks
        self._lines: deque[str] = deque()
        self.taken: list[str] = []
        self.line = 1

    def __iter__(self) -> "LineBuffer":
        """Return itself."""
        return self

    def __next__(self) -> str:
        """Return the next line, from the next block where this one is used up."""
        if not self._lines:
            self.load(next(self._blocks))
        line = self._lines.popleft()
        self.taken.append(line)
        return line

    @property
    def is_at_end_of_block(self) -> bool:
        """Whether the last record ended at the end of the block."""
        return not self._lines and not self.taken

    def load(self, block: str) -> None:
        """Add a block to be read line by line."""
        self._lines.extend(lines_of(block))

    def next_block(self) -> str | None:
        """Return the next block whole; None at the end."""
        return next(self._blocks, None)

    def rest(self) -> str:
        """Remove and return the remaining text of the current block."""
        text = "".join(self._lines)
        self._lines.clear()
        return text

    def settle(self) -> None:
        """Finish the current record and its lines."""
        self.line += len(self.taken)
        self.taken.clear()

    def give_back(self, count: int) -> None:
        """Return the last `count` lines of the current record to the buffer."""
        if count:
            self._lines.extendleft(reversed(self.taken[-count:]))
            del self.taken[-count:]


def reader_of(lines: Iterable[str], stream: FileStream) -> Iterator[list[str]]:
    """Build the csv reader of a stream's delimiter and quote; it reads no line ahead."""
    if stream.quote is None:
        return csv.reader(lines, delimiter=stream.delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(lines, delimiter=stream.delimiter, quotechar=stream.quote, strict=True)
