"""A flow and a task whose libraries fail with a value of a record in their text."""

from typing import Any

from prefect import flow, task

from flows.orchestration.run_states import flow_states, task_states, value_of
from tests.flows.alerts.company import CANARY


@task(persist_result=False)
@task_states
def read(record: dict[str, Any]) -> int:
    try:
        return int(record["amount"])
    except KeyError as error:
        raise RuntimeError(f"cannot read {CANARY} of {record}") from error


@flow(name="breaks", persist_result=False)
@flow_states
def breaks() -> int:
    return value_of(read({}, return_state=True))


@flow(name="breaks_in_a_thread", persist_result=False)
@flow_states
def breaks_in_a_thread() -> int:
    future = read.submit({})
    future.wait()
    return future.result()
