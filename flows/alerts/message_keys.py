"""Keys of messages, targets and findings: digests that are the same in every process and hold nothing readable.

A message's key follows from what it tells and to whom, never from when: a repetition has the key of the first.
"""

import hashlib
import re
from collections.abc import Collection
from urllib.parse import parse_qsl

_LENGTH = 32
_SECRET = re.compile(r"token|key|secret|pass|sig|auth|cred", re.IGNORECASE)


def message_key(kind: str, target: str, tells: Collection[str]) -> str:
    """Key of a message of this kind to this target; `tells` are ids of issues, or the day of an announcement.

    >>> message_key("digest", "t", ["i2", "i1"]) == message_key("digest", "t", ["i1", "i2"])
    True
    """
    return _digest("message", kind, target, *sorted(tells))


def finding_key(record_kind: str, record_id: str, rule_id: str) -> str:
    """Name a record and the rule that it fails, whichever life of the issue it is."""
    return _digest("finding", record_kind, record_id, rule_id)


def owner_target(owner_id: str) -> str:
    """Identity of an owner as a target: the person, whatever address they have and whichever server brings it."""
    return _digest("owner", owner_id)


def revops_target(url: str, options: Collection[str]) -> str:
    """Identity of a target of RevOps: its URL without the password, and without parameters that are secrets or options.

    The same wherever it stands in the settings and after its password was changed. A token in the path stays: where a
    service has nothing else, it is what tells one channel from another. `options` are parameters that say how to send.

    >>> old, new = "jsons://bot:old@h.example/a?rto=4&-token=x", "jsons://bot:new@h.example/a?rto=9&-token=y"
    >>> revops_target(old, ["rto"]) == revops_target(new, ["rto"]) != revops_target("jsons://bot@h.example/b", ["rto"])
    True
    """
    scheme, _, rest = url.partition("://")
    place, _, query = rest.partition("?")
    authority, _, path = place.partition("/")
    account, at, host = authority.rpartition("@")
    user = account.partition(":")[0]
    kept = sorted(
        f"{name}={value}"
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name.lower() not in options and not _SECRET.search(name)
    )
    return _digest("revops", scheme, user + at, host, path.rstrip("/"), *kept)


def _digest(*parts: str) -> str:
    # Between the parts a character that none of them has, so that no two lists of parts read alike.
    return hashlib.sha256("\x1f".join(("bantam", *parts)).encode()).hexdigest()[:_LENGTH]
