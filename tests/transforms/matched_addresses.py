"""People matched by their links and addresses, as `golden.entities.matched_people` does it."""

import polars as pl

from transforms.identity import matching
from transforms.identity.addresses import EMAIL_LIMIT, addresses_of_people


def person_edges(people: pl.DataFrame, *, email_limit: int = EMAIL_LIMIT) -> pl.DataFrame:
    links = matching.person_links(people)
    return matching.person_edges(links, addresses_of_people(people, links, email_limit=email_limit))


def unmatched(people: pl.DataFrame, edges: pl.DataFrame, *, email_limit: int = EMAIL_LIMIT) -> pl.DataFrame:
    links = edges.filter(pl.col("match_rule") != "email")
    return matching.unmatched(people, edges, addresses_of_people(people, links, email_limit=email_limit))
