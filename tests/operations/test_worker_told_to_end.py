"""SIGTERM to the process in which a worker runs a flow, whose main thread is Prefect's."""

import json
import os
import random
import signal
import threading
import time
from contextlib import suppress

import pytest

from tests.flows.prefect_server import PrefectServer
from tests.flows.shop import copied_shop, opened_shop, write_deals
from tests.flows.test_crashes import FIRST, MONDAY, SECOND, TUESDAY, differences
from tests.operations.repetitions import repetitions
from tests.processes import exit_code
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prefect(tmp_path_factory):
    server = PrefectServer(tmp_path_factory.mktemp("prefect"))
    with server.running():
        yield server


@pytest.fixture(scope="module")
def monday(server, tmp_path_factory):
    line = opened_shop(tmp_path_factory.mktemp("monday") / "shop", FIRST, server)
    line.refresh(MONDAY)
    write_deals(line.config.parent, SECOND)
    return line


@pytest.fixture(scope="module")
def tables(server, monday, tmp_path_factory):
    line = copied_shop(monday, tmp_path_factory.mktemp("undisturbed") / "shop", server)
    line.refresh(TUESDAY)
    return monday.published(), line.published()


def as_a_worker_does(variables, config):
    os.environ.update(variables)
    from flows.refresh_pipeline import refresh_pipeline  # noqa: PLC0415 - with Prefect's settings of this process

    refresh_pipeline(config=config, as_of=TUESDAY)


@pytest.mark.parametrize("seed", range(repetitions(4, 12)))
def test_it_ends_in_ten_seconds_and_the_next_run_finishes(server, monday, tables, prefect, tmp_path, seed):
    before, after = tables
    line = copied_shop(monday, tmp_path / "shop", server)
    chance, told = random.Random(seed), []

    def end(process):
        # The flow's own body takes the lock and makes its folder; what comes before is Prefect's.
        until(lambda: any((line.home / "spill").iterdir()), seconds=240)
        threading.Event().wait(chance.uniform(0, 4))
        told.append(time.monotonic())
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)

    variables = line.surroundings(PREFECT_API_URL=prefect.api, PREFECT_LOGGING_LEVEL="CRITICAL")
    code = exit_code(as_a_worker_does, variables, str(line.config), meanwhile=end)
    seconds = time.monotonic() - told[0]
    ((runs,),) = line.ask("SELECT count(*) FROM ops.run")
    newest = json.loads(max((line.home / "reports").glob("*.json")).read_text())
    assert seconds < 10
    assert differences(line.published(), after if runs == 2 else before) == []
    if code:
        assert code in {-signal.SIGTERM, 143}
        assert newest["status"] == ("published" if runs == 2 else "interrupted")
        assert newest["exit_code"] == (0 if runs == 2 else 143)
    else:
        assert runs == 2
    line.refresh(TUESDAY)
    assert differences(line.published(), after) == []
