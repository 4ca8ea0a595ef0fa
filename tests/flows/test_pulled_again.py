"""When a stream is pulled again: after each wait, where waiting can help, and never otherwise."""

import pytest

from definitions.errors import LandingError, SourceRefusedError, TryAgainError

BUSY = TryAgainError("hubspot.contacts: busy")
REFUSED = SourceRefusedError("hubspot.contacts: the token may not read this")
FULL = LandingError("the disk is full")


class Waits:
    """Waits that are over at once; `seconds` tells how long each was meant to be."""

    def __init__(self):
        self.seconds = []

    def sleep(self, seconds):
        self.seconds.append(seconds)


@pytest.mark.parametrize(
    ("failures", "waited", "ends_in"),
    [
        ([], [], None),
        ([BUSY], [60], None),
        ([BUSY, BUSY], [60, 600], None),
        ([BUSY, BUSY, BUSY], [60, 600], BUSY),
        ([REFUSED], [], REFUSED),
        ([BUSY, FULL], [60], FULL),
    ],
    ids=["landed", "busy once", "busy twice", "busy for good", "refused", "busy, and then the disk is full"],
)
def test_a_stream_is_pulled_again_only_where_waiting_can_mend_it(failures, waited, ends_in):
    # Here, because they import Prefect.
    from prefect.logging import disable_run_logger  # noqa: PLC0415

    from flows.refresh_pipeline import _again_later  # noqa: PLC0415

    waits, left = Waits(), [*failures]

    def pull():
        if left:
            raise left.pop(0)
        return "landed"

    with disable_run_logger():
        if ends_in is None:
            assert _again_later(pull, waits) == "landed"
        else:
            with pytest.raises(type(ends_in), match=str(ends_in)):
                _again_later(pull, waits)
    assert (waits.seconds, left) == (waited, [])
