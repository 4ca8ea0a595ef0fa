"""How often a test tries again: some times with the others, as often as promised with `make test-operations LONG=1`."""

import os

_IS_LONG = bool(os.environ.get("BANTAM_LONG_TESTS"))


def repetitions(few: int, many: int) -> int:
    """Give `few`, or `many` where the long way was asked for."""
    return many if _IS_LONG else few
