"""HubSpot streams: object types, their properties and passes. Their pagers are in the imported modules."""

from dataclasses import replace

import msgspec

from connectors.http.client import Http
from connectors.http.request import Call
from connectors.hubspot import mapping
from connectors.hubspot.account import Account, open_http
from connectors.hubspot.associations import association_pages, open_association_pages
from connectors.hubspot.lists import archived_and_restored_pages, archived_pages, live_pages, open_pages, whole_list
from connectors.hubspot.responses import Properties, association_identity, object_identity, simple_identity
from connectors.hubspot.search import changed_pages
from connectors.stream import PreparedStream, Stream, SyncMode, SyncPass
from definitions.errors import ConfigurationError
from definitions.mapping.envelope import Envelope
from definitions.mapping.stream_mapping import StreamMapping

__all__ = ["STREAMS", "Account", "open_http"]

_OBJECT = Envelope(id="id", version="updatedAt", deleted="archived")
_PROPERTIES = msgspec.json.Decoder(Properties)


def check_properties(stream: Stream[Account], account: Account, http: Http) -> PreparedStream:
    """Choose the properties to request: the standard ones that the account has, and every configured one.

    Raises `ConfigurationError` naming configured properties that the account lacks: HubSpot would ignore them, and
    their values would stay null.
    """
    kind = stream.remote.rpartition("/")[2]
    answer = http.ask(Call(stream=stream.name, path=account.path("properties", f"/{kind}")), _PROPERTIES)
    existing = {named.name for named in answer.value.results}
    custom = account.properties.get(stream.object, ())
    if missing := sorted(set(custom) - existing):
        raise ConfigurationError(
            f"{account.name}: {stream.name}: no such property: {', '.join(missing)}. Correct the field map (it wants "
            "the internal name), or create the property."
        )
    standard = stream.mapping.requested_fields()
    absent = sorted(set(standard) - existing)
    return PreparedStream(
        fields=tuple(dict.fromkeys(name for name in (*standard, *custom) if name in existing)),
        notes=(f"properties this account does not have: {', '.join(absent)}",) if absent else (),
        source_now=answer.source_now,
        # Its own calculated properties move the modified time; those of an account may depend on other records.
        has_calculated=any(named.calculated and named.name in custom for named in answer.value.results),
    )


def _crm_object(name: str, of: StreamMapping, modified: str, reread: str = "") -> Stream[Account]:
    return Stream(
        name=name,
        mapping=of,
        remote=f"objects/{name}",
        identify=object_identity(modified),
        envelope=_OBJECT if of.flag is None else replace(_OBJECT, flag=f"{of.inside}.{of.flag}"),
        modified=modified,
        reread=reread,
        is_required=True,
        prepare=check_properties,
        passes=(
            # A record restored in between is then in both lists; in the other order it would be in none.
            SyncPass(name="archive", when=SyncMode.FIRST, pages=archived_pages),
            SyncPass(name="list", when=SyncMode.FIRST, pages=live_pages),
            SyncPass(name="changes", when=SyncMode.AGAIN, pages=changed_pages),
            SyncPass(name="archived", when=SyncMode.AGAIN, pages=archived_and_restored_pages),
            SyncPass(name="open", when=SyncMode.AGAIN, pages=open_pages),
        ),
    )


def _association(name: str, of: StreamMapping, remote: str, after: Stream[Account]) -> Stream[Account]:
    return Stream(
        name=name,
        mapping=of,
        remote=remote,
        identify=association_identity,
        envelope=Envelope(id="from.id"),
        after=after.name,
        reread=after.object,
        passes=(
            # First, so that a listing resumed in it still follows what has landed since.
            SyncPass(name="open", when=SyncMode.AGAIN, pages=open_association_pages),
            SyncPass(name="associations", when=SyncMode.ALWAYS, pages=association_pages),
        ),
    )


CONTACTS = _crm_object("contacts", mapping.CONTACT, "lastmodifieddate")
COMPANIES = _crm_object("companies", mapping.COMPANY, "hs_lastmodifieddate")
DEALS = _crm_object("deals", mapping.DEAL, "hs_lastmodifieddate", reread=mapping.DEAL.object)
OWNERS = Stream(
    name="owners",
    mapping=mapping.OWNERS,
    remote="owners",
    identify=simple_identity,
    envelope=_OBJECT,
    passes=(
        SyncPass(name="active", when=SyncMode.ALWAYS, pages=live_pages),
        SyncPass(name="deactivated", when=SyncMode.ALWAYS, pages=archived_pages),
    ),
)
PIPELINES = Stream(
    name="pipelines",
    mapping=mapping.PIPELINES,
    remote="pipelines/deals",
    is_required=True,
    identify=simple_identity,
    envelope=_OBJECT,
    passes=(SyncPass(name="all", when=SyncMode.ALWAYS, pages=whole_list),),
)
STREAMS: tuple[Stream[Account], ...] = (
    OWNERS,
    PIPELINES,
    COMPANIES,
    CONTACTS,
    DEALS,
    _association("contacts_companies", mapping.CONTACTS_COMPANIES, "contacts/companies", CONTACTS),
    _association("deals_companies", mapping.DEALS_COMPANIES, "deals/companies", DEALS),
    _association("deals_contacts", mapping.DEALS_CONTACTS, "deals/contacts", DEALS),
)
"""Ordered so that a stream is pulled after the one it follows (`Stream.after`)."""
