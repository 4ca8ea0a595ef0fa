"""Person facets: columns that the definitions may name, computed once."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from definitions.agreement.model import Definitions
from transforms.classify.predicates import compile_predicate
from transforms.step import ROW, step


@step(
    partition_by=ROW,
    delivers=(
        "lead_since_on",
        "mql_first_on",
        "mql_latest_on",
        "sales_accepted_on",
        "sales_qualified_on",
        "disqualified_on",
        "recycled_on",
    ),
)
def with_phase_dates(people: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """Add the milestone days in the reporting time zone; null where no source has them."""
    zone = definitions.reporting.time_zone
    days = {
        "lead_since_on": "first_seen_at",
        "mql_first_on": "mql_first_at",
        "mql_latest_on": "mql_at",
        "sales_accepted_on": "sales_accepted_at",
        "sales_qualified_on": "sales_qualified_at",
        "disqualified_on": "disqualified_at",
        "recycled_on": "recycled_at",
    }
    return people.with_columns(
        **{day: pl.col(moment).dt.convert_time_zone(zone).dt.date() for day, moment in days.items()}
    )


@step(partition_by=ROW, delivers=("reachability", "has_identity", "unreachable_since_on"))
def with_reachability(people: pl.DataFrame, definitions: Definitions) -> pl.DataFrame:
    """Add reachability, the day since which the person is unreachable, and whether the record identifies a person.

    A bounce or an e-mail opt-out closes e-mail, `do_not_call` closes the phone.
    """
    zone = definitions.reporting.time_zone
    has_email = pl.col("is_email_valid").fill_null(value=False)
    has_phone = pl.col("phone_e164").is_not_null()
    bounced = pl.col("email_bounced_at").is_not_null()
    opted_out = pl.col("has_opted_out_of_email").fill_null(value=False)
    no_calls = pl.col("do_not_call").fill_null(value=False)
    can_write = has_email & ~bounced & ~opted_out
    can_call = has_phone & ~no_calls
    reachability = (
        pl.when(can_write | can_call)
        .then(pl.lit("ok"))
        .when(~has_email & ~has_phone)
        .then(pl.lit("no_channel"))
        .when(has_email & bounced & ~can_call & ~(has_phone & no_calls))
        .then(pl.lit("hard_bounced"))
        .when((~has_email | opted_out | bounced) & has_phone & no_calls)
        .then(pl.lit("do_not_contact"))
        .otherwise(pl.lit("opted_out"))
    )
    named = pl.any_horizontal(pl.col("first_name").is_not_null(), pl.col("last_name").is_not_null())
    # A contact of Salesforce has no company of its own, only its account.
    has_company = pl.col("company_name").is_not_null() | pl.col("account_id").is_not_null()
    bounced_on = pl.col("email_bounced_at").dt.convert_time_zone(zone).dt.date()
    return people.with_columns(
        reachability=reachability,
        has_identity=has_email | has_phone | (named & has_company),
    ).with_columns(
        unreachable_since_on=pl.when(pl.col("reachability") == "no_channel")
        .then("lead_since_on")
        .when(pl.col("reachability") == "hard_bounced")
        .then(bounced_on)
    )


@step(
    partition_by=ROW,
    needs=("person_clocks", "silence"),
    delivers=(
        "last_inbound_on",
        "last_outbound_on",
        "last_proactive_on",
        "last_activity_on",
        "has_discovery",
        "engagement_score",
        "engagement_level",
        "silent_since_on",
    ),
)
def with_engagement(people: pl.DataFrame, person_clocks: pl.DataFrame, silence: pl.DataFrame) -> pl.DataFrame:
    """Add the clocks, scores and silence; a person without any move has interest `none` and score 0."""
    return (
        people.join(person_clocks, on="person_id", how="left", maintain_order="left")
        .join(silence, on="person_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("engagement_level").fill_null("none"),
            pl.col("engagement_score").fill_null(0),
            pl.col("has_discovery").fill_null(value=False),
        )
    )


@step(
    partition_by=ROW,
    needs=("deals", "accounts"),
    delivers=("has_open_opportunity", "has_won_opportunity", "claims_customer"),
)
def with_deals(
    people: pl.DataFrame, deals: pl.DataFrame, accounts: pl.DataFrame, open_classes: Sequence[str]
) -> pl.DataFrame:
    """Add whether the person is on an open deal, on a won one, or at an account that bought or claims to have.

    `deals` (person_id, pipeline_class, is_won) are the deals a person is on; the class of an open deal is in
    `open_classes`. `accounts` (account_id, has_won_opportunity, claims_customer): what a source claims of the account
    applies to its people (B2).
    """
    personal = deals.group_by("person_id").agg(
        has_open_opportunity=pl.col("pipeline_class").is_in(open_classes).any(), is_buyer=pl.col("is_won").any()
    )
    at = accounts.select("account_id", account_bought="has_won_opportunity", account_claims="claims_customer")
    return (
        people.join(personal, on="person_id", how="left", maintain_order="left")
        .join(at, on="account_id", how="left", maintain_order="left")
        .with_columns(
            claims_customer=pl.max_horizontal("claims_customer", "account_claims"),
            has_open_opportunity=pl.col("has_open_opportunity").fill_null(value=False),
            has_won_opportunity=pl.col("is_buyer").fill_null(value=False)
            | pl.col("account_bought").fill_null(value=False),
        )
        .drop("is_buyer", "account_bought", "account_claims")
    )


@step(partition_by=ROW, needs=("accounts",), delivers=("fit_score", "icp_fit", "is_prospect"))
def with_score(people: pl.DataFrame, accounts: pl.DataFrame, definitions: Definitions, *, as_of: date) -> pl.DataFrame:
    """Add fit score, fit with the ideal customer profile, and the prospect overlay.

    The profile is `unknown` while no test of it is true; a missing attribute is not a failed one (D14).
    """
    firm = accounts.select("account_id", "industry", "employees")
    frame = people.join(firm, on="account_id", how="left", maintain_order="left")
    points = [pl.when(compile_predicate(rule.when, as_of)).then(rule.points).otherwise(0) for rule in definitions.fit]
    score = pl.sum_horizontal(*points) if points else pl.lit(0)
    icp = definitions.icp
    tests = [("fail", icp.fails), ("pass", icp.passes), ("low_quality", icp.low_quality)]
    fit = pl.lit("unknown")
    for word, predicate in reversed(tests):
        if predicate is not None:
            fit = pl.when(compile_predicate(predicate, as_of)).then(pl.lit(word)).otherwise(fit)
    return (
        frame.with_columns(fit_score=score.clip(0, 100).cast(pl.Int32), icp_fit=fit)
        .with_columns(is_prospect=pl.col("icp_fit") == "pass")
        .drop("industry", "employees")
    )


@step(partition_by=ROW, needs=("owners",), delivers=("owner_state",))
def with_owner_state(frame: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """Add `owner_state`: none without a known owner, queue, inactive or active."""
    states = owners.select(
        "owner_id",
        state_of_owner=pl.when("is_queue")
        .then(pl.lit("queue"))
        .when("is_active")
        .then(pl.lit("active"))
        .otherwise(pl.lit("inactive")),
    )
    is_queue = pl.col("owner_key").str.contains(":queue:", literal=True).fill_null(value=False)
    return (
        frame.join(states, on="owner_id", how="left", maintain_order="left")
        .with_columns(
            owner_state=pl.when(is_queue).then(pl.lit("queue")).otherwise(pl.col("state_of_owner").fill_null("none"))
        )
        .drop("state_of_owner")
    )
