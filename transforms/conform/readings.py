"""Which function reads which stream of which vendor; the one list that ties the two together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import polars as pl

from transforms.conform import hubspot, hubspot_links, salesforce, salesforce_links
from transforms.conform.conformed import Conformed
from transforms.conform.hubspot_activities import contact_activities
from transforms.conform.meaning import Meaning
from transforms.conform.raw import gathered
from transforms.step import ROW, step

Read = Callable[[pl.LazyFrame, Meaning], Conformed]
Open = Callable[[pl.LazyFrame, Meaning], pl.LazyFrame]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one stream becomes canonical records of one kind. Every reading is row by row, so a state is read in parts.

    `keeps_versions`: the state keeps every version, for history. `merges`: survivors name the records merged into them,
    so that the state is given to `opens` with `survivor`. `opens` makes the text that `read` and `also` share; `also`
    gives further records that are told by dates on the stream's own, by kind. `explodes`: one landed record holds
    several canonical ones.
    """

    kind: str
    read: Read
    keeps_versions: bool = False
    merges: bool = False
    explodes: bool = False
    opens: Open | None = None
    also: Mapping[str, Read] | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of records the stream tells of, its own first."""
        return (self.kind, *(self.also or {}))


@step(partition_by=ROW)
def read_kinds(reading: Reading, state: pl.LazyFrame, meaning: Meaning, where: str) -> dict[str, Conformed]:
    """Conform a state, or a part of it, to each kind the stream tells of."""
    text = state if reading.opens is None else reading.opens(state, meaning)
    if reading.also is None:
        return {reading.kind: reading.read(text, meaning)}
    # Opened once: to read the JSON costs more than all that is done with it.
    shared = gathered(text, where).lazy()
    return {kind: read(shared, meaning) for kind, read in ((reading.kind, reading.read), *reading.also.items())}


def _opened(object_name: str) -> Open:
    return partial(hubspot.opened, object_name=object_name)


_HUBSPOT = {
    "owners": Reading(kind="owner", read=hubspot.owners),
    "pipelines": Reading(kind="stage", read=hubspot_links.pipelines, explodes=True),
    "companies": Reading(kind="account", read=hubspot.companies, opens=_opened("company"), merges=True),
    "contacts": Reading(
        kind="person",
        read=hubspot.contacts,
        opens=_opened("contact"),
        also={"activity": contact_activities},
        merges=True,
    ),
    "deals": Reading(
        kind="opportunity",
        read=hubspot.deals,
        opens=_opened("deal"),
        keeps_versions=True,
        merges=True,
    ),
    **{
        name: Reading(kind="association", read=partial(hubspot_links.associations, stream=name), explodes=True)
        for name in ("contacts_companies", "deals_companies", "deals_contacts")
    },
}
_SALESFORCE = {
    "user": Reading(kind="owner", read=salesforce.users),
    "opportunity_stage": Reading(kind="stage", read=salesforce_links.stages),
    "account": Reading(kind="account", read=salesforce.accounts),
    "lead": Reading(kind="person", read=salesforce.leads),
    "contact": Reading(kind="person", read=salesforce.contacts),
    "opportunity": Reading(kind="opportunity", read=salesforce.opportunities, keeps_versions=True),
    "opportunity_contact_role": Reading(kind="association", read=salesforce_links.contact_roles),
    "task": Reading(kind="activity", read=salesforce_links.tasks),
}
READINGS: Mapping[str, Mapping[str, Reading]] = {"hubspot": _HUBSPOT, "salesforce": _SALESFORCE}
