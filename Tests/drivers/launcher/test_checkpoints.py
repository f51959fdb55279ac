"""Saving a session and restoring it, as a host asks for it: the session goes on, and nothing is ever half there."""

import os
import socket
import tarfile
import time

import pytest
from checkpoint_stream import Parts, build
from interpreter_client import read_all
from launcher_process import LauncherProcess, wait_until
from sandbox_launcher.frames import pack
from test_checkpoint_files import END, member

# More than a connection holds, so that a copy has to wait for its reader.
LARGE = "import os\ndata = os.urandom(32 << 20)"


def copies() -> str:
    """An expression: the processes of the context beside the driver."""
    return "[p for p in os.listdir('/proc') if p.isdigit() and p != str(os.getpid())]"


def test_a_checkpoint_is_a_header_files_a_heap_and_a_trailer(home, session):
    session.run("x = 1; open('file', 'w').write('content')")
    begun = time.monotonic()
    parts = Parts(home.save())
    assert 0 < parts.trailer.pop("pause_ms") <= (time.monotonic() - begun) * 1000
    assert parts.header == {"checkpoint": 1, "language": "python", "runtime": {"python": "3.11", "cloudpickle": "2.2"}}
    assert parts.sections[0].count(b"content") == 1
    assert parts.trailer == {"complete": True, "file_bytes": len(parts.sections[0]), "heap_bytes": len(parts.sections[1]), "lost": [], "lost_count": 0}


def test_the_session_answers_while_its_copy_waits_for_a_reader(home, session):
    session.run(LARGE)
    with home.begin_save() as connection:
        assert session.run("len(data)").text == str(32 << 20)
        assert session.run("data = b''; print('still')").stdout == "still\n"
        assert session.run(copies()).text.count("'") == 2
        parts = Parts(read_all(connection))
    assert parts.trailer["complete"] and parts.trailer["heap_bytes"] > 32 << 20
    assert wait_until(lambda: session.run(copies()).text == "[]")


def test_a_second_save_is_refused_while_one_is_under_way_and_served_afterwards(home, session):
    session.run(LARGE)
    with home.begin_save() as connection:
        assert session.run("1").text == "1"
        assert home.save() == b""
        assert Parts(read_all(connection)).trailer is not None
    assert wait_until(lambda: Parts(home.save()).trailer is not None)


def test_a_save_during_an_execution_is_refused(home, session):
    execution = session.begin("print('begun'); input_ = 0\nimport time\nwhile not __import__('os').path.exists('go'): time.sleep(0.01)")
    session.receive_until("stdout")
    assert home.save() == b""
    session.interrupt(execution)
    session.finish(execution)
    assert Parts(home.save()).trailer is not None


def test_where_nobody_works_there_is_nothing_to_save(launcher, home):
    assert home.save() == b""
    interpreter = home.enter().start()
    interpreter.hello()
    assert Parts(home.save()).trailer is not None
    interpreter.hang_up()
    assert home.save() == b""
    home.name = "no such home"
    assert home.save() == b""


def test_a_copy_that_is_killed_costs_its_checkpoint_and_nothing_else(home, session):
    session.run(LARGE)
    with home.begin_save() as connection:
        session.run(f"pid = int({copies()}[0]); os.kill(pid, 9)")
        assert Parts(read_all(connection)).trailer is None
    assert session.run("len(data)").text == str(32 << 20)
    assert wait_until(lambda: Parts(home.save()).trailer is not None)


def test_a_host_that_hangs_up_ends_the_copy(home, session):
    session.run(LARGE)
    connection = home.attach("save")
    connection.recv(1)
    connection.close()
    assert wait_until(lambda: session.run(copies()).text == "[]")
    assert session.run("len(data)").text == str(32 << 20)


def test_an_interrupt_and_a_signal_to_the_group_are_not_the_copys(home, session):
    session.run(LARGE)
    with home.begin_save() as connection:
        execution = session.begin("print('begun')\nwhile True: pass")
        session.receive_until("stdout")
        session.interrupt(execution)
        assert session.finish(execution).error["name"] == "KeyboardInterrupt"
        session.run("import signal; signal.signal(signal.SIGTERM, lambda *a: None); os.killpg(0, signal.SIGTERM)")
        assert Parts(read_all(connection)).trailer is not None


def test_the_copy_is_nobodys_child_that_user_code_could_wait_for(home, session):
    session.run("import os, signal\nheard = []\nsignal.signal(signal.SIGCHLD, lambda *a: heard.append(1))")
    assert Parts(home.save()).trailer is not None
    assert session.run("try: os.wait()\nexcept ChildProcessError: print(heard)").stdout == "[]\n"


def test_what_the_copy_does_cannot_be_seen_in_the_session(home, session):
    session.run("""
import os, sys
class Loud:
    def __reduce__(self):
        print('from the copy'); os.write(1, b'raw'); os.system('echo child'); sys.stdout.flush()
        os.write(3, b'x'); os.write(5, b'x')
        global state; state = 'changed'
        return Loud, ()
loud = Loud(); state = 'kept'; buffered = open('buffered', 'w'); buffered.write('once')""")
    assert Parts(home.save()).trailer is not None
    outcome = session.run("buffered.close(); state, open('buffered').read()")
    assert (outcome.text, outcome.stdout, outcome.stderr) == ("('kept', 'once')", "", "")


def test_hooks_of_the_session_hear_of_the_copy_in_the_copy_alone(home, session):
    session.run("""
import os
seen = []
os.register_at_fork(before=lambda: seen.append('before'), after_in_parent=lambda: seen.append('parent'),
                    after_in_child=lambda: (seen.append('child'), print('hook', flush=True), os.write(1, b'raw'), os.write(5, b'x')))""")
    assert Parts(home.save()).trailer is not None
    outcome = session.run("seen")
    assert (outcome.text, outcome.stdout) == ("[]", "")


def test_descriptors_of_the_session_are_not_held_open_by_the_copy(home, session):
    session.run(LARGE + "\nr, w = os.pipe()")
    with home.begin_save():
        assert session.run("os.close(w); os.read(r, 1)").text == "b''"


@pytest.mark.parametrize("loop", ["while True: pass", "import time; time.sleep(3600)"])
def test_a_variable_that_takes_for_ever_is_given_up(home, session, loop):
    session.run(f"class Slow:\n    def __reduce__(self):\n        {loop}\nslow = Slow(); x = 1")
    assert Parts(home.save()).lost == {"slow": "saving it takes too long"}


def test_a_variable_without_an_end_is_given_up(home, session):
    session.run("import itertools\nclass Big:\n    def __reduce__(self): return list, (), None, itertools.repeat('x' * 1000 + str(id(self)))\nbig = Big(); x = 1")
    lost = Parts(home.save()).lost
    assert lost["big"] in ("it is too large", "saving it takes too long", "there is not enough memory to save it")


def test_other_threads_do_not_matter(home, session):
    session.run("""
import threading, time
def spin():
    while running: sum(range(1000))
running = True
threads = [threading.Thread(target=spin) for _ in range(4)]
for t in threads: t.start()
x = 1""")
    for _ in range(5):
        parts = []
        assert wait_until(lambda: parts.append(Parts(home.save())) or parts[-1].trailer is not None)
        assert parts[-1].lost == {"threads": "it holds a thread, which cannot be saved", "t": "a thread cannot be saved"}
    assert session.run("running = False; [t.join() for t in threads]; x").text == "1"


def test_without_processes_left_nothing_is_saved_and_the_session_goes_on(home, session):
    session.run("""
import os, signal
children = []
try:
    while True:
        pid = os.fork()
        if pid == 0:
            signal.pause()
        children.append(pid)
except OSError:
    pass""")
    assert home.save() == b""
    assert session.run("for pid in children: os.kill(pid, 9); os.waitpid(pid, 0)\n1 + 1").text == "2"
    assert wait_until(lambda: Parts(home.save()).trailer is not None)


def test_without_descriptors_left_nothing_is_saved_and_the_session_goes_on(home, session):
    session.run("import os\ntaken = []\ntry:\n    while True: taken.append(os.open('/dev/null', os.O_RDONLY))\nexcept OSError: pass")
    assert Parts(home.save()).trailer is None
    assert session.run("for fd in taken: os.close(fd)\n1 + 1").text == "2"
    assert wait_until(lambda: Parts(home.save()).trailer is not None)


@pytest.mark.parametrize("left", [1, 2])
def test_with_hardly_a_descriptor_left_the_session_goes_on(home, session, left):
    session.run("import os\ntaken = []\ntry:\n    while True: taken.append(os.open('/dev/null', os.O_RDONLY))\nexcept OSError: pass")
    session.run(f"for _ in range({left}): os.close(taken.pop())")
    home.save()
    assert session.run("for fd in taken: os.close(fd)\n1 + 1").text == "2"
    assert wait_until(lambda: Parts(home.save()).trailer is not None)


def test_without_memory_left_nothing_is_lost_in_silence(home, session):
    session.run("blocks = []\ntry:\n    while True: blocks.append(['x' * 100 + str(n) for n in range(10_000)])\nexcept MemoryError: pass", patience=120)
    parts = Parts(home.save())
    assert parts.trailer is None or "blocks" not in parts.lost or parts.lost["blocks"] in ("it is too large", "there is not enough memory to save it", "saving it takes too long")
    assert session.run("len(blocks) > 10").text == "True"


def test_a_large_array_needs_no_memory_of_its_own(home, other, session):
    session.run("import numpy as np\narray = np.ones((200 << 20) // 8)")
    restored = other.restore(home.save())
    assert restored.hello()["restored"]["lost"] == []
    assert restored.run("array.sum() == (200 << 20) // 8, array.flags.writeable").text == "(True, True)"


def test_files_move_with_their_modes_links_and_names(home, other, session):
    session.run("""
import os, socket
os.makedirs('a/b'); open('a/b/file', 'w').write('deep'); os.chmod('a/b/file', 0o741); os.chmod('a/b', 0o500)
os.symlink('/usr/bin/python3', 'link'); open('é\\udcff', 'w').close(); os.mkfifo('pipe')
s = socket.socket(socket.AF_UNIX); s.bind('socket')
open('/tmp/temporary', 'w').close(); open('/dev/shm/temporary', 'w').close()""")
    checkpoint = home.save()
    assert {one["name"]: one["kind"] for one in Parts(checkpoint).trailer["lost"]} == {"s": "variable", "pipe": "file", "socket": "file"}
    restored = other.restore(checkpoint)
    assert {one["name"] for one in restored.hello()["restored"]["lost"]} == {"s", "pipe", "socket"}
    assert restored.run("""
print(oct(os.stat('a/b/file').st_mode), oct(os.stat('a/b').st_mode), os.readlink('link'), ascii(sorted(os.listdir())), os.listdir('/tmp'), os.listdir('/dev/shm'))
""").stdout == "0o100741 0o40500 /usr/bin/python3 ['a', 'link', '\\xe9\\udcff'] [] []\n"


def test_an_executions_count_is_the_hosts_and_goes_on(home, other, session):
    for _ in range(3):
        session.run("1")
    restored = other.restore(home.save())
    restored.hello()
    assert "Cell In[4]" in restored.run("1 / 0", count=4).error["traceback"]


# --- what is no checkpoint

@pytest.fixture(scope="module")
def checkpoint(launcher):
    home = launcher.open()
    interpreter = home.enter().start()
    interpreter.run("x = list(range(1000)); y = {'a': x}; open('file', 'w').write('content' * 1000)")
    yield home.save()
    home.close()


def refusal(home, checkpoint: bytes) -> dict:
    interpreter = home.restore(checkpoint)
    outcome = interpreter.receive_until("ended")
    assert outcome.of("hello") == []
    return outcome.ended


DAMAGED = {"event": "ended", "reason": "restore", "detail": "the checkpoint is damaged"}
FOREIGN = {"event": "ended", "reason": "restore", "detail": "the checkpoint is of another format or runtime"}


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.3, 0.6, 0.9, 0.99, 0.9999])
def test_a_stream_that_ends_early_is_no_session(other, checkpoint, share):
    assert refusal(other, checkpoint[:int(len(checkpoint) * share)]) == DAMAGED


@pytest.mark.parametrize("change", [
    lambda parts: (parts.header, parts.sections, {}),
    lambda parts: (parts.header, parts.sections, parts.trailer | {"complete": False}),
    lambda parts: (parts.header, parts.sections, parts.trailer | {"lost": 5}),
    lambda parts: (parts.header, parts.sections, parts.trailer | {"lost": [{"name": "x"}]}),
    lambda parts: (parts.header, parts.sections[:1], parts.trailer),
    lambda parts: (parts.header, [*parts.sections, b""], parts.trailer),
    lambda parts: (parts.header, parts.sections[::-1], parts.trailer),
    lambda parts: (parts.header, [parts.sections[0], b""], parts.trailer),
    lambda parts: (parts.header, [parts.sections[0], parts.sections[1] + b"x"], parts.trailer),
    lambda parts: (parts.header, [parts.sections[0], b"\xff\xff\xff\xff" + parts.sections[1]], parts.trailer),
    lambda parts: (parts.header, [parts.sections[0], pack(b'{"kind":"variable"}')], parts.trailer),
    lambda parts: (parts.header, [parts.sections[0], pack(b'{"kind":"variable","name":"x","start":0,"pickle":9999999,"buffers":[]}')], parts.trailer),
    lambda parts: (parts.header, [parts.sections[0], pack(b'{"end":0}')], parts.trailer),
    lambda parts: ({}, parts.sections, parts.trailer),
    lambda parts: ({"event": "hello"}, parts.sections, parts.trailer),
], ids=range(15))
def test_a_stream_that_is_out_of_order_is_no_session(other, checkpoint, change):
    assert refusal(other, build(*change(Parts(checkpoint)))) == DAMAGED


@pytest.mark.parametrize("changes", [{"checkpoint": 2}, {"language": "typescript"}, {"runtime": {"python": "3.12", "cloudpickle": "2.2"}}, {"runtime": 5}],
                         ids=["format", "language", "runtime", "no runtime"])
def test_a_checkpoint_of_another_time_or_place_is_said_to_be_that(other, checkpoint, changes):
    parts = Parts(checkpoint)
    assert refusal(other, build(parts.header | changes, parts.sections, parts.trailer)) == FOREIGN


def test_something_behind_the_trailer_is_damage(other, checkpoint):
    assert refusal(other, checkpoint + b"x") == DAMAGED


def test_bytes_that_are_none_are_no_session(other):
    assert refusal(other, os.urandom(100_000)) == DAMAGED


@pytest.mark.parametrize("attack", [
    member("../escaped"), member("/tmp/escaped"), member("link", tarfile.SYMTYPE, target="/tmp") + member("link/escaped"),
    member("hard", tarfile.LNKTYPE, target="/usr/bin/python3"), member("node", tarfile.CHRTYPE)], ids=["up", "absolute", "through a link", "hard link", "device"])
def test_files_that_lead_elsewhere_are_damage(other, checkpoint, attack):
    parts = Parts(checkpoint)
    assert refusal(other, build(parts.header, [attack + END, parts.sections[1]], parts.trailer)) == DAMAGED


def test_files_that_do_not_fit_are_said_not_to(checkpoint):
    with LauncherProcess("--file-bytes", str(1 << 20), "--pool-maximum", "1", "--pool-minimum", "0") as launcher:
        home = launcher.open()
        parts = Parts(checkpoint)
        large = build(parts.header, [member("large", content=bytes(2 << 20)) + END, parts.sections[1]], parts.trailer)
        assert refusal(home, large)["detail"] == "the checkpoint does not fit into the limits"
        home.close()


def test_a_home_that_is_not_empty_is_left_alone(home, session, checkpoint):
    session.run("open('mine', 'w').write('kept')")
    session.hang_up()
    assert refusal(home, checkpoint)["detail"] == "the home is not empty"
    interpreter = home.enter().start()
    assert interpreter.run("import os; os.listdir()").text == "['mine']"


def test_a_host_that_goes_away_before_it_has_given_anything_ends_it(other, checkpoint):
    interpreter = other.enter().start(restore=True)
    with other.attach("restore") as connection:
        connection.sendall(checkpoint[:100])
        connection.shutdown(socket.SHUT_WR)
        assert interpreter.receive_until("ended").ended == DAMAGED


def test_a_host_can_hang_up_on_a_restore_that_takes_for_ever(home, other, session):
    session.run("class Slow:\n    def __getstate__(self): return 1\n    def __setstate__(self, state):\n        while True: pass\nslow = Slow()")
    interpreter = other.restore(home.save())
    assert interpreter.hang_up().events == [{"event": "ended", "reason": "closed"}]


def test_what_is_printed_while_a_session_is_restored_belongs_to_nobody(home, other, session):
    session.run("import os\nclass Loud:\n    def __getstate__(self): return 1\n    def __setstate__(self, state): print('loud'); os.write(1, b'raw')\nloud = Loud()")
    restored = other.restore(home.save())
    assert restored.hello()["restored"] == {"lost": [], "lost_count": 0}
    assert restored.run("type(loud) is Loud").events[-1].get("error") is None and restored.run("print(1)").stdout == "1\n"


def test_a_child_that_loading_forks_is_not_the_session(home, other, session):
    session.run("import os\nclass Forks:\n    def __getstate__(self): return 1\n    def __setstate__(self, state): self.child = os.fork()\nforks = Forks()")
    restored = other.restore(home.save())
    restored.hello()
    assert restored.run("os.waitpid(forks.child, 0)[1]").text == "0"


def test_loading_that_ends_the_process_is_said_as_it_is(home, other, session):
    session.run("import os\nclass Ends:\n    def __getstate__(self): return 1\n    def __setstate__(self, state): os._exit(3)\nends = Ends()")
    assert refusal(other, home.save()) == {"event": "ended", "reason": "exited", "code": 3}


def test_a_code_of_ours_means_nothing_once_the_session_is_there(other, checkpoint):
    restored = other.restore(checkpoint)
    restored.hello()
    assert restored.run("import os; os._exit(80)").ended["reason"] == "exited"


def test_a_session_that_is_not_restored_takes_no_checkpoint(home, session):
    with home.attach("restore") as connection:
        assert connection.recv(1) == b""
    assert session.run("1").text == "1"
    assert Parts(home.save()).trailer is not None


@pytest.mark.parametrize("tier", ["none", "reduced"])
def test_every_tier_saves_and_restores(tier):
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "1", tier=tier) as launcher:
        home, other = launcher.open(), launcher.open()
        interpreter = home.enter().start()
        interpreter.run("x = [1]; open('file', 'w').write('y')")
        restored = other.restore(home.save())
        assert restored.hello()["restored"]["lost"] == []
        assert restored.run("x, open('file').read()").text == "([1], 'y')"
        home.close()
        other.close()
