"""The launcher: what it gives, what it survives, and that it leaves nothing behind."""

import os
import signal
import socket
import stat

import pytest
from launcher_process import LauncherProcess, descendants, is_alive, wait_until

LEAVE_PROCESSES = """
import os, subprocess, time
children = [subprocess.Popen(['sleep', '600']) for _ in range(2)]
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    time.sleep(600)
open('file', 'w').close(); os.makedirs('a/b'); os.chmod('a/b', 0); os.chmod('a', 0)
subprocess.Popen(['sh', '-c', 'setsid sleep 600 >/dev/null 2>&1 &'])
'done'
"""


@pytest.fixture
def own_launcher():
    """Without walls and without a pool: all that there is can be seen, and was asked for."""
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0", tier="none") as process:
        yield process


def start_with_leftovers(launcher):
    interpreter = launcher.start()
    assert interpreter.run(LEAVE_PROCESSES).text == "'done'"
    return interpreter


def homes(launcher):
    return list(launcher.homes.iterdir())


def test_a_home_is_the_working_directory_private_and_new(own_launcher):
    interpreter = own_launcher.start()
    told = interpreter.run(
        "import os; print(os.getcwd(), os.environ['HOME'], oct(os.stat('.').st_mode & 0o777), os.listdir())")
    cwd, home, mode, entries = told.stdout.split()
    assert cwd == home and os.path.dirname(cwd) == str(own_launcher.homes)
    assert (mode, entries) == ("0o700", "[]")
    interpreter.close()


def test_hanging_up_leaves_no_process_and_no_home(own_launcher):
    interpreter = start_with_leftovers(own_launcher)
    pids = descendants(own_launcher.process.pid)
    assert len(pids) >= 7
    assert interpreter.hang_up().ended["reason"] == "closed"
    assert wait_until(lambda: not any(is_alive(pid) for pid in pids))
    assert wait_until(lambda: homes(own_launcher) == [])
    assert wait_until(lambda: descendants(own_launcher.process.pid) == [])


def test_a_connection_that_vanishes_leaves_no_process_and_no_home(own_launcher):
    start_with_leftovers(own_launcher).close()
    assert wait_until(lambda: descendants(own_launcher.process.pid) == [] and homes(own_launcher) == [])


@pytest.mark.parametrize("how", ["SIGTERM", "stdin"])
def test_the_end_of_the_launcher_leaves_no_process_no_home_and_no_socket(own_launcher, how):
    interpreters = [start_with_leftovers(own_launcher), own_launcher.start(), own_launcher.connect()]
    interpreters[1].hello()
    pids = descendants(own_launcher.process.pid)
    if how == "SIGTERM":
        own_launcher.process.send_signal(signal.SIGTERM)
    else:
        own_launcher.process.stdin.close()
    assert own_launcher.process.wait(20) == 0
    assert not any(is_alive(pid) for pid in pids)
    assert not os.path.lexists(own_launcher.homes) and not os.path.lexists(own_launcher.socket)
    assert interpreters[0].receive_until("ended").ended["reason"] == "closed"


def test_a_home_outlives_its_interpreter_and_ends_with_its_holder(own_launcher):
    home = own_launcher.open()
    first = home.enter().start()
    assert first.run("open('kept', 'w').write('k'); state = 1").error is None
    assert first.hang_up().ended["reason"] == "closed"
    second = home.enter().start()
    assert second.run("open('kept').read()").text == "'k'"
    assert second.run("state").error["name"] == "NameError"
    home.close()
    assert second.receive_until("ended").ended["reason"] == "closed"
    assert wait_until(lambda: homes(own_launcher) == [])


def test_a_home_that_is_gone_cannot_be_entered(own_launcher):
    home = own_launcher.open()
    home.close()
    assert wait_until(lambda: homes(own_launcher) == [])
    assert home.enter().receive()["reason"] == "protocol"


def test_a_launcher_that_is_killed_takes_its_interpreters_with_it(own_launcher):
    start_with_leftovers(own_launcher)
    pids = descendants(own_launcher.process.pid)
    own_launcher.process.kill()
    assert wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_a_supervisor_that_is_killed_takes_its_interpreter_with_it(own_launcher):
    interpreter = start_with_leftovers(own_launcher)
    supervisor, *others = descendants(own_launcher.process.pid)
    os.kill(supervisor, signal.SIGKILL)
    assert interpreter.receive() is None
    assert wait_until(lambda: not any(is_alive(pid) for pid in others))
    interpreter.close()
    assert wait_until(lambda: homes(own_launcher) == [])
    assert own_launcher.start().run("1").text == "1"


def test_a_bad_connection_harms_nobody(launcher):
    good = launcher.start()
    good.run("x = 1")
    for data in (b"", b"\0", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100, b"\x02\0\0\0{}"):
        bad = socket.socket(socket.AF_UNIX)
        bad.connect(launcher.socket)
        bad.sendall(data)
        bad.close()
    assert good.run("x").text == "1"
    assert launcher.start().run("2").text == "2"
    good.close()


def test_the_end_of_one_interpreter_harms_no_other(launcher):
    first, second = launcher.start(), launcher.start()
    first.run("x = 1")
    second.run("import os; os.kill(os.getpid(), 9)")
    assert first.run("x").text == "1"
    first.close()


def test_the_socket_is_for_its_owner_only(launcher):
    assert stat.S_IMODE(os.stat(launcher.socket).st_mode) == 0o600


def test_a_home_that_cannot_be_made_is_refused_in_words(own_launcher):
    own_launcher.homes.rmdir()
    assert own_launcher.open().reply == {
        "event": "ended", "reason": "protocol", "detail": "no interpreter: No such file or directory"}
    own_launcher.homes.mkdir()
    assert own_launcher.start().run("1").text == "1"


def test_many_interpreters_at_once_are_apart(launcher):
    interpreters = [launcher.start() for _ in range(12)]
    for number, interpreter in enumerate(interpreters):
        interpreter.run(f"x = {number}")
    assert [interpreter.run("x").text for interpreter in interpreters] == [str(number) for number in range(12)]
    for interpreter in interpreters:
        interpreter.close()


def test_nothing_a_tenant_writes_gets_into_the_log(own_launcher):
    interpreter = own_launcher.start()
    interpreter.run("import sys, os; print('tenant text', file=sys.stderr); os.write(2, b'tenant text')")
    interpreter.run("raise ValueError('tenant text')")
    interpreter.begin("os.write(5, b'tenant text tenant text')")
    interpreter.receive_until("ended")
    own_launcher.process.stdin.close()
    own_launcher.process.wait(20)
    assert b"tenant" not in own_launcher.process.stderr.read()


def test_an_interrupt_from_the_terminal_is_not_for_the_launcher(own_launcher):
    interpreter = own_launcher.start()
    interpreter.run("x = 1")
    own_launcher.process.send_signal(signal.SIGINT)
    assert interpreter.run("x").text == "1"


def test_a_library_is_two_mappings_and_none_of_them_can_be_written_and_run(own_launcher):
    found = own_launcher.start().run("import pandas; print(open('/proc/self/maps').read())").stdout.split("\n")
    mappings = [line.split() for line in found if line]
    assert [rights for _, rights, *_ in mappings if rights.startswith("rwx")] == []
    libraries = [name for *_, name in mappings if name.endswith(".so")]
    assert len(set(libraries)) > 50
    assert [name for name in set(libraries) if libraries.count(name) > 2] == []
