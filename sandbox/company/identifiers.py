"""Record ids as the vendors write them."""

import numpy as np
import polars as pl

from sandbox.company.chance import Ids

_DIGITS = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype="S1")
_CHECK = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", dtype="S1")
_POD = "5g0"
_SHORT = 15


def salesforce_ids(prefix: str, numbers: Ids) -> pl.Series:
    """18-character ids: key prefix, number to base 62, and the suffix that tells upper from lower case.

    >>> salesforce_ids("00Q", np.array([7])).to_list()
    ['00Q5g0000000007EAA']
    """
    letters = np.empty((len(numbers), _SHORT + 3), dtype="S1")
    letters[:, :6] = np.frombuffer((prefix + _POD).encode(), dtype="S1")
    rest = numbers.copy()
    for place in range(_SHORT - 1, 5, -1):
        rest, digit = np.divmod(rest, 62)
        letters[:, place] = _DIGITS[digit]
    upper = (letters[:, :_SHORT] >= b"A") & (letters[:, :_SHORT] <= b"Z")
    letters[:, _SHORT:] = _CHECK[(upper.reshape(-1, 3, 5) * np.array([1, 2, 4, 8, 16])).sum(axis=2)]
    return pl.Series(np.ascontiguousarray(letters).view(f"S{_SHORT + 3}").ravel().astype(str), dtype=pl.String)


def hubspot_numbers(count: int, *, after: int = 51) -> Ids:
    """Numbers of new HubSpot records: growing, with the gaps a shared counter leaves."""
    return np.asarray(after + 50 * np.arange(1, count + 1), dtype=np.int64)
