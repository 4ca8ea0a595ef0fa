"""A write that failed is told with its path, what is free, what is needed, and the next step."""

import errno
import os

import pytest

from definitions.runtime.disk_space import disk_error
from definitions.runtime.folder_owner import unusable


def failure(number):
    return OSError(number, os.strerror(number))


def test_a_full_disk_names_path_free_and_needed(tmp_path):
    path = tmp_path / "not made yet" / "page"
    told = str(disk_error("write the page", path, failure(errno.ENOSPC), 3 * 1024**2))
    assert told.startswith(f"{path}: cannot write the page (No space left on device; ")
    assert " free, 3.0 MiB needed). Free some room" in told


@pytest.mark.parametrize(
    ("number", "step"),
    [
        (errno.ENOSPC, "Free some room"),
        (errno.EDQUOT, "Free some room"),
        (errno.EFBIG, "ulimit -f"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "owns the folder"),
        (errno.EIO, "Mend the path or the disk"),
    ],
)
def test_each_reason_has_a_next_step_and_needed_may_be_unknown(tmp_path, number, step):
    told = disk_error("write", tmp_path, failure(number), None)
    assert told.exit_code == 4
    assert step in str(told)
    assert "needed" not in str(told)


def test_a_file_of_the_home_for_which_the_disk_has_no_room_is_an_error_of_the_disk(tmp_path):
    full, missing = unusable(tmp_path, failure(errno.ENOSPC)), unusable(tmp_path, failure(errno.ENOTDIR))
    assert (full.exit_code, missing.exit_code) == (4, 2)
    assert " free). Free some room" in str(full)
