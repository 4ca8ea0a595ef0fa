"""Survivorship rules: which record provides each field of an entity, from the declared columns (semantics D0).

A CRM wins for owner, status, stage and amount; marketing wins for lifecycle and engagement; consent and bounce take the
most restrictive; descriptions take the latest that is not empty; origins take the earliest. Dependent columns
(an amount and its currency) always come from one record.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from definitions.schema.column import Column, Computed, Rule, Survival


@dataclass(frozen=True, slots=True, kw_only=True)
class Survivor:
    """Rule for fields that come from one record: the first, by `rule`, of the records that have the first of `wanted`.

    Where no record has that, the first of those that have the second, and so on. `vague` values rank below any other.
    `about` names a field that the fields describe: a record with another value of it than the entity's is ignored.
    `name` is the key of the record in `field_winners`; `output` renames a single field.
    """

    fields: tuple[str, ...]
    rule: Rule
    wanted: tuple[str, ...]
    name: str
    vague: tuple[str, ...] = ()
    about: str | None = None
    output: str | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the fields in the golden record."""
        return (self.output,) if self.output else self.fields


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
        # `unknown` means that the question was not asked: any answer ranks above it.
        vague=("unknown",) if alone is not None and "unknown" in alone.values else (),
        about=survival.about,
        output=names[0] if survival.of else None,
    )
