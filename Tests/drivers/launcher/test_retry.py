"""What could not be done is tried again: soon at first, and never all the time."""

import time

from sandbox_launcher import retry
from sandbox_launcher.retry import Retry, seconds_until_first


def test_it_is_due_at_once_and_after_each_postponement_later(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    one, pauses, said = Retry(), [], []
    for _ in range(10):
        assert one.is_due
        said.append(one.postpone())
        assert not one.is_due
        pauses.append(round(one.at - now, 2))
        now = one.at
    assert pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    assert said.count(True) == 1


def test_the_first_of_all_counts(monkeypatch):
    monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
    early, late = Retry(), Retry()
    early.postpone()
    late.postpone()
    late.postpone()
    assert round(seconds_until_first([late, early]), 2) == retry._FIRST_SECONDS
    assert seconds_until_first([Retry()]) == 0.0
    assert seconds_until_first([]) is None
