"""Lines of a text that comes in blocks; those of a record that went wrong can be given back and read again."""

import csv
from collections import deque
from collections.abc import Iterator

from connectors.files.text import lines_of
from definitions.mapping.file_stream import FileStream


class LineBuffer:
    """Gives lines to a reader. `taken` are those of the record that is being read, `line` is the first of them."""

    def __init__(self, blocks: Iterator[str]) -> None:
        self._blocks = blocks
        self._lines: deque[str] = deque()
        self.taken: list[str] = []
        self.line = 1

    def __iter__(self) -> "LineBuffer":
        """Give itself."""
        return self

    def __next__(self) -> str:
        """Give the next line, of the next block where this one has no more."""
        if not self._lines:
            self.load(next(self._blocks))
        line = self._lines.popleft()
        self.taken.append(line)
        return line

    @property
    def is_at_end_of_block(self) -> bool:
        """Whether a record ended where a block ends."""
        return not self._lines and not self.taken

    def load(self, block: str) -> None:
        """Take a block that is to be read line by line."""
        self._lines.extend(lines_of(block))

    def next_block(self) -> str | None:
        """The next block as it is; None at the end."""
        return next(self._blocks, None)

    def rest(self) -> str:
        """What is left of the present block, as text."""
        text = "".join(self._lines)
        self._lines.clear()
        return text

    def settle(self) -> None:
        """Be done with the lines taken."""
        self.line += len(self.taken)
        self.taken.clear()

    def give_up_first(self) -> None:
        """Be done with the first line taken, and give the others back."""
        self._lines.extendleft(reversed(self.taken[1:]))
        self.taken.clear()
        self.line += 1


def reader_of(tape: LineBuffer, stream: FileStream) -> Iterator[list[str]]:
    """Cells of one record after the other, as the stream delimits and quotes them; takes no line ahead."""
    if stream.quote is None:
        return csv.reader(tape, delimiter=stream.delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(tape, delimiter=stream.delimiter, quotechar=stream.quote, strict=True)
