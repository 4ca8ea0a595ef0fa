"""Keys of messages, targets and findings: hashes that are the same in every process and hold nothing readable.

The key of a message depends on its content and target, never on the time: a repetition has the key of the first.
"""

import hashlib
import re
from collections.abc import Collection
from urllib.parse import parse_qsl

_LENGTH = 32
_SECRET = re.compile(r"token|key|secret|pass|sig|auth|cred", re.IGNORECASE)


def message_key(kind: str, target: str, contents: Collection[str]) -> str:
    """Return the key of a message of this kind and target; `contents` are ids of issues or an announcement's day.

    >>> message_key("digest", "t", ["i2", "i1"]) == message_key("digest", "t", ["i1", "i2"])
    True
    """
    return _digest("message", kind, target, *sorted(contents))


def finding_key(record_kind: str, record_id: str, rule_id: str) -> str:
    """Return the key of a record and the rule that it fails, the same each time the issue is opened."""
    return _digest("finding", record_kind, record_id, rule_id)


def owner_target(owner_id: str) -> str:
    """Return the identity of an owner as a target, independent of address and mail server."""
    return _digest("owner", owner_id)


def revops_target(url: str, options: Collection[str]) -> str:
    """Return the identity of a RevOps target: its URL without password and without secret or optional parameters.

    It does not depend on the position in the settings or on the password. A token in the path is part of it: for some
    services nothing else distinguishes one channel from another. `options` are parameters that only say how to send.

    >>> old, new = "jsons://bot:old@h.example/a?rto=4&-token=x", "jsons://bot:new@h.example/a?rto=9&-token=y"
    >>> revops_target(old, ["rto"]) == revops_target(new, ["rto"]) != revops_target("jsons://bot@h.example/b", ["rto"])
    True
    """
    scheme, _, remainder = url.partition("://")
    location, _, query = remainder.partition("?")
    authority, _, path = location.partition("/")
    account, at, host = authority.rpartition("@")
    user = account.partition(":")[0]
    parameters = sorted(
        f"{name}={value}"
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name.lower() not in options and not _SECRET.search(name)
    )
    return _digest("revops", scheme, user + at, host, path.rstrip("/"), *parameters)


def _digest(*parts: str) -> str:
    # The separator occurs in no part, so that no two lists of parts have the same text.
    return hashlib.sha256("\x1f".join(("bantam", *parts)).encode()).hexdigest()[:_LENGTH]
