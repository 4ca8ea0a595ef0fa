"""Fault limit: how many bad records or bad values stop a run; one policy, shared by all that count them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultLimit:
    """Tolerates `few` faults, however small the total, and faults up to a `share` (0 to 1) of the total.

    A share of 0 tolerates none.

    >>> limit = FaultLimit(share=0.01, few=10)
    >>> limit.is_exceeded(10, of=10), limit.is_exceeded(11, of=1000), limit.is_exceeded(11, of=1100)
    (False, True, False)
    >>> FaultLimit(share=0, few=10).is_exceeded(1, of=1000)
    True
    """

    share: float
    few: int

    def is_exceeded(self, faults: int, *, of: int) -> bool:
        """Whether the number of faults, out of `of` records or values, exceeds the limit."""
        return faults > max(self.few if self.share else 0, self.share * of)


# Records of a stream that cannot be read; the share is `quarantine_ceiling` of the settings.
RECORDS = FaultLimit(share=0.01, few=10)
# Values of one column of a file that violate its declaration; the share is `unreadable_ceiling`.
VALUES = FaultLimit(share=0.05, few=2)
_MOST = 0.5


def of_fields(values: FaultLimit) -> FaultLimit:
    """Return the limit of the values of any field that cannot be read, from that of a file's columns.

    A new word in a picklist is no wrong mapping; most of the words are. A share above that applies here too, and 0.

    >>> [of_fields(FaultLimit(share=share, few=2)).share for share in (0.05, 0.9, 0)]
    [0.5, 0.9, 0]
    """
    return FaultLimit(share=max(_MOST, values.share) if values.share else 0, few=RECORDS.few)
