"""Where the copies that save sessions work: beside the limits of their context, and nothing of them stays there."""

import os
import signal
import socket
from pathlib import Path

import pytest
from checkpoint_stream import Parts
from interpreter_client import read_all
from launcher_process import LauncherProcess, cgroups, is_alive, wait_until
from sandbox_launcher.checkpoints.room import Room
from test_full import GIVE_NAME, named, supervisors

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="cgroups are made by root")

MEMORY = 160 << 20

# More than a connection holds, so that a copy has to wait for its reader.
LARGE = "import os\ndata = os.urandom(32 << 20)"

# Each object of these is a page or part of one that a copy writes to, if only to count a reference.
MOST_OF_THE_MEMORY = "rows = [{'n': n, 's': str(n)} for n in range(300_000)]"

LEAVES = """
import os, time
class Leaves:
    def __reduce__(self):
        {leave}
        return str, ()
leaves = Leaves()"""
SLEEPER = f"if os.fork() == 0: os.setsid(); {GIVE_NAME.format('left-in-room')}; time.sleep(600)"
# A process that has always just been replaced by another.
LEAPER = f"if os.fork() == 0:\n            os.setsid(); {GIVE_NAME.format('left-in-room')}\n            while True:\n                if os.fork(): os._exit(0)"


@pytest.fixture
def own_launcher():
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0", "--memory-bytes", str(MEMORY), "--file-bytes", str(MEMORY // 2)) as process:
        yield process


@pytest.fixture
def home(own_launcher):
    home = own_launcher.open()
    yield home
    home.close()


@pytest.fixture
def session(home):
    interpreter = home.enter().start()
    interpreter.hello()
    return interpreter


def rooms(launcher) -> list[Path]:
    return cgroups(launcher, "copy-")


def members(room: Path) -> list[int]:
    try:
        return list(map(int, (room / "cgroup.procs").read_text().split()))
    except OSError:
        return []  # It has just been removed.


def begin(home) -> socket.socket:
    """A save that is under way."""
    connection = home.attach("save")
    assert connection.recv(1, socket.MSG_PEEK)
    return connection


def test_a_session_that_uses_most_of_its_memory_is_saved(own_launcher, home, session):
    assert session.run(MOST_OF_THE_MEMORY).error is None
    assert session.run("max(map(int, open('/proc/self/statm').read().split()[1:2])) * 4096 > 100 << 20").text == "True"
    checkpoint = home.save()
    assert Parts(checkpoint).trailer is not None
    other = own_launcher.open()
    restored = other.restore(checkpoint)
    assert restored.hello()["restored"]["lost"] == []
    assert restored.run("len(rows), rows[-1]").text == "(300000, {'n': 299999, 's': '299999'})"
    other.close()


def test_the_copy_is_in_a_room_and_the_session_where_it_was(own_launcher, home, session):
    session.run(LARGE)
    with begin(home) as connection:
        assert session.run("len(data)").text == str(32 << 20)
        found = rooms(own_launcher)
        copy, = {pid for room in found for pid in members(room)}
        assert found and all(members(room) == [copy] for room in found)
        assert Parts(read_all(connection)).trailer is not None
    assert wait_until(lambda: rooms(own_launcher) == [] and not is_alive(copy))


@pytest.mark.parametrize("leave", [SLEEPER, LEAPER], ids=["sleeps", "forks on and on"])
def test_what_a_copy_leaves_behind_ends_with_it(own_launcher, home, session, leave):
    assert session.run(LEAVES.format(leave=leave)).error is None
    with begin(home) as connection:
        Parts(read_all(connection))
    assert wait_until(lambda: rooms(own_launcher) == [])
    assert named("left-in-room") == []
    assert session.run("1 + 1").text == "2"


def test_a_copy_that_takes_more_memory_than_a_context_may_ends_alone(own_launcher, home, session):
    grow = "import mmap; blocks = []\n        while True: blocks.append(mmap.mmap(-1, 1 << 24)); blocks[-1].write(b'x' * (1 << 24))"
    assert session.run("state = 41\n" + LEAVES.format(leave=grow)).error is None
    assert Parts(home.save()).trailer is None
    assert session.run("state + 1").text == "42"
    assert wait_until(lambda: rooms(own_launcher) == [])


@pytest.mark.parametrize("how", ["home", "supervisor"])
def test_a_room_goes_with_its_context(own_launcher, home, session, how):
    session.run(LARGE)
    with begin(home):
        assert wait_until(lambda: any(map(members, rooms(own_launcher))))
        if how == "home":
            home.close()
        else:
            supervisor, = supervisors(own_launcher)
            os.kill(supervisor, signal.SIGKILL)
        assert wait_until(lambda: rooms(own_launcher) == [])


@pytest.mark.parametrize("where", ["no session", "an execution runs", "a save runs"])
def test_a_save_that_is_refused_leaves_no_room(own_launcher, home, session, where):
    if where == "no session":
        assert own_launcher.open().save() == b""
    elif where == "an execution runs":
        session.begin("while True: pass")
        assert home.save() == b""
    else:
        session.run(LARGE)
        with begin(home):
            assert home.save() == b""
    assert wait_until(lambda: rooms(own_launcher) == [])


def test_without_a_room_the_copy_is_told_to_go_on():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCONT})
    try:
        own = os.pidfd_open(os.getpid())
        Room(()).admit(os.getpid(), own)
        os.close(own)
        assert signal.sigtimedwait({signal.SIGCONT}, 0).si_signo == signal.SIGCONT
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCONT})
