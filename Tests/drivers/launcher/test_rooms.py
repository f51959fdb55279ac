"""Where the copies that save sessions work: beside the limits of their context, and nothing of them stays there."""

import os
import signal
from pathlib import Path

import pytest
from checkpoint_stream import Parts
from interpreter_client import read_all
from launcher_process import LauncherProcess, cgroups, is_alive, wait_until
from test_full import GIVE_NAME, named, parent_of, supervisors

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="cgroups are made by root")

MEMORY = 160 << 20
LIMITS = {"memory.limit_in_bytes", "memory.max", "pids.max", "cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.max"}

# More than a connection holds, so that a copy has to wait for its reader.
LARGE = "import os\ndata = os.urandom(32 << 20)"

# Each object of these is a page or part of one that a copy writes to, if only to count a reference.
MOST_OF_THE_MEMORY = "rows = [{'n': n, 's': str(n)} for n in range(300_000)]"

NAME = GIVE_NAME.format("left-in-room")
SLEEP = f"if os.fork() == 0:\n        os.setsid(); {NAME}; time.sleep(600)"
# A process that has always just been replaced by another.
LEAP = f"if os.fork() == 0:\n        os.setsid(); {NAME}\n        while True:\n            if os.fork(): os._exit(0)"
GROW = "import mmap; blocks = []\n    while True: blocks.append(mmap.mmap(-1, 1 << 24)); blocks[-1].write(b'x' * (1 << 24))"
FILL = "for _ in range(100): shared[-1].write(b'x' * (1 << 20))"

IN_THE_COPY = """
import os, time
def act():
    {act}
class Acts:
    def __reduce__(self):
        act()
        return str, ()
acts = Acts()"""
IN_A_HOOK = """
import os, time
def act():
    {act}
os.register_at_fork(after_in_child=lambda: None if 'left' in globals() else (globals().update(left=1), act()))"""


@pytest.fixture
def own_launcher():
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0", "--memory-bytes", str(MEMORY),
                         "--file-bytes", str(MEMORY // 2)) as process:
        yield process


@pytest.fixture
def home(own_launcher):
    home = own_launcher.open()
    yield home
    home.close()


def rooms(launcher) -> list[Path]:
    return cgroups(launcher, "room-")


def is_empty(launcher) -> bool:
    return not any(map(members, rooms(launcher)))


def supervisors_parent(launcher) -> int:
    """The launcher itself, behind the outer wall."""
    return parent_of(supervisors(launcher)[0])


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def members(room: Path) -> list[int]:
    try:
        return list(map(int, (room / "cgroup.procs").read_text().split()))
    except OSError:
        return []  # It has just been removed.


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


def test_the_copy_is_in_a_room_as_wide_as_its_context_and_the_session_where_it_was(own_launcher, home, session):
    session.run(LARGE)
    with home.begin_save() as connection:
        assert session.run("len(data)").text == str(32 << 20)
        found = rooms(own_launcher)
        copy, = {pid for room in found for pid in members(room)}
        assert found and all(members(room) == [copy] for room in found)
        for room in found:
            context = room.with_name(room.name.replace("room-", "context-"))
            limits = [path.name for path in context.iterdir() if path.name in LIMITS]
            assert limits and [(room / name).read_text() for name in limits] == [(context / name).read_text() for name in limits]
        assert Parts(read_all(connection)).trailer is not None
    assert wait_until(lambda: is_empty(own_launcher) and not is_alive(copy))


@pytest.mark.parametrize("where", [IN_THE_COPY, IN_A_HOOK], ids=["pickling", "hook"])
@pytest.mark.parametrize("act", [SLEEP, LEAP], ids=["sleeps", "forks on and on"])
def test_what_a_copy_leaves_behind_ends_with_it(own_launcher, home, session, act, where):
    assert session.run(LARGE + where.format(act=act)).error is None
    with home.begin_save() as connection:
        assert wait_until(lambda: named("left-in-room") != [])
        read_all(connection)
    assert wait_until(lambda: named("left-in-room") == [] and is_empty(own_launcher))
    assert session.run("1 + 1").text == "2"


def test_after_one_that_was_cleared_the_next_copy_may_start_processes(own_launcher, home, session):
    assert session.run(IN_THE_COPY.format(act="os.waitpid(os.fork() or os._exit(0), 0)")).error is None
    for _ in range(3):
        assert Parts(home.save()).lost == {}
        assert wait_until(lambda: is_empty(own_launcher))


def test_a_copy_that_takes_more_memory_than_a_context_may_ends_alone(own_launcher, home, session):
    assert session.run("state = 41\n" + IN_THE_COPY.format(act=GROW)).error is None
    assert Parts(home.save()).trailer is None
    assert session.run("state + 1").text == "42"
    assert wait_until(lambda: is_empty(own_launcher))


def test_what_copies_leave_in_shared_memory_is_counted_on(home, session):
    assert session.run("import mmap; shared = []" + IN_THE_COPY.format(act=FILL)).error is None
    more = "shared.append(mmap.mmap(-1, 100 << 20)); 1"
    assert session.run(more).text == "1" and Parts(home.save()).trailer is not None
    assert session.run(more).text == "1" and Parts(home.save()).trailer is None
    assert session.run("shared[0].read(1)").text == "b'x'"


@pytest.mark.parametrize("how", ["home", "supervisor"])
def test_a_room_goes_with_its_context(own_launcher, home, session, how):
    session.run(LARGE)
    with home.begin_save():
        assert wait_until(lambda: not is_empty(own_launcher))
        if how == "home":
            home.close()
            assert wait_until(lambda: rooms(own_launcher) == [])
        else:
            supervisor, = supervisors(own_launcher)
            os.kill(supervisor, signal.SIGKILL)
            assert wait_until(lambda: is_empty(own_launcher))


@pytest.mark.parametrize("where", ["no session", "an execution runs", "a save runs"])
def test_a_save_that_is_refused_leaves_nothing(own_launcher, home, session, where):
    launcher, supervisor = supervisors_parent(own_launcher), *supervisors(own_launcher)
    before = descriptors(launcher), descriptors(supervisor)
    if where == "no session":
        assert own_launcher.open().save() == b""
    elif where == "an execution runs":
        execution = session.begin("print('begun')\nwhile True: pass")
        session.receive_until("stdout")
        assert home.save() == b""
        session.interrupt(execution)
        session.finish(execution)
    else:
        session.run(LARGE)
        with home.begin_save():
            assert home.save() == b""
    assert wait_until(lambda: (descriptors(launcher), descriptors(supervisor)) == before and is_empty(own_launcher))


def test_many_saves_leave_nothing(own_launcher, home, session):
    assert Parts(home.save()).trailer is not None
    launcher, supervisor = supervisors_parent(own_launcher), *supervisors(own_launcher)
    assert wait_until(lambda: is_empty(own_launcher))
    before = descriptors(launcher), descriptors(supervisor), len(rooms(own_launcher))
    for _ in range(20):
        assert Parts(home.save()).trailer is not None
    assert wait_until(lambda: (descriptors(launcher), descriptors(supervisor), len(rooms(own_launcher))) == before)


def test_whoever_is_in_a_room_by_half_is_ended_as_well(own_launcher, home, session):
    session.run(LARGE + f"\nimport time\nif os.fork() == 0:\n    {NAME}; time.sleep(600)")
    assert wait_until(lambda: named("left-in-room") != [])
    child, = named("left-in-room")
    with home.begin_save() as connection:
        half = next(room for room in rooms(own_launcher) if (room / "pids.max").exists())
        (half / "cgroup.procs").write_text(str(child))
        assert is_alive(child) and Parts(read_all(connection)).trailer is not None
    assert wait_until(lambda: not is_alive(child))
