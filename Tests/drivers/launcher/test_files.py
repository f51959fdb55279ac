"""The files of a home for its host: what is read and written, and that nothing leads out of the home."""

import os

import pytest
from drivers_under_test import fixture
from files_client import Files
from launcher_process import LauncherProcess, descendants, is_alive, wait_until
from sandbox_launcher.files import failures
from sandbox_launcher.files.requests import check_request

TREASURE = "/etc/passwd"
MIB = 1 << 20


def names(entries) -> list[str]:
    return [entry["name"] for entry in entries]


# --- what is promised

@pytest.mark.parametrize("tier", ["full", "reduced", "none"])
def test_what_is_written_is_read_listed_and_deleted_behind_the_walls_of_every_tier(tier):
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0", tier=tier) as launcher:
        home = launcher.open()
        files = Files(launcher.socket, home)
        content = os.urandom(3 * MIB + 17)
        assert files.write(b"a/b/c.bin", content) == "created"
        assert files.read(b"a/b/c.bin") == content
        assert files.write(b"a/b/c.bin", b"") == "replaced"
        assert [(entry["name"], entry["type"], entry["size"]) for entry in files.read(b"a/b")] == [("c.bin", "file", 0)]
        assert files.delete(b"a") == "deleted"
        assert files.read(b"") == [] and files.read(b"a") == "missing"
        home.close()


def test_code_sees_what_was_written_and_the_host_what_code_wrote(files, session):
    files.write(b"data/in.txt", b"from outside")
    assert session.run("import os\nopen('data/out.txt', 'w').write(open('data/in.txt').read().upper())\nos.getuid()").text == "1000"
    assert files.read(b"data/out.txt") == b"FROM OUTSIDE"
    assert session.run("(os.stat('data').st_uid, oct(os.stat('data/in.txt').st_mode))").text == "(1000, '0o100644')"


def test_files_are_served_while_code_runs_and_before_any_interpreter(files, home):
    assert files.write(b"early", b"1") == "created"
    interpreter = home.enter().start()
    execution = interpreter.begin("while not __import__('os').path.exists('go'): pass\nopen('early').read()")
    assert files.read(b"early") == b"1" and files.write(b"go", b"") == "created"
    assert interpreter.finish(execution).text == "'1'"
    interpreter.close()


def test_a_file_is_replaced_in_one_step_and_keeps_its_permissions(files, session):
    files.write(b"tool", b"old")
    session.run("import os\nos.chmod('tool', 0o755)\nreader = open('tool')")
    assert files.write(b"tool", b"new") == "replaced"
    # Who had it open still reads the former one, to its end.
    assert session.run("(reader.read(), open('tool').read(), oct(os.stat('tool').st_mode))").text == "('old', 'new', '0o100755')"


def test_any_part_of_a_file_can_be_had_and_it_stays_the_same_file(files, session):
    files.write(b"numbers", b"0123456789")
    with files.connect() as connection:
        assert connection.request("read", b"numbers")["size"] == 10
        session.run("import os\nos.rename('numbers', 'moved')\nopen('numbers', 'w').write('another')")
        assert connection.chunk(3, 4) == b"3456" and connection.chunk(8, 100) == b"89" and connection.chunk(10, 1) == b""


def test_a_listing_has_every_kind_by_its_name_and_follows_none(files, session):
    session.run(f"""
import os, socket
os.mkdir('folder'); os.mkfifo('pipe'); os.symlink('{TREASURE}', 'link'); open('file', 'w').write('four')
socket.socket(socket.AF_UNIX).bind('socket')
os.utime('file', ns=(0, 1_500_000_000))
open(b'\\xff\\xfe', 'w').close()""")
    listed = {entry["name"]: entry for entry in files.read(b"")}
    assert {name: entry["type"] for name, entry in listed.items()} == {
        "folder": "directory", "pipe": "other", "link": "symlink", "file": "file", "socket": "other", "��": "file"}
    assert listed["file"]["size"] == 4 and listed["file"]["modified_ms"] == 1500


def test_a_large_directory_comes_in_pieces_and_in_order(files, session):
    session.run("for number in range(1234): open(f'{number:05}', 'w').close()")
    assert names(files.read(b"")) == [f"{number:05}" for number in range(1234)]


@pytest.mark.parametrize("ns", [-(1 << 62), (1 << 63) - 1])
def test_a_time_that_no_calendar_has_is_cut(files, session, ns):
    assert session.run(f"import os\nopen('file', 'w').close()\nos.utime('file', ns=({ns}, {ns}))").error is None
    assert -62_135_596_800_000 <= files.read(b"")[0]["modified_ms"] <= 253_402_300_799_999


@pytest.mark.parametrize("name", [b"\xff\xfe", "é ☃".encode(), b"%2e%2e", b"a\nb", b"-rf", b"~", b"$(id)", b"x" * 255, b"..."])
def test_odd_names_are_names(files, name):
    assert files.write(name, b"x") == "created"
    assert files.read(name) == b"x" and len(files.read(b"")) == 1
    assert files.delete(name) == "deleted" and files.read(b"") == []


# --- limits

def test_an_upload_beyond_the_limit_leaves_nothing(files, session):
    assert files.write(b"new/big", bytes(300 * MIB)) == "space"
    assert files.read(b"") == []
    assert session.run("import shutil; shutil.disk_usage('.').used // (1 << 20)").text == "0"


def test_an_upload_that_would_not_fit_is_refused_before_it_is_sent(files):
    with files.connect() as connection:
        assert connection.request("write", b"big", size=300 * MIB) == {"event": "failed", "reason": "space"}
    assert files.write(b"small", b"x", size=1) == "created"


def test_an_upload_that_is_given_up_leaves_nothing_and_the_former_file_stays(files, session):
    files.write(b"kept", b"former")
    with files.connect() as connection:
        connection.request("write", b"kept")
        connection.send_chunk(b"half")
        assert connection.answer() == {"event": "taken"}
        assert names(files.read(b"")) == ["kept"]
    assert wait_until(lambda: session.run("import shutil; shutil.disk_usage('.').used").text == "4096")
    assert files.read(b"kept") == b"former"


@pytest.mark.skipif(os.geteuid() != 0, reason="cgroups are made by root")
def test_an_upload_that_takes_the_last_memory_ends_and_the_session_lives(files, session):
    session.run("state = 41\nblock = bytearray(400 << 20)\nfor at in range(0, len(block), 4096): block[at] = 1")
    with files.connect() as connection:
        assert connection.request("write", b"big") == {"event": "ready"}
        answer = {"event": "taken"}
        while answer == {"event": "taken"}:
            try:
                connection.send_chunk(bytes(MIB))
            except BrokenPipeError:
                answer = None
                break
            answer = connection.answer()
        assert answer in (None, {"event": "failed", "reason": "space"})
    assert session.run("del block\nstate + 1").text == "42"
    assert files.read(b"") == []


def test_only_so_many_are_served_at_once(files, launcher):
    waiting = [files.connect() for _ in range(16)]
    with files.connect() as refused:
        assert refused.answer() == {"event": "failed", "reason": "busy"}
    for connection in waiting:
        connection.__exit__()
    assert wait_until(lambda: files.read(b"") == [])


def test_processes_end_with_their_connection_and_with_their_home():
    with LauncherProcess("--pool-minimum", "0", "--pool-maximum", "0") as launcher:
        home = launcher.open()
        files = Files(launcher.socket, home)
        interpreter = home.enter().start()
        assert interpreter.run("1").text == "1"
        before = set(descendants(launcher.process.pid))
        hung_up, kept = files.connect(), files.connect()
        assert hung_up.request("write", b"a") and kept.request("write", b"b")
        served = set(descendants(launcher.process.pid)) - before
        assert len(served) == 2
        hung_up.__exit__()
        assert wait_until(lambda: sum(map(is_alive, served)) == 1)
        home.close()
        assert wait_until(lambda: not any(map(is_alive, served)))
        assert kept.answer() is None
        kept.__exit__()
        interpreter.close()
        with Files(launcher.socket, home).connect() as gone:
            assert gone.answer() is None


def test_the_reasons_of_the_fixture_are_those_that_are_given():
    reasons = {case["frame"].get("reason") for case in fixture("files.json")["cases"] if case["accepted"]} - {None}
    assert reasons == {value for name, value in vars(failures).items() if name.isupper() and not name.startswith("_")}


@pytest.mark.parametrize("case", [case for case in fixture("files.json")["requests"] if "path_hex" in case], ids=lambda case: case["name"])
def test_requests_of_the_fixture_are_accepted(case):
    op, parts, size = check_request(case["frame"])
    assert (op, b"/".join(parts).hex(), size) == (case["frame"]["op"], case["path_hex"], case["frame"].get("size"))


# --- attacks

@pytest.mark.parametrize("path", [b"..", b"../x", b"a/../../x", b"/etc/passwd", b"a//b", b"a/", b".", b"a/./b", b"a\0b", b"x" * 256,
                                  b"/".join([b"x" * 200] * 25)], ids=repr)
@pytest.mark.parametrize("op", ["read", "write", "delete"])
def test_a_path_that_is_none_is_refused_without_an_answer(files, op, path):
    with files.connect() as connection:
        assert connection.request(op, path) is None


@pytest.mark.parametrize("request_", [
    {"op": "read"}, {"op": "read", "path": 1}, {"op": "read", "path": "%"}, {"op": "run", "path": ""}, {"op": ["read"], "path": ""},
    {"op": "write", "path": "YQ==", "size": -1}, {"op": "write", "path": "YQ==", "size": "1"}, {"op": "write", "path": "YQ==", "size": True},
], ids=repr)
def test_a_request_that_is_none_is_refused_without_an_answer(files, request_):
    with files.connect() as connection:
        connection.ask(request_)
        assert connection.answer() is None


def test_links_are_never_followed_and_never_removed(files, session):
    session.run(f"""
import os
os.makedirs('real/below'); open('real/file', 'w').write('x')
os.symlink('{TREASURE}', 'file-out'); os.symlink('/usr', 'folder-out'); os.symlink('real', 'folder-in')
os.symlink('real/file', 'file-in'); os.symlink('nowhere', 'dangling'); os.symlink('loop', 'loop')
os.symlink('/proc/self/fd/0', 'magic'); os.symlink('/proc/self/root', 'root')""")
    before = files.read(b"")
    for path in (b"file-out", b"folder-out", b"folder-out/bin", b"folder-in", b"folder-in/file", b"file-in", b"dangling", b"loop", b"magic",
                 b"root/etc/passwd", b"folder-in/below"):
        assert files.read(path) == "missing", path
        assert files.write(path, b"x") == "missing", path
        assert files.delete(path) == "missing", path
    assert files.write(b"folder-in/new/file", b"x") == "missing" and files.write(b"folder-out/new", b"x") == "missing"
    assert names(files.read(b"")) == names(before) and names(files.read(b"real")) == ["below", "file"]


def test_what_is_no_file_and_no_directory_is_not_touched(files, session):
    session.run("import os, socket\nos.mkfifo('pipe'); socket.socket(socket.AF_UNIX).bind('socket')\nos.mkdir('folder')")
    for path in (b"pipe", b"socket"):
        assert files.read(path) == "kind" and files.write(path, b"x") == "kind" and files.delete(path) == "kind"
        assert files.write(path + b"/x", b"x") == "kind" and files.read(path + b"/x") == "missing"
    assert files.write(b"folder", b"x") == "kind" and files.write(b"", b"x") == "kind" and files.delete(b"") == "kind"
    assert names(files.read(b"")) == ["folder", "pipe", "socket"]


def test_a_pipe_that_is_read_does_not_wake_its_writer(files, session):
    session.run("""
import os, threading
os.mkfifo('pipe')
opened = threading.Event()
def write():
    with open('pipe', 'w'): opened.set()
thread = threading.Thread(target=write, daemon=True); thread.start()""")
    for _ in range(20):
        assert files.read(b"pipe") == "kind"
    assert session.run("opened.is_set()").text == "False"


def test_permissions_of_the_context_are_those_of_its_files(files, session):
    session.run("import os\nopen('file', 'w').write('x'); os.chmod('file', 0)\nos.mkdir('folder'); os.chmod('folder', 0o500)")
    assert files.read(b"file") == "denied" and files.write(b"folder/x", b"x") == "denied"
    assert files.delete(b"folder") == "deleted" and files.delete(b"file") == "deleted"


def test_a_tree_with_links_out_and_deeper_than_any_path_is_deleted_alone(files, session):
    session.run("""
import os
open('kept', 'w').write('kept'); os.mkdir('also-kept'); open('also-kept/x', 'w').close()
os.mkdir('tree'); os.chdir('tree'); os.symlink('../also-kept', 'link'); os.symlink('/usr', 'out')
for _ in range(300): os.mkdir('d' * 20); os.chdir('d' * 20)
os.chdir('/home/user')""")
    assert files.delete(b"tree") == "deleted"
    assert names(files.read(b"")) == ["also-kept", "kept"] and names(files.read(b"also-kept")) == ["x"]


def test_a_directory_that_is_swapped_for_a_link_while_files_are_written_leads_nowhere(files, session):
    """The link leads to a folder of the context's own that nothing else is ever written to."""
    session.run("""
import os, threading
os.mkdir('/tmp/outside'); open('/tmp/outside/theirs', 'w').close(); os.mkdir('folder')
stop = threading.Event()
def swap():
    while not stop.is_set():
        try:
            os.rename('folder', 'aside'); os.symlink('/tmp/outside', 'folder'); os.unlink('folder'); os.rename('aside', 'folder')
        except OSError: pass
thread = threading.Thread(target=swap); thread.start()""")
    outcomes = set()
    for number in range(60):
        outcomes.add(files.write(b"folder/%d" % number, b"x"))
        outcomes.add(files.write(b"folder/deep/%d" % number, b"x"))
        entries = files.read(b"folder")
        assert isinstance(entries, str) or "theirs" not in names(entries)
        outcomes.add(files.delete(b"folder/%d" % number))
    assert session.run("stop.set(); thread.join(); os.listdir('/tmp/outside')").text == "['theirs']"
    assert outcomes <= {"created", "replaced", "missing", "deleted"} and "created" in outcomes


def test_a_file_that_is_swapped_for_a_link_is_replaced_or_left_and_what_it_leads_to_is_neither(files, session):
    session.run("""
import os, threading
open('/tmp/target', 'w').write('target')
stop = threading.Event()
def swap():
    while not stop.is_set():
        try:
            open('file', 'w').close(); os.unlink('file'); os.symlink('/tmp/target', 'file'); os.unlink('file')
        except OSError: pass
thread = threading.Thread(target=swap); thread.start()""")
    rounds = [(files.write(b"file", b"mine"), files.read(b"file")) for _ in range(60)]
    assert session.run("stop.set(); thread.join(); open('/tmp/target').read()").text == "'target'"
    assert {written for written, _ in rounds} <= {"created", "replaced", "missing", "space"}
    # Empty: the loop has made it, or has cut what was written.
    assert {read for _, read in rounds} <= {b"mine", b"", "missing"}
    assert names(files.read(b"")) in ([], ["file"])


def test_a_context_full_of_processes_still_has_its_files(files, session):
    session.run("""
import os, time
for _ in range(500):
    try:
        if os.fork() == 0: time.sleep(600)
    except OSError: break""")
    assert files.write(b"file", b"x") == "created" and files.read(b"file") == b"x"


def test_the_process_that_serves_files_cannot_be_seen_or_signalled_by_the_context(files, session):
    with files.connect() as connection:
        connection.request("write", b"file")
        assert session.run("import os; [int(pid) for pid in os.listdir('/proc') if pid.isdigit()] == [os.getpid()]").text == "True"
        connection.send_chunk(b"")
        assert connection.answer() == {"event": "written", "created": True}
