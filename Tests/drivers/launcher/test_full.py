"""The tier full: what an interpreter gets to see, what it may use, and that nothing of it stays."""

import os
import signal
import socket
from pathlib import Path

import pytest
from interpreter_client import LIMITS
from launcher_process import LauncherProcess, cgroups, descendants, is_alive, wait_until

GIVE_NAME = "open('/proc/self/comm', 'w').write('{}')"

# In pages that Python knows nothing of.
FILL_MEMORY = "import mmap\nblocks = []\nwhile True:\n    blocks.append(mmap.mmap(-1, 1 << 24)); blocks[-1].write(b'x' * (1 << 24))"


@pytest.fixture
def own_launcher():
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0") as process:
        yield process


def groups(launcher) -> list[Path]:
    """The cgroups of the launcher's contexts."""
    return cgroups(launcher, "context-")


def share_of(group: Path) -> float | None:
    """In percent of a processor; None for a group of another controller."""
    if (path := group / "cpu.max").exists():
        quota, period = path.read_text().split()
    elif (path := group / "cpu.cfs_quota_us").exists():
        quota, period = path.read_text(), (group / "cpu.cfs_period_us").read_text()
    else:
        return None
    return 100 * int(quota) / int(period)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def supervisors(launcher) -> list[int]:
    """The first processes of the contexts' pid namespaces."""
    namespaces, parents = {}, {}
    for pid in descendants(launcher.process.pid):
        try:
            namespaces[pid], parents[pid] = os.readlink(f"/proc/{pid}/ns/pid"), parent_of(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # It has ended since it was listed.
    first = [pid for pid in namespaces if namespaces.get(parents[pid]) != namespaces[pid]]
    # Outermost are bubblewrap's own: its first process, and the launcher in the same namespace.
    outermost = (None, os.readlink("/proc/self/ns/pid"))
    return [pid for pid in first if namespaces.get(parents[pid]) not in outermost]


def named(name: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        try:
            if path.read_text().strip() == name:
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_a_home_is_the_working_directory_private_and_new(interpreter):
    told = interpreter.run(
        "import os; print(os.getcwd(), os.environ['HOME'], oct(os.stat('.').st_mode & 0o777), os.listdir(), os.getuid())")
    assert told.stdout.split() == ["/home/user", "/home/user", "0o700", "[]", "1000"]


def test_only_its_own_files_can_be_written(interpreter):
    told = interpreter.run("""
import os
writable = []
for folder, below, _ in os.walk('/'):
    if folder in ('/proc', '/usr'):
        below.clear()
        continue
    try:
        open(folder + '/probe', 'w').close()
        writable.append(folder)
    except OSError:
        pass
writable""")
    assert told.text == "['/home/user', '/tmp', '/dev/shm']"


def test_it_sees_no_process_but_its_own(interpreter):
    assert interpreter.run("import os; [pid for pid in os.listdir('/proc') if pid.isdigit()] == [str(os.getpid())]").text == "True"


def test_files_go_with_the_home_and_nothing_else_does(own_launcher):
    home = own_launcher.open()
    first = home.enter().start()
    assert first.run("import os\nfor folder in ('.', '/tmp', '/dev/shm'): open(folder + '/kept', 'w').write('k')\nstate = 1").error is None
    assert first.hang_up().ended["reason"] == "closed"
    second = home.enter().start()
    assert second.run("[open(folder + '/kept').read() for folder in ('.', '/tmp', '/dev/shm')]").text == "['k', 'k', 'k']"
    assert second.run("state").error["name"] == "NameError"
    home.close()
    assert second.receive_until("ended").ended["reason"] == "closed"


@pytest.mark.skipif(os.geteuid() != 0, reason="cgroups are made by root")
def test_a_context_has_a_cgroup_that_goes_with_it(own_launcher):
    interpreter = own_launcher.start()
    interpreter.run("1")
    assert len(groups(own_launcher)) >= 1
    interpreter.close()
    assert wait_until(lambda: groups(own_launcher) == [])


@pytest.mark.parametrize("how", ["hang up", "home", "stdin", "SIGTERM", "SIGKILL"])
def test_whatever_ends_first_every_process_ends(own_launcher, how):
    interpreter = own_launcher.start()
    assert interpreter.run(GIVE_NAME.format("left-behind") + """
import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: time.sleep(600)
        time.sleep(600)
1""").text == "1"
    assert wait_until(lambda: len(named("left-behind")) == 7)
    pids = descendants(own_launcher.process.pid)
    if how == "hang up":
        interpreter.hang_up()
    elif how == "home":
        interpreter.close()
    elif how == "stdin":
        own_launcher.process.stdin.close()
    else:
        own_launcher.process.send_signal(getattr(signal, how))
    assert wait_until(lambda: named("left-behind") == [])
    if how in ("stdin", "SIGTERM"):
        assert own_launcher.process.wait(20) == 0
        assert not own_launcher.directory.exists() and groups(own_launcher) == []
    if how == "SIGKILL":
        # Nobody was left to do it: the next launcher does.
        own_launcher.process.wait(20)
        with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0"):
            assert groups(own_launcher) == []
    if how in ("stdin", "SIGTERM", "SIGKILL"):
        assert wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_growth_beyond_the_limit_is_an_error_of_the_language_and_keeps_the_state(interpreter):
    interpreter.run("state = 41")
    outcome = interpreter.run("block = []\nwhile True: block.append(bytearray(1 << 20))")
    assert (outcome.error["name"], outcome.error["memory"]) == ("MemoryError", True)
    assert interpreter.run("block = None; state + 1").text == "42"


@pytest.mark.skipif(os.geteuid() != 0, reason="without a cgroup each process is limited by itself")
def test_what_no_process_can_be_told_of_ends_the_interpreter_and_is_named(own_launcher):
    interpreter = own_launcher.start()
    outcome = interpreter.run(FILL_MEMORY)
    assert outcome.ended["reason"] == "memory"


@pytest.mark.skipif(os.geteuid() != 0, reason="without a cgroup each process is limited by itself")
def test_the_memory_of_one_interpreter_is_no_reason_for_the_end_of_the_next_one_in_its_home(own_launcher):
    home = own_launcher.open()
    assert home.enter().start().run(FILL_MEMORY).ended["reason"] == "memory"
    interpreter = home.enter().start()
    interpreter.hello()
    driver, = [pid for pid in descendants(own_launcher.process.pid) if parent_of(pid) in supervisors(own_launcher)]
    os.kill(driver, signal.SIGKILL)
    ended = interpreter.receive_until("ended").ended
    assert (ended["reason"], ended["signal"]) == ("signaled", signal.SIGKILL)
    home.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="without a cgroup each process is limited by itself")
def test_a_child_that_is_ended_for_its_memory_is_no_end_of_the_interpreter(interpreter):
    outcome = interpreter.run("""
import os
if (pid := os.fork()) == 0:
    import mmap
    blocks = []
    while True:
        blocks.append(mmap.mmap(-1, 1 << 24)); blocks[-1].write(b'x' * (1 << 24))
os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])""")
    assert outcome.text == "-9"
    assert interpreter.run("import os; os.kill(os.getpid(), 9)").ended["signal"] == 9


def test_files_are_limited_and_the_session_goes_on(interpreter):
    outcome = interpreter.run("with open('big', 'wb') as file:\n    while True: file.write(b'x' * (1 << 20))")
    assert outcome.error["value"] == "[Errno 28] No space left on device"
    assert interpreter.run("import os; os.remove('big'); open('small', 'w').write('x')").text == "1"


def test_warm_interpreters_wait_before_anybody_asks():
    with LauncherProcess("--pool-minimum", "3", "--pool-maximum", "3") as launcher:
        waiting = supervisors(launcher)
        assert len(waiting) == 3
        interpreter = launcher.start()
        assert interpreter.run(GIVE_NAME.format("warm") + "\n1 + 1").text == "2"
        # The one that answers is one of those that waited.
        assert parent_of(named("warm")[0]) in waiting
        interpreter.close()


@pytest.mark.parametrize("percent", [1, 3, 100, 250])
def test_a_context_gets_its_share_of_the_processors(percent):
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0", "--cpu-percent", str(percent)) as process:
        interpreter = process.start()
        shares = [share for group in groups(process) if (share := share_of(group)) is not None]
        assert shares == [pytest.approx(percent, rel=0.01)]
        interpreter.close()


def test_a_host_that_is_gone_before_it_gets_its_home_leaves_nothing(own_launcher):
    for _ in range(20):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(own_launcher.socket)
        connection.sendall(b"\x0d\0\0\0{\"op\":\"open\"}")
        connection.close()
    interpreter = own_launcher.start()
    assert interpreter.run("1").text == "1"
    interpreter.close()
    assert wait_until(lambda: supervisors(own_launcher) == [])


def test_a_door_is_handed_to_the_host_that_leads_into_the_context(launcher):
    home = launcher.open()
    interpreter = home.enter(is_held=False)
    interpreter.send({"op": "start", "limits": LIMITS, "env": {}, "egress": True})
    listener = interpreter.receive_socket()
    assert interpreter.hello()
    execution = interpreter.begin("""
import os, socket
client = socket.create_connection(("127.0.0.1", 3128))
client.sendall(os.environ["HTTPS_PROXY"].encode())
client.recv(100).decode()""")
    with listener, listener.accept()[0] as accepted:
        assert accepted.recv(100) == b"http://127.0.0.1:3128"
        accepted.sendall(b"from outside")
    assert interpreter.finish(execution).text == "'from outside'"
    interpreter.close()


def test_without_a_door_there_is_no_way_out(interpreter):
    assert interpreter.run("import socket; socket.create_connection(('127.0.0.1', 3128))").error["name"] == "ConnectionRefusedError"
    assert interpreter.run("socket.create_connection(('192.0.2.1', 80))").error["value"] == "[Errno 101] Network is unreachable"
