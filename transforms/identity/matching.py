"""Entity matching by exact keys and connected components, deterministic and without memory of earlier runs.

Records are matched by the source's own links (merged, converted, the same in another system) and, for people and
owners, by a normalised e-mail address. Each connected component is one entity. Its id is the key of the record that
was created first, deleted ones included, so that an id outlives its record.
"""

import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from definitions.errors import TransformError
from transforms.step import ALL, ROW, step
from transforms.values.email import is_shared_mailbox, normalise_email

# Strongest first: a merge or conversion within one source, then a reference to another system, then our inference.
RULES = ("source_merge", "converted_lead", "cross_system_id", "email")
ALONE = "alone"


@step(partition_by=ROW)
def person_links(people: pl.DataFrame) -> pl.DataFrame:
    """List the edges between records of people that a source names: merges, conversions, and cross-system ids.

    Grain: from_key, to_key, match_rule.
    """
    return pl.concat(
        [
            _reference_edges(people, "merged_into_key", "source_merge"),
            _reference_edges(people, "converted_person_key", "converted_lead"),
            _cross_system_edges(people),
        ]
    )


@step(partition_by=ALL)
def person_edges(links: pl.DataFrame, addressed: pl.DataFrame) -> pl.DataFrame:
    """List all edges between records of people: `links` (`person_links`), and those by e-mail address.

    Grain: from_key, to_key, match_rule. `addressed` pairs records with their addresses (`addresses_of_people`). An
    address that stands for nobody is no key: see `unmatched`.
    """
    return pl.concat([links, _email_edges(addressed.filter(pl.col("reason").is_null()))])


@step(partition_by=ROW)
def account_edges(accounts: pl.DataFrame) -> pl.DataFrame:
    """List the edges between records of accounts: merges and cross-system ids; never a domain or a name.

    Grain: from_key, to_key, match_rule.
    """
    return pl.concat([_reference_edges(accounts, "merged_into_key", "source_merge"), _cross_system_edges(accounts)])


@step(partition_by=ROW)
def opportunity_edges(opportunities: pl.DataFrame) -> pl.DataFrame:
    """List the edges between records of opportunities: merges and cross-system ids.

    Grain: from_key, to_key, match_rule.
    """
    return pl.concat(
        [_reference_edges(opportunities, "merged_into_key", "source_merge"), _cross_system_edges(opportunities)]
    )


@step(partition_by=ALL)
def owner_edges(owners: pl.DataFrame) -> pl.DataFrame:
    """List the edges between users of several systems: cross-system ids and equal addresses, but not of queues.

    Grain: from_key, to_key, match_rule.
    """
    people = owners.filter(~pl.col("is_queue"))
    addressed = people.select("record_key", address=normalise_email(pl.col("owner_email"))).filter(
        ~is_shared_mailbox(pl.col("address"))
    )
    return pl.concat([_cross_system_edges(owners), _email_edges(addressed)])


@step(partition_by=ALL, delivers=("record_key", "entity_id", "match_rule", "match_confidence", "is_survivor"))
def resolve(records: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Assign each record to its entity: record_key, entity_id, match_rule, match_confidence, is_survivor; sorted.

    `records` has record_key (unique) and source_created_at (null: unknown, sorts last; the smaller key
    breaks ties). `match_rule` is the strongest of `RULES` that links the record to another, else `alone`. An edge to a
    record that no stream delivered is ignored: see `unmatched`. The order of records and edges does not matter, more
    edges never split an entity, and a later record never changes an id. Raises
    `TransformError` on a duplicate record key and on a rule that is none of `RULES`.
    """
    nodes = _nodes(records)
    links = _numbered_edges(nodes, edges)
    rules = pl.Series(RULES, dtype=pl.String)
    return (
        nodes.with_columns(_first_of_component(nodes, links))
        .join(_strongest(links), on="node", how="left", maintain_order="left")
        .select(
            "record_key",
            entity_id=pl.col("record_key").gather("first"),
            match_rule=pl.lit(rules).gather("strength").fill_null(ALONE),
            match_confidence=pl.lit(1.0),
            is_survivor=pl.col("node") == pl.col("first"),
        )
    )


@step(partition_by=ALL)
def unmatched(people: pl.DataFrame, edges: pl.DataFrame, addressed: pl.DataFrame) -> pl.DataFrame:
    """Count records and links that could have matched but did not: reason, match_rule, count; sorted; zeros left out.

    `addressed` as in `person_edges`.

    `shared_mailbox`: records with the address of a desk or of nobody (info@, noemail@) that several live records have.
    `crowded_address`: records with an address that too many live records share, as they do a form's default.
    `contradicting_names`: records with an address of live records with contradicting names, as with a dummy.
    `never_seen`: links of which one end is a record that no stream delivered.
    """
    nobodys = (
        addressed.filter(pl.col("reason").is_not_null(), pl.col("shared_by") > 1)
        .group_by("reason")
        .agg(match_rule=pl.lit("email"), count=pl.col("record_key").n_unique().cast(pl.Int64))
    )
    record_keys = people.get_column("record_key").implode()
    is_resolvable = pl.col("from_key").is_in(record_keys) & pl.col("to_key").is_in(record_keys)
    dangling = edges.filter(~is_resolvable).group_by("match_rule").agg(count=pl.len().cast(pl.Int64))
    never_seen = dangling.select(pl.lit("never_seen").alias("reason"), "match_rule", "count")
    return pl.concat([nobodys, never_seen]).filter(pl.col("count") > 0).sort("reason", "match_rule")


def _reference_edges(records: pl.DataFrame, column: str, rule: str) -> pl.DataFrame:
    pointing = records.filter(pl.col(column).is_not_null())
    return pointing.select(from_key="record_key", to_key=column, match_rule=pl.lit(rule))


def _cross_system_edges(records: pl.DataFrame) -> pl.DataFrame:
    listed = records.select("record_key", "same_as_keys").explode("same_as_keys").drop_nulls("same_as_keys")
    return listed.select(from_key="record_key", to_key="same_as_keys", match_rule=pl.lit("cross_system_id"))


def _email_edges(addressed: pl.DataFrame) -> pl.DataFrame:
    """Link all records of one address to the first of them by key."""
    links = addressed.select(from_key="record_key", to_key=pl.col("record_key").min().over("address"))
    return links.filter(pl.col("from_key") != pl.col("to_key")).with_columns(match_rule=pl.lit("email"))


def _nodes(records: pl.DataFrame) -> pl.DataFrame:
    """Number the records in order of their keys."""
    nodes = records.select("record_key", "source_created_at").sort("record_key")
    duplicates = nodes.select((pl.col("record_key") == pl.col("record_key").shift()).sum()).item()
    if duplicates:
        raise TransformError(f"identity: {duplicates} records have a key that another has; a key must be one record's.")
    return nodes.with_columns(node=pl.int_range(pl.len(), dtype=pl.UInt32))


def _numbered_edges(nodes: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Replace keys by nodes and rules by strength; drop edges with an unknown end and those from a record to itself."""
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


def _first_of_component(nodes: pl.DataFrame, links: pl.DataFrame) -> pl.Series:
    """Find for each node the node of its component that was created first."""
    one, other = links.get_column("one").to_numpy(), links.get_column("other").to_numpy()
    weights = pl.repeat(1, links.height, dtype=pl.Int8, eager=True).to_numpy()
    graph = coo_array((weights, (one, other)), shape=(nodes.height, nodes.height))
    _, component = connected_components(graph, directed=False)
    by_age = nodes.select("source_created_at", "node", component=component).sort(
        "source_created_at", "node", nulls_last=True
    )
    first = by_age.select("node", first=pl.col("node").first().over("component"))
    return first.sort("node").get_column("first")


def _strongest(links: pl.DataFrame) -> pl.DataFrame:
    ends = pl.concat([links.select("strength", node=end) for end in ("one", "other")])
    return ends.group_by("node").agg(pl.col("strength").min())
