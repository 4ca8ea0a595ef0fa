"""Entities, canonical records and table contracts, derived from declared columns."""

from dataclasses import dataclass
from functools import cached_property

from definitions.schema.column import Column, Source, Step

# Columns of the source record itself; every canonical record begins with them, in this order.
_PROVENANCE = (
    "record_key", "source_system", "source_object", "source_id", "source_url", "source_created_at", "source_updated_at",
    "is_deleted",
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """Contract of one table, which BI tools may rely on: `key` is unique and never null.

    `bantam_reader` may read the schema `curated`; the schema `ops` holds the pipeline's run log.
    """

    schema: str
    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    may_be_empty: bool = True

    @cached_property
    def names(self) -> list[str]:
        """Column names in contract order."""
        return [column.name for column in self.columns]

    @cached_property
    def required(self) -> frozenset[str]:
        """Columns that are never null."""
        return frozenset((*self.key, *(column.name for column in self.columns if column.required)))

    @cached_property
    def references(self) -> dict[str, str]:
        """The `table.column` that each referencing column refers to."""
        return {column.name: column.refers_to for column in self.columns if column.refers_to}

    @cached_property
    def content(self) -> list[str]:
        """Columns that are compared to detect a changed row: all but those about the run that wrote it."""
        return [column.name for column in self.columns if column.step is not Step.RUN]

    def __getitem__(self, name: str) -> Column:
        """Return a column by its name."""
        return self.columns[self.names.index(name)]


@dataclass(frozen=True)
class RecordKind:
    """Contract of one kind of canonical record, which mappings must produce; column order is part of the contract.

    Grain: one record of one source. `required` fields are never null; any other null means the source did not say.
    """

    name: str
    fields: tuple[Column, ...]

    @cached_property
    def names(self) -> list[str]:
        """Column names in contract order."""
        return [column.name for column in self.fields]

    @cached_property
    def required(self) -> frozenset[str]:
        """Columns that are never null."""
        return frozenset(
            column.name for column in self.fields if isinstance(column.origin, Source) and column.origin.required
        )


@dataclass(frozen=True)
class Entity:
    """All columns of an entity, once: of its records, its published table, and the intermediate frames.

    In the order of the published table, or of the record where there is no table.
    """

    name: str
    columns: tuple[Column, ...]

    @cached_property
    def record(self) -> RecordKind:
        """The canonical record: the columns that a mapping fills, provenance first."""
        named = {column.name: column for column in self.columns if column.step is Step.RECORD}
        provenance = tuple(named.pop(name) for name in _PROVENANCE)
        return RecordKind(self.name, (*provenance, *named.values()))

    @cached_property
    def published(self) -> tuple[Column, ...]:
        """The columns of the published table."""
        return tuple(column for column in self.columns if column.published)
