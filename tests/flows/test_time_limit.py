"""The time limit of a deployed run ends what hangs, in whatever way it hangs."""

import contextlib
import threading
import time

import pytest

from definitions.errors import LandingError, TimeLimitError
from tests.processes import exit_code

pytestmark = pytest.mark.slow
MINUTES = 0.01
FOR_EVER = threading.Event()


def hangs_in_the_main_thread():
    from flows.orchestration.time_limit import time_limit  # noqa: PLC0415 - imports Prefect, which takes seconds

    with time_limit(MINUTES):
        FOR_EVER.wait()


def hangs_in_a_thread():
    from flows.orchestration.time_limit import time_limit  # noqa: PLC0415

    with contextlib.suppress(TimeLimitError), time_limit(MINUTES, grace_seconds=1, owns_process=True):
        threading.Thread(target=FOR_EVER.wait).start()
        FOR_EVER.wait()


def swallows_what_is_raised():
    from flows.orchestration.time_limit import time_limit  # noqa: PLC0415

    with time_limit(MINUTES, grace_seconds=1, owns_process=True):
        while True:
            # As Python does for exceptions of weak-reference callbacks.
            with contextlib.suppress(BaseException):
                time.sleep(60)


def test_a_run_in_its_main_thread_is_interrupted():
    with pytest.raises(TimeLimitError, match=r"longer than its time limit of 0\.01 minutes"):
        hangs_in_the_main_thread()


@pytest.mark.parametrize("hangs", [hangs_in_a_thread, swallows_what_is_raised])
def test_what_does_not_end_by_itself_is_ended_with_its_process(hangs):
    assert exit_code(hangs) == TimeLimitError.exit_code


def test_a_failure_within_the_limit_stays_what_it_is():
    from flows.orchestration.time_limit import time_limit  # noqa: PLC0415

    with pytest.raises(LandingError), time_limit(1):
        raise LandingError("a page is damaged")


def test_what_breaks_while_a_run_is_being_ended_is_no_reason_of_its_own():
    from flows.orchestration.time_limit import time_limit  # noqa: PLC0415

    def hang():
        try:
            FOR_EVER.wait()
        finally:
            raise LandingError("its client was closed")

    with pytest.raises(TimeLimitError), time_limit(MINUTES):
        hang()
