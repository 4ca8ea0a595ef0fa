"""Sales stages as each system describes them: Salesforce's stage table, HubSpot's two pipelines."""

import numpy as np
import polars as pl

from sandbox.company.deals import DEFAULT_STAGES, HUBSPOT_PROBABILITY, SECOND_PIPELINE, SECOND_STAGES
from sandbox.company.identifiers import salesforce_ids
from sandbox.company.moments import DAY, moments
from sandbox.company.opportunities import CATEGORY, CATEGORY_NAME, PROBABILITY, SALESFORCE_STAGES
from sandbox.company.true_deals import WON

DEFAULT_LABELS = (
    "Appointment Scheduled",
    "Qualified To Buy",
    "Presentation Scheduled",
    "Contract Sent",
    "Contract Sent",
    "Closed Won",
    "Closed Lost",
)
SECOND_LABELS = ("Enquiry", "Needs confirmed", "Trial", "Order form sent", "Order form sent", "Bought", "Did not buy")
FOUNDED = "2021-02-03T09:00:00.000Z"


def salesforce_stages(last_change: int) -> pl.DataFrame:
    """OpportunityStage rows."""
    count = len(SALESFORCE_STAGES)
    numbers = np.arange(1, count + 1, dtype=np.int64)
    at = moments(np.full(count, last_change - 2000 * DAY))
    return pl.DataFrame(
        {
            "Id": salesforce_ids("01J", numbers),
            "_rank": numbers,
            "_entity": numbers,
            "_copy": 0,
            "_created": at,
            "_modified": at,
            "_state": "live",
            "MasterLabel": SALESFORCE_STAGES,
            "ApiName": SALESFORCE_STAGES,
            "SortOrder": numbers,
            "IsActive": True,
            "IsClosed": numbers > WON,
            "IsWon": numbers == WON + 1,
            "DefaultProbability": PROBABILITY,
            "ForecastCategory": CATEGORY,
            "ForecastCategoryName": CATEGORY_NAME,
        }
    )


def _pipeline(
    identity: str, label: str, order: int, stages: tuple[str, ...], labels: tuple[str, ...]
) -> dict[str, object]:
    stamp = {"createdAt": FOUNDED, "updatedAt": FOUNDED, "archived": False}
    told: dict[str, dict[str, object]] = {}
    for name, shown, chance in zip(stages, labels, HUBSPOT_PROBABILITY, strict=True):
        metadata = {"isClosed": "true" if chance in (0.0, 1.0) else "false", "probability": str(chance)}
        told.setdefault(
            name,
            {
                "label": shown,
                "displayOrder": len(told),
                "metadata": metadata,
                "id": name,
                "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
                **stamp,
            },
        )
    return {"label": label, "displayOrder": order, "id": identity, "stages": list(told.values()), **stamp}


def hubspot_pipelines() -> list[dict[str, object]]:
    """The deal pipelines, as HubSpot's answer lists them."""
    return [
        _pipeline("default", "Sales Pipeline", 0, DEFAULT_STAGES, DEFAULT_LABELS),
        _pipeline(SECOND_PIPELINE, "Self-serve", 1, SECOND_STAGES, SECOND_LABELS),
    ]
