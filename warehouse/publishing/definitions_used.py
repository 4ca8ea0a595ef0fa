"""A version of the definitions means one text: no run may use it for another than an earlier run did.

Texts are compared by their fingerprints, which `ops.definitions_version` keeps. One that an earlier release stored may
have been made in another way: where two differ, the text stored beside it is fingerprinted anew and decides. The
publication replaces the stored row, so a version goes that way once.
"""

import sqlalchemy as sa

from definitions.errors import ConfigurationError
from definitions.fingerprint import fingerprint_of_text
from definitions.schema.tables import OPS_DEFINITIONS_VERSION
from warehouse.database_errors import without_values
from warehouse.tables import TABLES


@without_values("Reading which definitions were used")
def check_definitions(engine: sa.Engine, profile: str, version: str, text_sha256: str) -> tuple[str, ...]:
    """Raise `ConfigurationError` as `refuse_other_text` does; for a run that has not begun its work.

    Returns what the report should say of it: that the run replaces the fingerprint of an earlier release.
    """
    with engine.connect() as connection:
        is_stored_anew = refuse_other_text(connection, profile, version, text_sha256)
    note = (
        f"the definitions {profile} {version} are the ones used before; their fingerprint was stored by an earlier "
        f"release and is replaced by {text_sha256}"
    )
    return (note,) if is_stored_anew else ()


def refuse_other_text(connection: sa.Connection, profile: str, version: str, text_sha256: str) -> bool:
    """Raise `ConfigurationError` if this version was used with another text: rows would say a version not theirs.

    Returns whether the text is the same though its stored fingerprint is another: an earlier release made that.
    """
    used = TABLES[OPS_DEFINITIONS_VERSION.name].c
    is_version = sa.and_(used.profile == profile, used.definitions_version == version)
    stored = connection.execute(sa.select(used.text_sha256, used.definitions_text).where(is_version)).one_or_none()
    if stored is None or stored.text_sha256 == text_sha256:
        return False
    if _fingerprint_now(stored.definitions_text) != text_sha256:
        raise ConfigurationError(
            f"The definitions {profile} {version} were used before with another text. Give the changed text a version "
            "of its own."
        )
    return True


def _fingerprint_now(text: str) -> str | None:
    """Fingerprint a stored text as this release does; None where it cannot be read any more."""
    try:
        return fingerprint_of_text(text, OPS_DEFINITIONS_VERSION.name)
    except ConfigurationError:
        return None
