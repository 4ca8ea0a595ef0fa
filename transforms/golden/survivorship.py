"""Which record gives an entity its values: rules read from the declared columns (semantics D0).

A CRM wins for owner, status, stage and amount; marketing wins for lifecycle and engagement; consent and bounce take the
most restrictive; descriptions take the latest that is not empty; origins take the earliest. Columns that mean nothing
apart (an amount and its currency) always come from one record.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from definitions.schema.column import Column, Computed, Rule, Survival


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivor:
    """Fields that come from one record: the first, by `rule`, of the records that have the first of `wanted`.

    Where no record has that, the first of those that have the second, and so on. `vague` values count as less than any
    other. `about` names a field whose value the fields tell something of: a record that holds another value than the
    entity has no say. `name` is what `field_winners` calls the record; `gives` renames a single field.
    """

    fields: tuple[str, ...]
    rule: Rule
    wanted: tuple[str, ...]
    name: str
    vague: tuple[str, ...] = ()
    about: str | None = None
    gives: str | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the fields in the golden record."""
        return (self.gives,) if self.gives else self.fields


def rules_of(columns: Iterable[Column]) -> tuple[Survivor, ...]:
    """Make the rules of an entity's columns, in their order; columns of one `Survival` share a rule."""
    shared: dict[Survival, list[str]] = {}
    alone: dict[Survival, Column] = {}
    for column in columns:
        survives = None if isinstance(column.origin, Computed) else column.origin.survives
        if survives is None:
            continue
        if isinstance(survives, Rule):
            survives = Survival(survives, column.name, wanted=(column.name,))
            alone[survives] = column
        shared.setdefault(survives, []).append(column.name)
    return tuple(_rule(survival, names, alone.get(survival)) for survival, names in shared.items())


def _rule(survival: Survival, names: list[str], alone: Column | None) -> Survivor:
    return Survivor(
        fields=tuple(names) if survival.of is None else (survival.of,),
        rule=survival.rule,
        wanted=survival.wanted or (survival.together,),
        name=survival.together,
        # What nobody has asked counts as less than any answer.
        vague=("unknown",) if alone is not None and "unknown" in alone.values else (),
        about=survival.about,
        gives=names[0] if survival.of else None,
    )
