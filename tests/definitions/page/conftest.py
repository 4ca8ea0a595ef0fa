"""Let the checks say what they compared when one fails: pytest rewrites `assert` only where it is told to."""

from pathlib import Path

import pytest

pytest.register_assert_rewrite(*(f"tests.definitions.page.{path.stem}" for path in Path(__file__).parent.glob("*.py")))
