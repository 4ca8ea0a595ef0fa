"""Commands as they are typed, each in a process of its own that need not import everything first."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.terminal.command_line import main
from tests.processes import exit_code


@dataclass(frozen=True, slots=True)
class Ended:
    """Exit code of a command, and what it wrote."""

    code: int
    out: str
    complaint: str


def bantam(home: Path, *asked: str, meanwhile: Callable[[int], None] = lambda _pid: None, **more: str) -> Ended:
    """Run a command in this home, on a terminal a hundred characters wide; `meanwhile` is told its process."""
    with TemporaryDirectory() as folder:
        out, complaint = Path(folder, "out"), Path(folder, "complaint")
        variables = {"BANTAM_HOME": str(home), "COLUMNS": "100", **more}
        code = exit_code(_child, asked, variables, out, complaint, meanwhile=meanwhile)
        return Ended(code, out.read_text(), complaint.read_text())


def _child(asked: tuple[str, ...], variables: Mapping[str, str], out: Path, complaint: Path) -> None:
    os.environ.update(variables)
    for path, stream in ((out, sys.stdout), (complaint, sys.stderr)):
        # The file takes the stream's place, for programs that the command starts as well.
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), stream.fileno())
    sys.argv = ["bantam", *asked]
    main()
