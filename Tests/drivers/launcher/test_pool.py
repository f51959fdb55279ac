"""How many interpreters wait warm: as many as were needed lately, between two bounds, made when nobody is kept waiting."""

import itertools
import os

import pytest
from launcher_process import LauncherProcess
from sandbox_launcher.pool import Pool, PoolBounds


def _fail():
    raise OSError(11, "no room")


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Made:
    """A pool of numbers, and what became of them."""

    def __init__(self, minimum, maximum):
        self.clock = Clock()
        self.discarded = []
        self._numbers = itertools.count(1)
        self.make = lambda: next(self._numbers)
        self.pool = Pool(PoolBounds(minimum, maximum), lambda: self.make(), self.discarded.append, self.clock)

    def settle(self):
        """Until nothing is due for a while."""
        while (seconds := self.pool.seconds_until_due()) is not None and seconds < 1:
            self.clock.now += seconds
            self.pool.tend()


def test_a_pool_fills_up_to_its_minimum_at_once():
    made = Made(2, 8)
    assert made.pool.seconds_until_due() == 0
    made.settle()
    assert len(made.pool) == 2 and made.pool.seconds_until_due() is None


def test_what_was_taken_is_replaced_a_little_later():
    made = Made(2, 8)
    made.settle()
    assert made.pool.take() == 1
    assert 0 < made.pool.seconds_until_due() < 1
    made.pool.tend()
    assert len(made.pool) == 1
    made.settle()
    assert len(made.pool) == 2


def test_more_takers_do_not_put_off_what_is_due():
    made = Made(2, 8)
    made.settle()
    made.pool.take()
    due = made.clock.now + made.pool.seconds_until_due()
    made.clock.now += 0.01
    made.pool.take()
    assert made.clock.now + made.pool.seconds_until_due() == due


def test_a_miss_doubles_what_waits_up_to_the_maximum():
    made = Made(1, 5)
    made.settle()
    for expected in (2, 4, 5, 5):
        while made.pool.take() is not None:
            pass
        made.settle()
        assert len(made.pool) == expected


def test_what_is_not_needed_is_given_up_one_a_minute():
    made = Made(1, 8)
    made.settle()
    while made.pool.take() is not None:
        pass
    made.settle()
    assert len(made.pool) == 2
    for _ in range(3):
        made.clock.now += made.pool.seconds_until_due() or 0
        made.pool.tend()
    assert len(made.pool) == 1 == len(made.discarded)
    assert made.pool.seconds_until_due() is None


def test_what_is_needed_every_minute_stays():
    made = Made(1, 8)
    made.settle()
    while made.pool.take() is not None:
        pass
    made.settle()
    for _ in range(5):
        assert [made.pool.take(), made.pool.take()].count(None) == 0
        made.settle()
        made.clock.now += 60
        made.pool.tend()
    assert made.discarded == []


def test_one_that_ends_while_it_waits_is_replaced():
    made = Made(1, 1)
    made.settle()
    made.pool.remove(1)
    made.settle()
    assert made.pool.take() == 2


def test_an_empty_pool_makes_nothing():
    made = Made(0, 0)
    made.settle()
    assert made.pool.take() is None
    made.settle()
    assert len(made.pool) == 0


def test_a_drained_pool_makes_nothing_any_more():
    made = Made(2, 2)
    made.settle()
    assert made.pool.drain() == [1, 2]
    made.clock.now += 1000
    made.pool.tend()
    assert len(made.pool) == 0


def test_what_cannot_be_made_is_tried_again_ever_more_slowly():
    made = Made(1, 1)
    made.make = _fail
    pauses = []
    for _ in range(10):
        made.clock.now += made.pool.seconds_until_due() + 0.001
        with pytest.raises(OSError):
            made.pool.tend()
        pauses.append(round(made.pool.seconds_until_due(), 3))
    assert all(later >= earlier for earlier, later in zip(pauses, pauses[1:])) and pauses[-1] == 10


def test_what_ends_at_once_is_made_ever_more_slowly():
    made = Made(1, 1)
    made.settle()
    pauses = []
    for number in range(1, 8):
        made.pool.remove(number)
        pauses.append(made.pool.seconds_until_due())
        made.clock.now += pauses[-1]
        made.pool.tend()
    assert pauses == sorted(pauses) and pauses[-1] > 5


def waiting(launcher) -> int:
    """What it says to a word of its silo."""
    os.write(launcher.process.stdin.fileno(), b".")
    word, number = launcher.process.stdout.readline().split()
    assert word == b"waiting"
    return int(number)


def test_the_silo_is_told_whether_one_was_waiting_and_how_many_do():
    with LauncherProcess("--pool-minimum", "1", "--pool-maximum", "1") as launcher:
        assert waiting(launcher) == 1
        assert launcher.open().reply["warm"] is True
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0") as launcher:
        assert waiting(launcher) == 0
        assert launcher.open().reply["warm"] is False


def test_a_silo_that_does_not_listen_keeps_nobody_waiting():
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0") as launcher:
        # Each is answered with ten bytes, and a pipe holds 64 KiB.
        for _ in range(10_000):
            os.write(launcher.process.stdin.fileno(), b".")
        assert launcher.open().reply["warm"] is False
