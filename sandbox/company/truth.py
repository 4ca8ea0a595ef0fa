"""What is true of the company, counted from the company itself and not from what an API says of it."""

from datetime import timedelta

import polars as pl

from sandbox.company.company import Company
from sandbox.company.moments import MOMENT
from sandbox.company.true_deals import WON

KEYS = {"contacts": "hubspot:contact", "Lead": "salesforce:lead", "Contact": "salesforce:contact"}
ACCOUNT_KEYS = {"companies": "hubspot:company", "Account": "salesforce:account"}
DEAL_KEYS = {"deals": "hubspot:deal", "Opportunity": "salesforce:opportunity"}
SILENT_DAYS = 180


def members(company: Company, kinds: dict[str, str]) -> pl.DataFrame:
    """One row a record the APIs show, deleted ones included: `record_key`, number of the true thing, state, copy."""
    tables = {**company.hubspot, **company.salesforce}
    parts = []
    for kind, key in kinds.items():
        table = tables[kind]
        identity = "Id" if "Id" in table.columns else "_id"
        parts.append(
            table.filter(pl.col("_state") != "absent").select(
                record_key=pl.lit(f"{key}:") + pl.col(identity),
                thing=pl.col("_entity"),
                state=pl.col("_state"),
                copy=pl.col("_copy").cast(pl.Int64),
            )
        )
    return pl.concat(parts).sort("record_key")


def _pairs(records: pl.DataFrame) -> dict[str, int]:
    sizes = records.group_by("thing").len("size")
    pairs = int(sizes.select((pl.col("size") * (pl.col("size") - 1) // 2).sum()).item())
    return {"records": records.height, "true": sizes.height, "pairs": pairs}


def truth(company: Company) -> dict[str, object]:
    """Summary counts; live means neither archived nor deleted nor merged away."""
    day = company.as_of
    opportunity, deal = _live(company.salesforce["Opportunity"]), _live(company.hubspot["deals"])
    open_opp, open_deal = opportunity.filter(pl.col("_stage") < WON), deal.filter(pl.col("_stage") < WON)
    return {
        "as_of": day.isoformat(),
        "week": company.week,
        "people": company.people.height,
        "firms": company.firms.height,
        "deals": company.deal_count,
        "owners": company.reps.height,
        "owners_inactive": company.reps.filter(~pl.col("active")).height,
        "person_records": _pairs(members(company, KEYS)),
        "account_records": _pairs(members(company, ACCOUNT_KEYS)),
        "deal_records": _pairs(members(company, DEAL_KEYS)),
        "tables": {name: _states(table) for name, table in {**company.hubspot, **company.salesforce}.items()},
        "stories": dict(company.people.group_by("story").len().sort("story").iter_rows()),
        "silent_people": _silent(company),
        "opportunities": _deal_counts(open_opp, pl.col("CloseDate"), pl.col("Amount"), company),
        "hubspot_deals": _deal_counts(open_deal, pl.col("_close_on"), pl.col("amount"), company),
        "lost_without_reason": opportunity.filter((pl.col("_stage") > WON) & pl.col("Loss_Reason__c").is_null()).height,
        "won": opportunity.filter(pl.col("_stage") == WON).height,
    }


def _live(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(pl.col("_state") == "live")


def _states(table: pl.DataFrame) -> dict[str, int]:
    counts = dict(table.group_by("_state").len().iter_rows())
    return {state: counts.get(state, 0) for state in ("live", "archived", "absent")}


def _silent(company: Company) -> int:
    """People who once moved and have not for more than 180 days, neither they nor we."""
    limit = pl.lit(company.as_of - timedelta(days=SILENT_DAYS)).cast(MOMENT)
    moved = pl.max_horizontal("inbound", "outbound")
    return company.people.filter((pl.col("story") != "buyer") & moved.is_not_null() & (moved < limit)).height


def _deal_counts(opened: pl.DataFrame, close: pl.Expr, amount: pl.Expr, company: Company) -> dict[str, int]:
    day = company.as_of
    real = (close > pl.date(1970, 1, 2)) & (close.dt.year() < day.year + 10)
    counts = opened.select(
        open=pl.len(),
        close_date_missing=close.is_null().sum(),
        close_date_placeholder=(~real).sum(),
        overdue=(real & (close < day)).sum(),
        beyond_a_year=(real & (close > day + timedelta(days=365))).sum(),
        without_amount=amount.is_null().sum(),
    )
    return {name: int(value) for name, value in counts.row(0, named=True).items()}
