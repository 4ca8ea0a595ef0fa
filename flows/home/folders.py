"""Where local state lies: everything under one folder, `BANTAM_HOME`, closed to other users of the machine."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from definitions.runtime.folder_owner import check_is_ours, unusable

_PARTS = (
    "landing", "state", "spill", "answers", "reports", "data_docs", "prefect", "warehouse", "run.lock",
    "bound_warehouse",
)  # fmt: skip


def make_folder_of_ours(folder: Path) -> None:
    """Make a folder that only its owner may read, if it is not there.

    Raises `ConfigurationError` where it cannot be made or entered, and says whose it is.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise unusable(folder, error) from None


@dataclass(frozen=True, slots=True)
class Home:
    """The folder and its parts; made on first use with mode 0700."""

    root: Path

    def made(self) -> Path:
        """The folder itself. Raises `ConfigurationError` where it, or anything in it, belongs to another account."""
        make_folder_of_ours(self.root)
        for name in _PARTS:
            check_is_ours(self.root / name)
        return self.root

    def part(self, name: str) -> Path:
        """A folder of its own under the root. Raises `ConfigurationError` as `made`, and where none can be made."""
        folder = self.root / name
        make_folder_of_ours(self.root)
        make_folder_of_ours(folder)
        check_is_ours(folder)
        return folder

    @property
    def landing(self) -> Path:
        """Pages kept verbatim."""
        return self.part("landing")

    @property
    def state(self) -> Path:
        """Latest versions of records."""
        return self.part("state")

    @property
    def spill(self) -> Path:
        """What a run has no room for in memory; empty between runs."""
        return self.part("spill")

    @property
    def answers(self) -> Path:
        """What libraries said of the values of the newest run."""
        return self.part("answers")

    @property
    def reports(self) -> Path:
        """One machine-readable report a run."""
        return self.part("reports")

    @property
    def data_docs(self) -> Path:
        """The audit as a web page."""
        return self.part("data_docs")
