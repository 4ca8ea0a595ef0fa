"""Fingerprint of an agreement: a hash of its YAML content, independent of key order, comments and layout.

A warehouse stores the fingerprint of every version that a run used, and later releases compare theirs with it. So it
depends on the file alone: no predicate is parsed, and no name or vocabulary of this code is hashed. The prefix names
the scheme: code that returns another fingerprint for the same text needs another prefix.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from definitions.config.yaml_file import read_yaml_text

_SCHEME = "yaml1:"
_SIGNATURE = ("status", "approved_by")


def fingerprint_of(content: Mapping[str, Any]) -> str:
    """Hash the content of a definitions file, as `read_yaml` returns it, without its status and signatures.

    Signing the agreement must not change its fingerprint.

    >>> one, other = {"lead_days": 180, "multiple": 2.0}, {"multiple": 2, "lead_days": 180, "status": "approved"}
    >>> fingerprint_of(one) == fingerprint_of(other), fingerprint_of(one)[:12]
    (True, 'yaml1:87efd7')
    """
    agreed = {name: _canonical(value) for name, value in content.items() if name not in _SIGNATURE}
    canonical_json = json.dumps(agreed, sort_keys=True, separators=(",", ":"))
    return _SCHEME + hashlib.sha256(canonical_json.encode()).hexdigest()


def fingerprint_of_text(text: str, where: str) -> str:
    """As `fingerprint_of`, from the text of a file; raises `ConfigurationError` naming `where` if it is not YAML."""
    content, _ = read_yaml_text(text, where)
    return fingerprint_of(content)


def _canonical(value: Any) -> Any:
    """Normalise equal values to one form: 2.0 to 2, a day or a plain `true` to its text, quoted or not."""
    match value:
        case dict():
            return {key: _canonical(item) for key, item in value.items()}
        case list():
            return [_canonical(item) for item in value]
        case bool():
            return str(value).lower()
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
