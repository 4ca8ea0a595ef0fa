"""Field metadata of both systems, derived from the tables."""

import polars as pl

LISTED = 40


def hubspot_properties(table: pl.DataFrame) -> list[dict[str, object]]:
    """Properties of an object type, as HubSpot's properties answer lists them."""
    return [_property(name, table) for name in table.columns if not name.startswith("_")]


def _property(name: str, table: pl.DataFrame) -> dict[str, object]:
    kind, form = _hubspot_kind(table.schema[name])
    options: list[str] = []
    if kind == "string" and name in _CHOICES:
        kind, form, options = "enumeration", "select", _values(table, name)
    return {
        "name": name,
        "label": name.removeprefix("hs_").replace("_", " ").capitalize(),
        "type": kind,
        "fieldType": form,
        "description": "",
        "groupName": "custom" if name.startswith("bant_") else "information",
        "options": [
            {"label": value, "value": value, "displayOrder": order, "hidden": False}
            for order, value in enumerate(options)
        ],
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": False,
        "hasUniqueValue": name in ("hs_object_id", "email"),
        "hidden": False,
        "hubspotDefined": not name.startswith(("bant_", "purchase_date", "competitor")),
        "formField": False,
        "modificationMetadata": {
            "archivable": False,
            "readOnlyDefinition": True,
            "readOnlyValue": name.startswith("hs_"),
        },
    }


_CHOICES = (
    "lifecyclestage",
    "hs_lead_status",
    "dealtype",
    "bant_budget",
    "bant_authority",
    "bant_need",
    "bant_timeline",
    "hs_manual_forecast_category",
    "industry",
    "deal_currency_code",
)


def _values(table: pl.DataFrame, name: str) -> list[str]:
    return table[name].drop_nulls().unique().sort().head(LISTED).to_list()


def _hubspot_kind(kind: pl.DataType) -> tuple[str, str]:
    if isinstance(kind, pl.Datetime):
        return "datetime", "date"
    if kind == pl.Date:
        return "date", "date"
    if kind == pl.Boolean:
        return "bool", "booleancheckbox"
    return ("number", "number") if kind.is_numeric() else ("string", "text")


_PICKLISTS = {
    "Lead": ("Status", "LeadSource", "Rating", "Industry"),
    "Opportunity": ("StageName", "Type", "ForecastCategory", "ForecastCategoryName"),
    "Account": ("Type", "Industry"),
    "Task": ("Status", "Type", "Priority"),
    "OpportunityContactRole": ("Role",),
}


def salesforce_describe(kind: str, table: pl.DataFrame, version: str) -> dict[str, object]:
    """The describe answer of an object type: its name and its fields."""
    return {
        "name": kind,
        "label": kind,
        "labelPlural": f"{kind}s",
        "keyPrefix": table["Id"].str.head(3).first(),
        "custom": False,
        "queryable": True,
        "createable": True,
        "updateable": True,
        "deletable": True,
        "undeletable": True,
        "mergeable": kind in ("Lead", "Contact", "Account"),
        "retrieveable": True,
        "searchable": True,
        "replicateable": True,
        "fields": [_field(kind, name, table) for name in table.columns if not name.startswith("_")],
        "urls": {"sobject": f"/services/data/{version}/sobjects/{kind}"},
    }


def _field(kind: str, name: str, table: pl.DataFrame) -> dict[str, object]:
    shape, soap = _salesforce_kind(name, table.schema[name])
    values: list[str] = []
    if name in _PICKLISTS.get(kind, ()) or name.endswith("_Status__c"):
        shape, values = "picklist", _values(table, name)
    return {
        "name": name,
        "label": name.removesuffix("__c").replace("_", " "),
        "type": shape,
        "soapType": soap,
        "length": 18 if soap == "tns:ID" else 255 if soap == "xsd:string" else 0,
        "custom": name.endswith("__c"),
        "calculated": False,
        "nillable": name not in ("Id", "IsDeleted", "CreatedDate", "SystemModstamp"),
        "createable": name not in ("Id", "IsDeleted", "CreatedDate", "SystemModstamp"),
        "filterable": True,
        "sortable": True,
        "groupable": shape != "datetime",
        "picklistValues": [
            {"active": True, "defaultValue": False, "label": v, "validFor": None, "value": v} for v in values
        ],
        "referenceTo": [],
        "relationshipName": None,
        "unique": False,
    }


def _salesforce_kind(name: str, kind: pl.DataType) -> tuple[str, str]:
    if name == "Id" or name.endswith("Id"):
        return ("id" if name == "Id" else "reference"), "tns:ID"
    if isinstance(kind, pl.Datetime):
        return "datetime", "xsd:dateTime"
    for test, types in ((pl.Date, ("date", "xsd:date")), (pl.Boolean, ("boolean", "xsd:boolean"))):
        if kind == test:
            return types
    if kind.is_float():
        return ("percent" if name.endswith("Probability") else "currency"), "xsd:double"
    if kind.is_integer():
        return "int", "xsd:int"
    special = {"Email": "email", "Phone": "phone", "MobilePhone": "phone", "Website": "url"}
    return special.get(name, "string"), "xsd:string"
