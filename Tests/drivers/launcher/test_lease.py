"""A silo that falls silent: its contexts stop, and go on when it speaks again."""

import os
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from interpreter_client import read_all
from launcher_process import LauncherProcess, descendants, wait_until
from sandbox_launcher.lease import Lease

# Busy in a thread and in a child, whatever the session does.
BUSY = """
import os, threading
def count(name):
    n = 0
    while True:
        n += 1
        os.times()
threading.Thread(target=count, args=('t',), daemon=True).start()
if os.fork() == 0:
    count('c')
"""


# The one way out of its loop is an interrupt, which it would survive.
STUBBORN = """
try:
    while True:
        pass
except KeyboardInterrupt:
    while True:
        pass
"""


def states(launcher, of_supervisors=False) -> list[str]:
    """Of the processes in the contexts that are not the first of their namespace; or of those that are."""
    found = []
    for pid in descendants(launcher.process.pid):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        # In three namespaces: the machine's, the launcher's and its own.
        numbers = fields["NSpid"].split()
        if len(numbers) == 3 and (numbers[-1] == "1") == of_supervisors:
            found.append(fields["State"][0])
    return found


def wait_until_halted(launcher) -> None:
    """The silo has spoken, and is silent now."""
    assert wait_until(lambda: states(launcher) and set(states(launcher)) == {"T"})


def wait_until_heard(launcher, interpreter) -> None:
    """Its supervisor, the only one, has dealt with what was sent, and waits for more."""
    assert wait_until(lambda: interpreter.unheard() == 0 and states(launcher, of_supervisors=True) == ["S"])


def speak(launcher) -> None:
    os.write(launcher.process.stdin.fileno(), b".")


@contextmanager
def speaking(launcher):
    """As a silo that lives."""
    over = threading.Event()

    def go_on():
        speak(launcher)
        while not over.wait(0.2):
            speak(launcher)
    speaker = threading.Thread(target=go_on)
    speaker.start()
    try:
        yield
    finally:
        over.set()
        speaker.join()


def test_silence_stops_every_process_of_a_context_and_a_word_lets_it_go_on():
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0", "--lease-seconds", "1") as launcher:
        interpreter = launcher.start()
        interpreter.run(BUSY)
        speak(launcher)
        assert wait_until(lambda: states(launcher) and set(states(launcher)) == {"T"})
        assert len(states(launcher)) >= 2
        with speaking(launcher):
            assert wait_until(lambda: "T" not in states(launcher))
            assert interpreter.run("1 + 1").text == "2"
        interpreter.close()


def test_an_interrupt_waits_until_the_silo_speaks_again():
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0", "--lease-seconds", "1") as launcher:
        interpreter = launcher.start()
        interpreter.hello()
        execution = interpreter.begin(STUBBORN)
        speak(launcher)
        wait_until_halted(launcher)
        interpreter.interrupt(execution)
        interpreter.interrupt(execution, rung=2)
        wait_until_heard(launcher, interpreter)
        assert set(states(launcher)) == {"T"}
        with speaking(launcher):
            assert interpreter.finish(execution).error["name"] == "KeyboardInterrupt"
        interpreter.close()


def test_an_interpreter_that_is_entered_in_the_silence_is_halted_before_it_hears_of_anything():
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0", "--lease-seconds", "1") as launcher:
        running, home = launcher.start(), launcher.open()
        running.run(BUSY)
        speak(launcher)
        assert wait_until(lambda: states(launcher).count("T") >= 2)
        entered = home.enter().start()
        assert wait_until(lambda: set(states(launcher)) == {"T"})
        with speaking(launcher):
            assert entered.run("1 + 1").text == "2"
        running.close()
        entered.close()
        home.close()


def test_files_are_not_served_in_the_silence():
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0", "--lease-seconds", "1") as launcher:
        home = launcher.open()
        interpreter = home.enter().start()
        interpreter.run(BUSY)
        speak(launcher)
        wait_until_halted(launcher)
        with home.attach("files") as connection:
            assert read_all(connection) == b""
        interpreter.close()
        home.close()


def test_a_silo_that_has_never_spoken_is_not_silent():
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0", "--lease-seconds", "0.05") as launcher:
        interpreter = launcher.start()
        assert interpreter.run("import time; time.sleep(0.5); 1 + 1").text == "2"
        interpreter.close()


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_a_lease_ends_once_and_is_renewed(clock):
    lease = Lease(4)
    clock[0] = 100.0
    assert not lease.end_if_due()
    assert not lease.renew()
    clock[0] = 103.9
    assert not lease.end_if_due() and lease.seconds_until_due() == pytest.approx(0.1)
    clock[0] = 104.0
    assert lease.end_if_due() and not lease.end_if_due()
    assert lease.seconds_until_due() is None
    assert lease.renew() and not lease.is_over


def test_no_lease_never_ends(clock):
    lease = Lease(0)
    lease.renew()
    clock[0] = 1e9
    assert not lease.end_if_due() and lease.seconds_until_due() is None
