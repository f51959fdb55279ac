"""What a session does with its memory before a copy is made of it, and what it leaves alone."""

import ctypes
import mmap
import subprocess
import sys
from pathlib import Path

import pytest

MADV_COLLAPSE = 25
HEAP = "rows = [{'n': n} for n in range(500_000)]"

# In a process of its own: `asked` says how often `goes_on` was asked, which is once for each place of a large page.
PROGRAM = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
sys.dont_write_bytecode = True
from drivers_under_test import load_packages
load_packages()
import mmap, os
from sandbox_driver.checkpoints.large_pages import LargePages

def kilobytes(name):
    for line in open('/proc/self/smaps_rollup'):
        if line.startswith(name + ':'):
            return int(line.split()[1])

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


@pytest.fixture(scope="module", autouse=True)
def collapses():
    """None of this can be seen on Linux before 6.1."""
    memory = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.write(bytes(4 << 20))
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    address = -(-start // (2 << 20)) * (2 << 20)
    assert ctypes.CDLL(None).madvise(ctypes.c_void_p(address), ctypes.c_size_t(2 << 20), ctypes.c_int(MADV_COLLAPSE)) == 0


def run(code: str) -> list[int]:
    """What `code` prints."""
    done = subprocess.run([sys.executable, "-c", PROGRAM + code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


def test_a_session_with_a_large_heap_has_it_in_large_pages_once_it_was_saved(launcher):
    with_large_pages = "int(next(line for line in open('/proc/self/smaps_rollup') if line.startswith('AnonHuge')).split()[1])"
    home = launcher.open()
    session = home.enter().start()
    session.run(HEAP)
    before = int(session.run(with_large_pages).text)
    assert home.save() != b""
    assert int(session.run(with_large_pages).text) > before + 50_000
    assert session.run("sum(row['n'] for row in rows)").text == str(sum(range(500_000)))
    home.close()


def test_it_becomes_hardly_larger_by_it():
    before, large, after = run(HEAP + "\nprint(kilobytes('Rss')); use(10_000); print(kilobytes('AnonHugePages'), kilobytes('Rss'))")
    assert large > 50_000 and after < before * 1.05


def test_it_stops_when_it_is_not_to_go_on():
    large, asked = run(HEAP + "\nuse(3); print(kilobytes('AnonHugePages'), asked)")
    assert asked == 4 and large <= 3 * 2048


def test_a_small_heap_stays_as_it_is():
    assert run("use(10_000); print(kilobytes('AnonHugePages'), asked)") == [0, 0]


@pytest.mark.parametrize("touched", ["range(0, size, 2 << 20)", "(at for at in range(0, size, mmap.PAGESIZE) if at % (2 << 20) < 1 << 20)"])
def test_memory_that_is_hardly_used_is_not_filled(touched):
    before, after = run(f"""
rows = bytearray(os.urandom(1 << 20)) * 70
size = 256 << 20
memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for at in {touched}:
    memory[at] = 1
print(kilobytes('Rss')); use(10_000); print(kilobytes('Rss'))""")
    assert after < before + 4096


def test_what_it_shares_with_another_process_stays_shared():
    large, = run(HEAP + """
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
