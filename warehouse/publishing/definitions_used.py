"""A version of the definitions means one text: no run may use it for another than an earlier run did."""

import sqlalchemy as sa

from definitions.errors import ConfigurationError
from definitions.schema.tables import OPS_DEFINITIONS_VERSION
from warehouse.database_errors import without_values
from warehouse.tables import TABLES


@without_values("Reading which definitions were used")
def check_definitions(engine: sa.Engine, profile: str, version: str, text_sha256: str) -> None:
    """Raise `ConfigurationError` as `refuse_other_text` does; for a run that has not begun its work."""
    with engine.connect() as connection:
        refuse_other_text(connection, profile, version, text_sha256)


def refuse_other_text(connection: sa.Connection, profile: str, version: str, text_sha256: str) -> None:
    """Raise `ConfigurationError` if this version was used with another text: rows would say a version not theirs."""
    used = TABLES[OPS_DEFINITIONS_VERSION.name].c
    other = sa.and_(used.profile == profile, used.definitions_version == version, used.text_sha256 != text_sha256)
    if connection.execute(sa.select(sa.exists().where(other))).scalar_one():
        raise ConfigurationError(
            f"The definitions {profile} {version} were used before with another text. Give the changed text a version "
            "of its own."
        )
