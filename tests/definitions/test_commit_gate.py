"""Whether a signal or a COMMIT comes first is decided once, and never told otherwise."""

import threading

import pytest

from definitions.errors import RunInterruptedError
from definitions.runtime.commit_gate import CommitGate, CommitState, Publication
from tests.waiting import until

RUN = "000001"


def test_a_signal_that_comes_first_keeps_the_run_from_committing():
    gate = CommitGate()
    with gate.transaction(RUN):
        assert gate.close(0) == CommitState(Publication.NOT_SENT, RUN)
        with pytest.raises(RunInterruptedError):
            gate.sent()


def test_a_run_that_was_kept_from_committing_has_published_nothing():
    gate = CommitGate()
    gate.close(0)

    def publish():
        with gate.transaction(RUN):
            gate.sent()

    with pytest.raises(RunInterruptedError):
        publish()
    assert gate.now() == CommitState(Publication.NOT_SENT, RUN)


def test_a_signal_that_comes_after_commit_waits_for_its_answer():
    gate, decided, go_on = CommitGate(), [], threading.Event()

    def publish():
        with gate.transaction(RUN):
            gate.sent()
            go_on.wait()

    publishing = threading.Thread(target=publish)
    publishing.start()
    until(lambda: gate.now().publication is Publication.SENT)
    ending = threading.Thread(target=lambda: decided.append(gate.close(60)))
    ending.start()
    assert decided == []
    go_on.set()
    publishing.join()
    ending.join()
    assert decided == [CommitState(Publication.PUBLISHED, RUN)]


def test_an_answer_that_does_not_come_is_not_guessed():
    gate = CommitGate()
    with gate.transaction(RUN):
        gate.sent()
        assert gate.close(0) == CommitState(Publication.SENT, RUN)


def test_a_connection_lost_at_commit_leaves_it_open_until_somebody_has_looked():
    gate = CommitGate()

    def publish():
        with gate.transaction(RUN):
            gate.sent()
            raise OSError("lost")

    with pytest.raises(OSError, match="lost"):
        publish()
    assert gate.now() == CommitState(Publication.UNKNOWN, RUN)
    gate.found(RUN)
    assert gate.close(0) == CommitState(Publication.PUBLISHED, RUN)


def test_a_transaction_that_fails_before_commit_publishes_nothing():
    gate = CommitGate()
    with pytest.raises(OSError, match="lost"), gate.transaction(RUN):
        raise OSError("lost")
    assert gate.now().publication is Publication.NOT_SENT


def test_the_next_run_of_a_process_begins_anew():
    gate = CommitGate()
    with gate.transaction(RUN):
        gate.sent()
    gate.forget()
    assert gate.now() == CommitState(Publication.NOT_SENT, None)
