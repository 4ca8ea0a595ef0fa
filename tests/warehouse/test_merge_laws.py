"""Whatever was published before, a publication leaves exactly what was staged, and touches only what differs."""

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from definitions.schema.tables import BRIDGE_OPPORTUNITY_PERSON, DIM_OWNER

pytestmark = pytest.mark.slow

NAMES = st.sampled_from(["Ada", "Ben", "O'Hara", "", None, 'ü"\n\\N\t'])
OWNERS = st.dictionaries(st.sampled_from("abcdef"), NAMES, max_size=6)
LINKS = st.dictionaries(st.tuples(st.sampled_from("xyz"), st.sampled_from("pq")), st.booleans(), max_size=6)
RUNS = (f"run {number}" for number in count())


def rows_of(owners, links):
    return {
        "dim_owner": [{"owner_id": key, "owner_name": name} for key, name in owners.items()],
        "bridge_opportunity_person": [
            {"opportunity_id": deal, "person_id": person, "is_primary": primary}
            for (deal, person), primary in links.items()
        ],
    }


def published(warehouse):
    owners = warehouse.all("SELECT owner_id, owner_name, run_id FROM curated.dim_owner")
    links = warehouse.all("SELECT opportunity_id, person_id, is_primary, run_id FROM curated.bridge_opportunity_person")
    return (
        {key: name for key, name, _run in owners},
        {(deal, person): primary for deal, person, primary, _run in links},
        {row[:-1]: row[-1] for row in [*owners, *links]},
    )


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.tuples(OWNERS, LINKS), after=st.tuples(OWNERS, LINKS))
def test_what_is_staged_is_what_stands_and_only_what_differs_is_written(warehouse_of, before, after):
    warehouse = warehouse_of(DIM_OWNER, BRIDGE_OPPORTUNITY_PERSON)
    warehouse.refresh(next(RUNS), **rows_of(*before))
    *_, runs_before = published(warehouse)

    done = warehouse.refresh(run_id := next(RUNS), **rows_of(*after))
    *stands, runs_after = published(warehouse)

    assert stands == list(after)
    same = runs_before.keys() & runs_after.keys()
    assert {row: runs_after[row] for row in same} == {row: runs_before[row] for row in same}
    assert {runs_after[row] for row in runs_after.keys() - same} <= {run_id}
    for old, new, table in zip(before, after, ("dim_owner", "bridge_opportunity_person"), strict=True):
        written = done.tables[table]
        assert written.inserted == len(new.keys() - old.keys())
        assert written.deleted == len(old.keys() - new.keys())
        assert written.updated == sum(old[key] != new[key] for key in old.keys() & new.keys())

    again = warehouse.refresh(next(RUNS), **rows_of(*after))
    assert (again.run_status, again.rows_written) == ("unchanged", 0)
    assert published(warehouse)[2] == runs_after
