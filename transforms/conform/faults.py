"""Faults: the reason why a record cannot be conformed, as a value of one column; null for none."""

import polars as pl

from definitions.quarantine_reasons import CONFORM_REASONS, EXPECTED_VALUES

_REASON, _EXPECTED = pl.Enum(CONFORM_REASONS), pl.Enum(EXPECTED_VALUES)
FAULT = pl.Struct({"reason_code": _REASON, "field_name": pl.String, "expected": _EXPECTED, "detail": pl.String})
"""`expected`: what a value of the field must be; null for other faults. `detail`: the word or shape found; null where
there is none or it may be personal."""


def fault(reason_code: str, field_name: str, *, expected: str | None = None, detail: pl.Expr | None = None) -> pl.Expr:
    """Compile a `FAULT` of a field."""
    return pl.struct(
        reason_code=pl.lit(reason_code, _REASON),
        field_name=pl.lit(field_name),
        expected=pl.lit(expected, _EXPECTED),
        detail=pl.lit(None, pl.String) if detail is None else detail,
    )
