"""Salesforce streams: objects, their fields and passes. Their pagers are in the imported modules."""

import re
from urllib.parse import quote_plus

import msgspec

from connectors.http.client import Http
from connectors.http.request import Call
from connectors.salesforce import mapping
from connectors.salesforce.account import Account, open_http
from connectors.salesforce.query import all_pages, fresh_pages, open_pages, row_identity, settled_pages
from connectors.stream import PreparedStream, Stream, SyncMode, SyncPass
from definitions.errors import ConfigurationError, SourceRefusedError
from definitions.mapping.envelope import Envelope
from definitions.mapping.stream_mapping import StreamMapping

__all__ = ["STREAMS", "Account", "open_http"]

# URL and headers of a request must stay under 16,384 bytes; the rest of the query needs space too.
WIDEST_SELECT = 12_000
NEEDED = frozenset({"Id", "SystemModstamp"})
_NOT_SCALAR = frozenset({"address", "location", "base64", "anyType", "complexvalue", "json"})
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class _Field(msgspec.Struct, frozen=True):
    name: str
    type: str
    calculated: bool = False


class _Described(msgspec.Struct, frozen=True):
    fields: list[_Field]


_DESCRIBED = msgspec.json.Decoder(_Described)


def choose_fields(stream: Stream[Account], account: Account, http: Http) -> PreparedStream:
    """Choose the fields to request: the standard ones that this org has, and every custom field with a single value.

    Raises `ConfigurationError` naming configured fields the org lacks (or hides from this user), `SourceRefusedError`
    where a required field is hidden. Custom fields beyond the width of a query are left out, configured ones last, and
    listed in the notes.
    """
    call = Call(stream=stream.name, path=account.path(f"/sobjects/{stream.remote}/describe"))
    answer = http.ask(call, _DESCRIBED)
    existing = {
        found.name for found in answer.value.fields if found.type not in _NOT_SCALAR and _WORD.fullmatch(found.name)
    }
    where = f"{account.name}: {stream.name}"
    if hidden := sorted(NEEDED - existing):
        raise SourceRefusedError(f"{where}: this user may not read {', '.join(hidden)}. Grant field access to it.")
    configured = account.properties.get(stream.object, ())
    if missing := sorted(set(configured) - existing):
        raise ConfigurationError(
            f"{where}: no such field: {', '.join(missing)}. Correct the field map (it wants the API name), or let "
            "this user read it."
        )
    standard = tuple(dict.fromkeys((*stream.envelope.fields(), *stream.mapping.requested_fields())))
    custom = sorted(name for name in existing if name.endswith("__c"))
    wanted = tuple(dict.fromkeys(name for name in (*standard, *configured, *custom) if name in existing))
    fitting = _fitting(wanted)
    absent, too_many = sorted(set(standard) - existing), sorted(set(wanted) - set(fitting))
    notes = [f"fields this org does not have or show: {', '.join(absent)}"] if absent else []
    notes += [f"custom fields left out, a query cannot hold them: {', '.join(too_many)}"] if too_many else []
    has_calculated = any(found.calculated and found.name in fitting for found in answer.value.fields)
    return PreparedStream(
        fields=fitting, notes=tuple(notes), source_now=answer.source_now, has_calculated=has_calculated
    )


def _fitting(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return as many fields, from the front, as fit into one query."""
    fitting, width = [], 0
    for name in wanted:
        width += len(quote_plus(f"{name}, "))
        if width <= WIDEST_SELECT:
            fitting.append(name)
    return tuple(fitting)


def _changing(
    name: str, remote: str, of: StreamMapping, *, dies: bool = True, reread: str = "", core: bool = True
) -> Stream[Account]:
    return Stream(
        name=name,
        mapping=of,
        remote=remote,
        identify=row_identity,
        envelope=Envelope(id="Id", version="SystemModstamp", deleted="IsDeleted" if dies else None),
        modified="SystemModstamp",
        reread=reread,
        is_required=core,
        prepare=choose_fields,
        passes=(
            SyncPass(name="settled", when=SyncMode.ALWAYS, pages=settled_pages),
            SyncPass(name="fresh", when=SyncMode.ALWAYS, pages=fresh_pages),
            SyncPass(name="open", when=SyncMode.AGAIN, pages=open_pages),
        ),
    )


STREAMS: tuple[Stream[Account], ...] = (
    _changing("user", "User", mapping.USER, dies=False, core=False),
    Stream(
        name="opportunity_stage",
        mapping=mapping.STAGE_LIST,
        remote="OpportunityStage",
        is_required=True,
        identify=row_identity,
        envelope=Envelope(id="Id", version="SystemModstamp"),
        prepare=choose_fields,
        passes=(SyncPass(name="all", when=SyncMode.ALWAYS, pages=all_pages),),
    ),
    _changing("account", "Account", mapping.ACCOUNTS),
    _changing("lead", "Lead", mapping.LEAD),
    _changing("contact", "Contact", mapping.CONTACT),
    _changing("opportunity", "Opportunity", mapping.OPPORTUNITIES, reread=mapping.OPPORTUNITIES.object),
    _changing("opportunity_contact_role", "OpportunityContactRole", mapping.CONTACT_ROLE, core=False),
    _changing("task", "Task", mapping.TASK, core=False),
)
