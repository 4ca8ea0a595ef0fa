"""Many kills at random moments: `bantam doctor` finds nothing, and the tables are those of an undisturbed home."""

import os
import random
import signal
import threading
import time
from datetime import date

import pytest

from tests.flows.shop import copied_shop, opened_shop, write_deals
from tests.flows.terminal import bantam
from tests.operations.keepsakes import differences
from tests.processes import exit_code

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("BANTAM_TEST_KILLS", "200"))
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
FIRST = [f"{number},Deal {number},Talking,2027-01-{number % 28 + 1:02},{number}00" for number in range(1, 41)]


def rows(version):
    """The deals as the file has them when it was written for the `version`th time."""
    return [
        row.replace("Deal", f"Deal {version} of") if number % 7 == version % 7 else row
        for number, row in enumerate(FIRST)
    ]


def refresh(line, day):
    line.refresh(day)


def killed_after(seconds):
    """What kills a process after so long, if it still runs."""

    def meanwhile(pid):
        def kill():
            time.sleep(seconds)  # the moment is what is drawn, and not something to wait for
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                return

        threading.Thread(target=kill, daemon=True).start()

    return meanwhile


def test_killed_at_any_moment_nothing_is_lost(server, tmp_path):
    line = opened_shop(tmp_path / "shop", FIRST, server)
    line.refresh(MONDAY)
    calm = copied_shop(line, tmp_path / "calm", server)
    chance, killed, version, usual, last = random.Random(17), 0, 1, 20.0, published(line)
    while killed < KILLS:
        for each in (line, calm):
            write_deals(each.config.parent, rows(version))
        began = time.monotonic()
        if exit_code(refresh, line, MONDAY, meanwhile=killed_after(chance.uniform(0, usual))) == -9:
            killed += 1
        else:
            # A run takes as long as the machine lets it: kills come within the time of the last whole one.
            usual = time.monotonic() - began
        if (now := published(line)) != last:
            # The other home meets the same files, each once and in peace.
            calm.refresh(MONDAY)
            version, last = version + 1, now
    for each in (line, calm):
        each.refresh(TUESDAY)
    assert differences(line.published(), calm.published()) == []
    told = bantam(line.home, "doctor", **line.variables)
    assert told.code == 0, told.out


def published(line):
    """The run published last, and what it wrote."""
    return line.ask("SELECT run_id FROM ops.run WHERE run_status = 'published' ORDER BY run_id DESC LIMIT 1")
