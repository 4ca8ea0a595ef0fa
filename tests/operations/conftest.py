"""The order of the tests of operations: the file that takes longest begins first, beside all others."""

import pytest

LONGEST = "test_schedule.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name != LONGEST)
