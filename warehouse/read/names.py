"""Search of persons and deals by name, and the values that issues can be filtered by."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from definitions.schema.tables import DIM_ACCOUNT, DIM_OWNER, DIM_PERSON, FCT_HYGIENE_ISSUE, FCT_OPPORTUNITY
from warehouse.database_errors import without_values
from warehouse.read.published import last_run
from warehouse.tables import TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Namesake:
    """A published person or deal that matches by its own or its account's name; unknown fields are None."""

    kind: str
    name: str | None
    account: str | None
    current_class: str
    record_id: str


@without_values("Looking up a name")
def namesakes(engine: sa.Engine, search_term: str, *, limit: int) -> list[Namesake]:
    """Find persons and deals of this name, or of an account of this name; without a match, names that contain it.

    Case and the amount of white space do not matter. Sorted by kind, name and id; at most `limit`.
    """
    with engine.connect() as connection:
        for is_part in (False, True):
            statement = _named(" ".join(search_term.split()), is_part=is_part).limit(limit)
            if found := connection.execute(statement).mappings().all():
                return [Namesake(**row) for row in found]
    return []


def _named(search_term: str, *, is_part: bool) -> sa.Select[tuple[str, str | None, str | None, str, str]]:
    person, deal, account = TABLES[DIM_PERSON.name], TABLES[FCT_OPPORTUNITY.name], TABLES[DIM_ACCOUNT.name]
    full_name = sa.func.nullif(sa.func.concat_ws(" ", person.c.first_name, person.c.last_name), "")

    def is_called(*names: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        plain = [sa.func.regexp_replace(sa.func.trim(name), r"\s+", " ", "g") for name in names]
        if is_part:
            return sa.or_(*(name.icontains(search_term, autoescape=True) for name in plain))
        return sa.or_(*(sa.func.lower(name) == sa.func.lower(search_term) for name in plain))

    people = sa.select(
        sa.literal("person").label("kind"),
        full_name.label("name"),
        sa.func.coalesce(account.c.name, person.c.company_name).label("account"),
        person.c.lifecycle_class.label("current_class"),
        person.c.person_id.label("record_id"),
    ).select_from(person.outerjoin(account, account.c.account_id == person.c.account_id))
    deals = sa.select(
        sa.literal("deal"), deal.c.name, account.c.name, deal.c.pipeline_class, deal.c.opportunity_id
    ).select_from(deal.outerjoin(account, account.c.account_id == deal.c.account_id))
    both = sa.union_all(
        people.where(is_called(full_name, person.c.company_name, account.c.name)),
        deals.where(is_called(deal.c.name, account.c.name)),
    ).subquery()
    return sa.select(*both.c).order_by(both.c.kind, both.c.name, sa.collate(both.c.record_id, "C"))


@without_values("Looking up rules")
def rule_ids(engine: sa.Engine) -> list[str]:
    """List all rules of the newest run's definitions, and others that ever had an issue, sorted."""
    issues, last = TABLES[FCT_HYGIENE_ISSUE.name], last_run(engine)
    of_definitions = {key.split(" ")[0] for key in (last.report.get("actions", {}) if last is not None else {})}
    with engine.connect() as connection:
        of_issues = connection.execute(sa.select(issues.c.rule_id).distinct()).scalars()
        return sorted(of_definitions.union(of_issues))


@without_values("Looking up owners")
def owner_ids(engine: sa.Engine) -> Mapping[str, tuple[str, ...]]:
    """List all owner ids with their search words: ids, name and e-mail address, in lower case."""
    owner = TABLES[DIM_OWNER.name]
    columns = (owner.c.owner_id, owner.c.source_id, owner.c.owner_name, owner.c.owner_email)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(*columns)).all()
    return {
        key: tuple(" ".join(word.split()).lower() for word in (key, *words) if word) for key, *words in sorted(rows)
    }
