"""Who is on which deal: opportunity contact roles, HubSpot associations, and ids that systems keep of one another."""

import numpy as np
import polars as pl

from sandbox.company.chance import Dice, Ids
from sandbox.company.identifiers import salesforce_ids
from sandbox.company.records import FIRST_AND_LIVE, LIVE
from sandbox.company.trades import ROLES


def people_of(deals: pl.DataFrame, firm: str, members: pl.DataFrame, dice: Dice, salt: str) -> pl.DataFrame:
    """Draw `_people` members of its firm for every deal: columns deal, member, place (0 first), in order.

    `members` has columns firm and member. A firm with fewer members gives fewer.
    """
    ordered = members.sort("firm", "member")
    groups = (
        ordered.with_row_index("_start")
        .group_by("firm", maintain_order=True)
        .agg(pl.col("_start").first(), pl.len().alias("_size"))
    )
    wanted = deals.filter(pl.col("_people") > 0).join(
        groups, left_on=firm, right_on="firm", how="inner", maintain_order="left"
    )
    if wanted.is_empty():
        return pl.DataFrame(schema={"deal": pl.Int64, "member": members.schema["member"], "place": pl.Int64})
    ids = wanted["_entity"].to_numpy()
    first = np.floor(dice.unit(f"{salt} first member", ids) * wanted["_size"].to_numpy()).astype(np.int64)
    rows = wanted.select(
        deal="_entity",
        start="_start",
        size="_size",
        first=pl.Series(first),
        wanted=pl.min_horizontal("_people", "_size").cast(pl.Int64),
    )
    rows = rows.with_columns(place=pl.int_ranges(0, "wanted")).explode("place", empty_as_null=False)
    index = rows["start"].cast(pl.Int64) + (rows["first"] + rows["place"]) % rows["size"].cast(pl.Int64)
    return rows.select("deal", "place", member=ordered["member"].gather(index))


def contact_roles(opportunities: pl.DataFrame, contacts: pl.DataFrame, dice: Dice, *, after: int = 0) -> pl.DataFrame:
    """OpportunityContactRole rows; the first person on an opportunity is its primary contact."""
    members = contacts.filter(FIRST_AND_LIVE & pl.col("AccountId").is_not_null()).select(firm="AccountId", member="Id")
    drawn = people_of(opportunities, "AccountId", members, dice, "role")
    known = opportunities.select(deal="_entity", OpportunityId="Id", _created="_created", _modified="_modified")
    rows = drawn.join(known, on="deal", how="inner", maintain_order="left")
    ids: Ids = rows["deal"].to_numpy() * 8 + rows["place"].to_numpy()
    numbers = after + 1001 + 2 * np.arange(len(rows), dtype=np.int64)
    role = dice.weigh(ROLES, "role", ids)
    return rows.select(
        "OpportunityId", "_created", "_modified",
        Id=salesforce_ids("00K", numbers),
        _rank=pl.Series(numbers),
        _entity="deal",
        _copy=pl.lit(0),
        _state=pl.lit("live"),
        ContactId="member",
        Role=role,
        IsPrimary=pl.col("place") == 0,
    )  # fmt: skip


def with_primary_contact(opportunities: pl.DataFrame, roles: pl.DataFrame) -> pl.DataFrame:
    """Fill Opportunity.ContactId from the primary role."""
    primary = (
        roles.filter("IsPrimary")
        .select(Id="OpportunityId", _primary="ContactId")
        .unique("Id", keep="first", maintain_order=True)
    )
    joined = opportunities.join(primary, on="Id", how="left", maintain_order="left")
    return joined.with_columns(ContactId=pl.coalesce("ContactId", "_primary")).drop("_primary")


def with_dealing(
    people: pl.DataFrame, firms: pl.DataFrame, opportunities: pl.DataFrame, roles: pl.DataFrame, contacts: pl.DataFrame
) -> pl.DataFrame:
    """Fill `dealing` of the people sales knows: open for those on an open opportunity, else what the firm's is."""
    opened = opportunities.filter(LIVE & ~pl.col("IsClosed")).select(OpportunityId="Id")
    on_open = roles.join(opened, on="OpportunityId", how="semi").select(Id="ContactId")
    persons = contacts.join(on_open, on="Id", how="semi")["_entity"].unique()
    theirs = pl.when(pl.col("person").is_in(persons.implode())).then(pl.lit("open"))
    dealing = theirs.otherwise(pl.lit(firms["dealing"].gather(people["firm"]).replace("open", "none")))
    return people.with_columns(dealing=pl.when(pl.col("story") == "buyer").then(dealing))


def with_conversions(
    leads: pl.DataFrame, contacts: pl.DataFrame, opportunities: pl.DataFrame, dice: Dice
) -> pl.DataFrame:
    """Fill what converted leads became: their person's contact, its account, and mostly one of its opportunities."""
    became = contacts.filter(pl.col("_copy") == 0).select(_entity="_entity", _contact="Id", _account="AccountId")
    deals = opportunities.filter(pl.col("AccountId").is_not_null() & (pl.col("_state") == "live"))
    opened = deals.select(_account="AccountId", _deal="Id").unique("_account", keep="first", maintain_order=True)
    rows = leads.join(became, on="_entity", how="left", maintain_order="left").join(
        opened, on="_account", how="left", maintain_order="left"
    )
    some = pl.Series(dice.happens(0.85, "conversion opens a deal", rows["_entity"].to_numpy()))
    return rows.with_columns(
        ConvertedContactId=pl.when("IsConverted").then("_contact"),
        ConvertedAccountId=pl.when("IsConverted").then("_account"),
        ConvertedOpportunityId=pl.when(pl.col("IsConverted") & some).then("_deal"),
    ).drop("_contact", "_account", "_deal")


def with_salesforce_ids(hubspot: pl.DataFrame, leads: pl.DataFrame, contacts: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """Fill the ids that the synchronisation leaves on most HubSpot contacts that sales also holds."""
    lead = leads.filter(FIRST_AND_LIVE).select("_entity", _lead="Id")
    contact = contacts.filter(FIRST_AND_LIVE).select("_entity", _contact="Id")
    rows = hubspot.join(lead, on="_entity", how="left", maintain_order="left").join(
        contact, on="_entity", how="left", maintain_order="left"
    )
    synced = pl.Series(dice.happens(0.8, "contact synced", rows["_entity"].to_numpy())) & (pl.col("_copy") == 0)
    return rows.with_columns(
        salesforceleadid=pl.when(synced & pl.col("_contact").is_null()).then("_lead"),
        salesforcecontactid=pl.when(synced).then("_contact"),
    ).drop("_lead", "_contact")


def deal_links(contacts: pl.DataFrame, companies: pl.DataFrame, deals: pl.DataFrame, dice: Dice) -> pl.DataFrame:
    """Associations of deals with people and firms, both ways: `_from`, `_to`, `from_id`, `to_id`, `primary`."""
    here = companies.filter(FIRST_AND_LIVE).select(firm="_entity", company="_id")
    members = contacts.filter(FIRST_AND_LIVE & pl.col("associatedcompanyid").is_not_null()).join(
        here, left_on="associatedcompanyid", right_on="company", how="inner", maintain_order="left"
    )
    on_deal = people_of(deals, "_firm", members.select("firm", member="_id"), dice, "deal").join(
        deals.select(deal="_entity", _deal_id="_id"), on="deal", how="inner", maintain_order="left"
    )
    at_firm = deals.join(here, left_on="_firm", right_on="firm", how="inner", maintain_order="left")
    return pl.concat(
        [
            _both_ways(on_deal.select(from_id="_deal_id", to_id="member"), "deals", "contacts", primary=False),
            _both_ways(at_firm.select(from_id="_id", to_id="company"), "deals", "companies", primary=True),
        ]
    )


def work_links(contacts: pl.DataFrame) -> pl.DataFrame:
    """Associations of contacts with the company they work at, both ways."""
    works = contacts.filter(pl.col("associatedcompanyid").is_not_null())
    return _both_ways(works.select(from_id="_id", to_id="associatedcompanyid"), "contacts", "companies", primary=True)


def _both_ways(pairs: pl.DataFrame, origin: str, target: str, *, primary: bool) -> pl.DataFrame:
    there = pairs.select(
        _from=pl.lit(origin), _to=pl.lit(target), from_id="from_id", to_id="to_id", primary=pl.lit(primary)
    )
    back = there.select(_from="_to", _to="_from", from_id="to_id", to_id="from_id", primary="primary")
    return pl.concat([there, back])


def counted_contacts(deals: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Make `num_associated_contacts` say what the associations say."""
    counts = (
        links.filter((pl.col("_from") == "deals") & (pl.col("_to") == "contacts")).group_by("from_id").len("_count")
    )
    joined = deals.join(counts, left_on="_id", right_on="from_id", how="left", maintain_order="left")
    return joined.with_columns(num_associated_contacts=pl.col("_count").fill_null(0).cast(pl.Int64)).drop("_count")
