"""HubSpot's answers have the shapes its own API descriptions give, where those are at hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

SPECS = Path(__file__).parents[2].parent / "shared" / "specs" / "hubspot"
pytestmark = pytest.mark.skipif(not SPECS.is_dir(), reason="HubSpot's API descriptions are not at hand")


def schema_of(document: str, path: str, method: str, status: str) -> dict[str, Any]:
    described = json.loads((SPECS / f"{document}.json").read_text())
    answer = described["paths"][path][method]["responses"][status]
    _mend(described["components"]["schemas"])
    return {**answer["content"]["application/json"]["schema"], "components": described["components"]}


def _mend(schemas: dict[str, Any]) -> None:
    """Where the live service does not keep to its description: nulls for text, text for a sub-category."""
    for schema in schemas.values():
        fields = schema.get("properties", {})
        if fields.get("properties", {}).get("additionalProperties") == {"type": "string"}:
            fields["properties"]["additionalProperties"] = {"type": ["string", "null"]}
        fields.pop("subCategory", None)
        if "typeId" in fields:
            fields["label"] = {"type": ["string", "null"]}


# The description of deals names them by the number of their type; both names answer.
LISTS = {
    kind: (f"{kind}.2026-03", f"/crm/objects/2026-03/{'0-3' if kind == 'deals' else kind}")
    for kind in ("contacts", "companies", "deals")
}
SIMPLE = {
    **LISTS,
    "owners": ("crmOwners.2026-03", "/crm/owners/2026-03"),
    "account": ("accountInfo.2026-03", "/account-info/2026-03/details"),
}


def check(schema, answer):
    content = json.loads(answer.body)
    Draft202012Validator(schema).validate(content)
    return content


@pytest.mark.parametrize("archived", ["false", "true"])
@pytest.mark.parametrize("name", SIMPLE)
def test_lists(asks, larger_company, name, archived):
    document, path = SIMPLE[name]
    asked = {} if name == "account" else {"archived": archived, "limit": 100}
    content = check(schema_of(document, path, "get", "200"), asks(larger_company).hubspot(path, **asked))
    assert content.get("results", content)


@pytest.mark.parametrize("name", LISTS)
def test_searches(asker, name):
    document, path = LISTS[name]
    body = {"after": "0", "filterGroups": [], "limit": 200, "properties": ["createdate", "email"], "sorts": []}
    content = check(schema_of(document, f"{path}/search", "post", "200"), asker.hubspot(f"{path}/search", body))
    assert content["total"] > 0


@pytest.mark.parametrize(("extra", "status"), [([], "200"), ([{"id": "7"}], "207")], ids=["all found", "one missing"])
@pytest.mark.parametrize("name", LISTS)
def test_batches(asker, name, extra, status):
    document, path = LISTS[name]
    ids = [{"id": record["id"]} for record in asker.listed(name)[:5]]
    body = {"inputs": [*ids, *extra], "properties": ["createdate"], "propertiesWithHistory": []}
    answer = asker.hubspot(f"{path}/batch/read", body)
    assert answer.status == int(status)
    check(schema_of(document, f"{path}/batch/read", "post", status), answer)


@pytest.mark.parametrize("status", ["200", "207"])
def test_associations(asks, larger_company, status):
    asker = asks(larger_company)
    linked = larger_company.links.filter(larger_company.links["_from"] == "contacts")["from_id"].unique().to_list()
    live = [record["id"] for record in asker.listed("contacts") if record["id"] in set(linked)][:50]
    body = {"inputs": [{"id": one} for one in live] + ([{"id": "7"}] if status == "207" else [])}
    answer = asker.hubspot("/crm/associations/2026-03/contacts/companies/batch/read", body)
    path = "/crm/associations/2026-03/{fromObjectType}/{toObjectType}/batch/read"
    content = check(schema_of("associations.2026-03", path, "post", status), answer)
    assert answer.status == int(status)
    assert content["results"]


@pytest.mark.parametrize(
    ("document", "path", "asked"),
    [
        ("pipelines.2026-03", "/crm/pipelines/2026-03/{objectType}", "/crm/pipelines/2026-03/deals"),
        ("properties.2026-03", "/crm/properties/2026-03/{objectType}", "/crm/properties/2026-03/contacts"),
        ("properties.2026-03", "/crm/properties/2026-03/{objectType}", "/crm/properties/2026-03/deals"),
    ],
)
def test_descriptions(asker, document, path, asked):
    assert check(schema_of(document, path, "get", "200"), asker.hubspot(asked))["results"]


@pytest.mark.parametrize("status", [400, 401, 404])
def test_errors(asker, status):
    path = {400: "/crm/objects/2026-03/spaceships", 401: "/crm/owners/2026-03", 404: "/crm/nothing"}[status]
    answer = asker.hubspot(path, token="wrong" if status == 401 else None)
    document = json.loads((SPECS / "contacts.2026-03.json").read_text())
    check({"$ref": "#/components/schemas/Error", "components": document["components"]}, answer)
    assert answer.status == status
