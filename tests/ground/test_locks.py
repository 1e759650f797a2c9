"""Advisory locks: one at a time, across sessions, gone with the session."""

import threading

import pytest
from django.db import connection

from billing.locks import advisory_lock

pytestmark = pytest.mark.django_db(transaction=True)


def taken_elsewhere(name: str) -> bool:
    """Whether another session is refused the lock now."""
    refused: list[bool] = []

    def attempt() -> None:
        with advisory_lock(name) as is_ours:
            refused.append(not is_ours)
        connection.close()

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return refused[0]


def test_a_lock_is_had_by_one_session_and_refused_to_the_others() -> None:
    with advisory_lock("verify") as is_ours:
        assert is_ours
        assert taken_elsewhere("verify")
        assert not taken_elsewhere("lapse")

    assert not taken_elsewhere("verify")


def test_a_lock_is_let_go_when_the_job_fails() -> None:
    with pytest.raises(RuntimeError), advisory_lock("verify"):
        raise RuntimeError("the job failed")

    assert not taken_elsewhere("verify")


def test_a_lock_goes_with_its_session() -> None:
    with advisory_lock("verify"):
        connection.close()

        assert not taken_elsewhere("verify")
