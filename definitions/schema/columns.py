"""Index of all columns by name, over all records and tables."""

from definitions.errors import ConfigurationError
from definitions.schema.column import Column
from definitions.schema.records import ENTITIES
from definitions.schema.tables import CURATED, OPS, PUBLISHED_RUN


def _by_name() -> dict[str, Column]:
    """Index columns by name; raise if two columns of one name differ in kind or meaning."""
    found: dict[str, Column] = {}
    declared = (entity.columns for entity in ENTITIES.values())
    for columns in (*declared, *(table.columns for table in (*CURATED, PUBLISHED_RUN, *OPS))):
        for column in columns:
            first = found.setdefault(column.name, column)
            if (first.kind, first.means) != (column.kind, column.means):
                raise ConfigurationError(f"the column {column.name} is declared with two kinds or meanings")
    return found


COLUMNS = _by_name()


def columns_named(names: str) -> tuple[Column, ...]:
    """Look up columns by their names, separated by white space.

    >>> [column.kind.value for column in columns_named("close_date amount")]
    ['day', 'money']
    """
    return tuple(COLUMNS[name] for name in names.split())
