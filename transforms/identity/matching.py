"""One entity of many records: exact keys and connected components, nothing probable and nothing remembered.

Records are tied by what a source says of them (merged, converted, the same in another system) and, for people and
owners, by one normalised e-mail address. Everything tied, in however many steps, is one entity. Its id is the key of
the record that was created first, deleted ones included, so that an id outlives the record that gave it.
"""

import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from definitions.errors import TransformError
from transforms.step import ALL, ROW, step
from transforms.values.email import is_shared_mailbox, normalise_email

# Strongest first: what one source did to its own records, then what it says of others, then what we conclude.
RULES = ("source_merge", "converted_lead", "cross_system_id", "email")
ALONE = "alone"
EMAIL_LIMIT = 20


@step(partition_by=ALL)
def person_edges(people: pl.DataFrame, *, email_limit: int = EMAIL_LIMIT) -> pl.DataFrame:
    """List what ties records of people, from canonical person records with `email_normalised`.

    Grain: from_key, to_key, match_rule. An address that names a desk (info@) or that more than `email_limit` records
    share that are not deleted is nobody's key: see `untied`.
    """
    return pl.concat(
        [
            _pointed(people, "merged_into_key", "source_merge"),
            _pointed(people, "converted_person_key", "converted_lead"),
            _listed(people),
            _tied(_held(people, pl.col("email_normalised")).filter(pl.col("shared_by") <= email_limit)),
        ]
    )


@step(partition_by=ROW)
def account_edges(accounts: pl.DataFrame) -> pl.DataFrame:
    """List what ties records of accounts: merges, and what sources say of other systems; never a domain or a name.

    Grain: from_key, to_key, match_rule.
    """
    return pl.concat([_pointed(accounts, "merged_into_key", "source_merge"), _listed(accounts)])


@step(partition_by=ROW)
def opportunity_edges(opportunities: pl.DataFrame) -> pl.DataFrame:
    """List what ties records of opportunities: merges, and what sources say of other systems.

    Grain: from_key, to_key, match_rule.
    """
    return pl.concat([_pointed(opportunities, "merged_into_key", "source_merge"), _listed(opportunities)])


@step(partition_by=ALL)
def owner_edges(owners: pl.DataFrame) -> pl.DataFrame:
    """List what ties users of several systems: what sources say, and one address; a queue's address ties nothing.

    Grain: from_key, to_key, match_rule.
    """
    people = owners.filter(~pl.col("is_queue"))
    return pl.concat([_listed(owners), _tied(_held(people, normalise_email(pl.col("owner_email"))))])


@step(partition_by=ALL, delivers=("record_key", "entity_id", "match_rule", "match_confidence", "is_survivor"))
def resolve(records: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Give every record its entity: record_key, entity_id, match_rule, match_confidence, is_survivor, sorted by key.

    `records` has record_key (unique) and source_created_at (null: unknown, counts as last; of equals the smaller key
    is first). `match_rule` is the strongest of `RULES` that ties the record to another, else `alone`. An edge to a
    record that was never seen ties nothing: see `untied`. The order of records and edges does not matter, more
    edges never split an entity, and a later record never changes an id. Raises
    `TransformError` on a record key that comes twice and on a rule that is none of `RULES`.
    """
    nodes = _nodes(records)
    ties = _known(nodes, edges)
    rules = pl.Series(RULES, dtype=pl.String)
    return (
        nodes.with_columns(_first_of_component(nodes, ties))
        .join(_strongest(ties), on="node", how="left", maintain_order="left")
        .select(
            "record_key",
            entity_id=pl.col("record_key").gather("first"),
            match_rule=pl.lit(rules).gather("strength").fill_null(ALONE),
            match_confidence=pl.lit(1.0),
            is_survivor=pl.col("node") == pl.col("first"),
        )
    )


@step(partition_by=ALL)
def untied(people: pl.DataFrame, edges: pl.DataFrame, *, email_limit: int = EMAIL_LIMIT) -> pl.DataFrame:
    """Count what ties nobody though it could: reason, match_rule, count; sorted, reasons without any left out.

    `crowded_address`: records whose address more than `email_limit` records share that are not deleted, which stands
    for nobody, or a machine filled in a form. `never_seen`: ties of which one end is a record no stream has shown.
    """
    held = _held(people, pl.col("email_normalised"))
    crowded = held.select(
        reason=pl.lit("crowded_address"),
        match_rule=pl.lit("email"),
        count=(pl.col("shared_by") > email_limit).sum().cast(pl.Int64),
    )
    seen = people.get_column("record_key").implode()
    is_known = pl.col("from_key").is_in(seen) & pl.col("to_key").is_in(seen)
    dangling = edges.filter(~is_known).group_by("match_rule").agg(count=pl.len().cast(pl.Int64))
    never_seen = dangling.select(pl.lit("never_seen").alias("reason"), "match_rule", "count")
    return pl.concat([crowded, never_seen]).filter(pl.col("count") > 0).sort("reason", "match_rule")


def _pointed(records: pl.DataFrame, column: str, rule: str) -> pl.DataFrame:
    pointing = records.filter(pl.col(column).is_not_null())
    return pointing.select(from_key="record_key", to_key=column, match_rule=pl.lit(rule))


def _listed(records: pl.DataFrame) -> pl.DataFrame:
    listed = records.select("record_key", "same_as_keys").explode("same_as_keys").drop_nulls("same_as_keys")
    return listed.select(from_key="record_key", to_key="same_as_keys", match_rule=pl.lit("cross_system_id"))


def _held(records: pl.DataFrame, address: pl.Expr) -> pl.DataFrame:
    """Pair each record with its address, unless that names a desk, and count the live records that share it."""
    held = records.select("record_key", "is_deleted", address=address).filter(~is_shared_mailbox(pl.col("address")))
    return held.with_columns(shared_by=(~pl.col("is_deleted")).sum().over("address"))


def _tied(held: pl.DataFrame) -> pl.DataFrame:
    """Tie all records of one address to the first of them by key."""
    ties = held.select(from_key="record_key", to_key=pl.col("record_key").min().over("address"))
    return ties.filter(pl.col("from_key") != pl.col("to_key")).with_columns(match_rule=pl.lit("email"))


def _nodes(records: pl.DataFrame) -> pl.DataFrame:
    """Number the records in order of their keys."""
    nodes = records.select("record_key", "source_created_at").sort("record_key")
    twice = nodes.select((pl.col("record_key") == pl.col("record_key").shift()).sum()).item()
    if twice:
        raise TransformError(f"identity: {twice} records have a key that another has; a key must be one record's.")
    return nodes.with_columns(node=pl.int_range(pl.len(), dtype=pl.UInt32))


def _known(nodes: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Put nodes and strength in place of keys and rules; edges of which one end is unknown, or both the same, go."""
    unknown = set(edges.get_column("match_rule").unique()) - set(RULES)
    if unknown:
        raise TransformError(f"identity: no such match rule: {', '.join(sorted(map(str, unknown)))}; known: {RULES}.")
    strength = pl.col("match_rule").replace_strict(RULES, range(len(RULES)), return_dtype=pl.UInt8)
    return (
        edges.select("from_key", "to_key", strength=strength)
        .join(nodes.select(from_key="record_key", one="node"), on="from_key")
        .join(nodes.select(to_key="record_key", other="node"), on="to_key")
        .filter(pl.col("one") != pl.col("other"))
        .select("one", "other", "strength")
    )


def _first_of_component(nodes: pl.DataFrame, ties: pl.DataFrame) -> pl.Series:
    """Find for each node the node of its component that was created first."""
    one, other = ties.get_column("one").to_numpy(), ties.get_column("other").to_numpy()
    tied = pl.repeat(1, ties.height, dtype=pl.Int8, eager=True).to_numpy()
    graph = coo_array((tied, (one, other)), shape=(nodes.height, nodes.height))
    _, component = connected_components(graph, directed=False)
    by_age = nodes.select("source_created_at", "node", component=component).sort(
        "source_created_at", "node", nulls_last=True
    )
    first = by_age.select("node", first=pl.col("node").first().over("component"))
    return first.sort("node").get_column("first")


def _strongest(ties: pl.DataFrame) -> pl.DataFrame:
    ends = pl.concat([ties.select("strength", node=end) for end in ("one", "other")])
    return ends.group_by("node").agg(pl.col("strength").min())
