"""What a session does with its memory before a copy is made of it, and what it leaves alone."""

import pytest
from interpreter_client import read_all
from launcher_process import wait_until
from machine_memory import kernel_collapses
from own_process import run

HEAP = "rows = [{'n': n} for n in range(500_000)]"
IN_LARGE_PAGES = "int(next(line for line in open('/proc/self/smaps_rollup') if line.startswith('AnonHuge')).split()[1])"

# `asked` says how often `goes_on` was asked: once for each place of a large page and each other mapping.
COUNTED = """
import errno, mmap, os
from sandbox_launcher import large_pages as module
from sandbox_driver.checkpoints.large_pages import LargePages
large_pages = LargePages()
asked = 0
def use(times):
    global asked
    asked = 0
    def goes_on():
        global asked
        asked += 1
        return asked <= times
    large_pages.use(goes_on)
"""


@pytest.mark.parametrize("rows, kilobytes", [(80_000, 10_000), (500_000, 50_000)])
def test_a_session_has_its_heap_in_large_pages_once_it_was_saved(home, session, rows, kilobytes):
    session.run(f"rows = [{{'n': n}} for n in range({rows})]")
    before = int(session.run(IN_LARGE_PAGES).text)
    assert home.save() != b""
    assert (int(session.run(IN_LARGE_PAGES).text) > before + kilobytes) == kernel_collapses()
    assert session.run("sum(row['n'] for row in rows)").text == str(sum(range(rows)))


def test_it_becomes_hardly_larger_by_it():
    before, large, after = run(COUNTED + HEAP + "\nprint(kilobytes('Rss')); use(10_000); print(kilobytes('AnonHugePages'), kilobytes('Rss'))")
    assert (large > 50_000) == kernel_collapses() and after < before * 1.05


def test_other_threads_go_on_meanwhile():
    # With such an interval they do so where this one gives up the lock of the interpreter by itself, and nowhere else.
    before, after = run(COUNTED + """
import ctypes, threading, time
sys.setswitchinterval(1000)
memory = mmap.mmap(-1, 256 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.write(bytes(len(memory)))
start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
counted = 0
def count():
    global counted
    while True:
        counted += 1
        time.sleep(0)
threading.Thread(target=count, daemon=True).start()
while counted == 0: time.sleep(0.001)
module.SIZE = len(memory)
before = counted
module.collapse(start)
after = counted
print(before, after)""")
    assert after > before or not kernel_collapses()


def test_it_stops_when_it_is_not_to_go_on():
    large, asked = run(COUNTED + HEAP + "\nuse(3); print(kilobytes('AnonHugePages'), asked)")
    assert asked == 4 and large <= 3 * 2048


def test_a_request_that_waits_is_answered_first(home, files, session):
    # Once no execution is under way, the handler keeps the driver until both requests have arrived.
    session.run(f"""
{HEAP}
import fcntl, os, signal, termios, threading, time
def waiting():
    return int.from_bytes(fcntl.ioctl(3, termios.FIONREAD, bytes(4)), 'little')
def hold(number, frame):
    open('held', 'w').close()
    while not (first := waiting()): time.sleep(0.01)
    open('first', 'w').close()
    while waiting() == first: time.sleep(0.01)
def wait():
    while not os.path.exists('go'): time.sleep(0.01)
    signal.pthread_kill(threading.main_thread().ident, signal.SIGALRM)
signal.signal(signal.SIGALRM, hold)
threading.Thread(target=wait).start()""")
    files.write(b"go", b"")
    assert wait_until(lambda: files.read(b"held") == b"")
    with home.attach("save") as connection:
        assert wait_until(lambda: files.read(b"first") == b"")
        assert int(session.run(IN_LARGE_PAGES).text) < 4096
        assert read_all(connection) != b""


def test_what_a_signal_handler_raises_meanwhile_costs_neither_the_session_nor_the_save(home, session):
    session.run(f"""
{HEAP}
import signal
raised = set()
def ring(number, frame):
    while frame is not None:
        file = frame.f_code.co_filename
        # One that comes during the fork has to wait for its end.
        if file not in raised and ('large_pages' in file or 'forked_copy' in file and 'child' in frame.f_locals):
            raised.add(file)
            raise SystemExit
        frame = frame.f_back
signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)""")
    assert home.save() != b""
    assert session.run("signal.setitimer(signal.ITIMER_REAL, 0); len(raised)").text == "2"


def test_a_save_does_not_wait_for_more_mappings_than_can_be_looked_through(home, session):
    # A stack counts towards no limit of memory.
    session.run(f"""
{HEAP}
import ctypes, os
library = ctypes.CDLL(None)
library.mmap.restype = ctypes.c_void_p
MAP_PRIVATE, MAP_ANONYMOUS, MAP_GROWSDOWN, MAP_NORESERVE = 0x2, 0x20, 0x100, 0x4000
library.mmap(None, ctypes.c_size_t(64 << 40), 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_NORESERVE, -1, ctypes.c_long(0))""")
    assert session.run("max(int(line.split()[1]) for line in open('/proc/self/smaps') if line.startswith('Size:')) >= 64 << 30").text == "True"
    assert home.save() != b""


def test_a_save_does_not_wait_for_busy_threads(home, session):
    session.run(f"""
{HEAP}
import threading
def turn():
    while turning: pass
turning = True
for _ in range(16): threading.Thread(target=turn).start()""")
    assert home.save() != b""
    session.run("turning = False")


def test_the_name_of_a_file_is_no_mapping():
    assert run(COUNTED + """
import tempfile
from sandbox_launcher.own_memory import mappings
os.chdir(tempfile.mkdtemp())
with open('a\\r100000-700000000000 rw-p 00000000 00:00 0 ', 'wb+') as file:
    file.truncate(4096)
    memory = mmap.mmap(file.fileno(), 4096)
    print(sum(one.end - one.start > 1 << 40 for one in mappings()))
    os.unlink(file.name)
os.rmdir(os.getcwd())""") == [0]


def test_what_it_has_from_its_launcher_does_not_count():
    assert run(COUNTED + HEAP + "\nlarge_pages = LargePages(); use(10_000); print(kilobytes('AnonHugePages'), asked)") == [0, 0]


@pytest.mark.parametrize("error, goes_on", [("EBUSY", False), ("ENOMEM", False), ("EINVAL", True)])
def test_without_room_for_one_it_does_not_try_the_next(error, goes_on):
    tried, = run(COUNTED + HEAP + f"""
tried = 0
def collapse(address):
    global tried
    tried += 1
    return errno.{error}
module.collapse = collapse
use(10_000)
print(tried)""")
    assert tried > 20 if goes_on else tried == 1


def test_it_keeps_no_descriptor():
    before, after = run(COUNTED + HEAP + "\nprint(len(os.listdir('/proc/self/fd'))); use(10_000); print(len(os.listdir('/proc/self/fd')))")
    assert before == after


def test_a_small_heap_stays_as_it_is():
    assert run(COUNTED + "use(10_000); print(kilobytes('AnonHugePages'), asked)") == [0, 0]


def test_holes_are_filled_up_to_a_few_megabytes():
    before, after = run(COUNTED + """
size = 400 << 20
memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for at in range(0, size, mmap.PAGESIZE):
    if at % (2 << 20) < (2 << 20) - 15 * mmap.PAGESIZE:
        memory[at] = 1
print(kilobytes('Rss')); use(10_000); print(kilobytes('Rss'))""")
    assert after < before + 5000


@pytest.mark.parametrize("touched", ["range(0, size, 2 << 20)", "(at for at in range(0, size, mmap.PAGESIZE) if at % (2 << 20) < 1 << 20)"])
def test_memory_that_is_hardly_used_is_not_filled(touched):
    before, after = run(COUNTED + f"""
rows = bytearray(os.urandom(1 << 20)) * 70
size = 256 << 20
memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for at in {touched}:
    memory[at] = 1
print(kilobytes('Rss')); use(10_000); print(kilobytes('Rss'))""")
    assert after < before + 4096


def test_what_it_shares_with_another_process_stays_shared():
    large, = run(COUNTED + HEAP + """
receiving, sending = os.pipe()
child = os.fork()
if child == 0:
    os.close(sending)
    os.read(receiving, 1)
    os._exit(0)
use(10_000)
print(kilobytes('AnonHugePages'))
os.close(sending)
os.waitpid(child, 0)""")
    assert large < 10_000
