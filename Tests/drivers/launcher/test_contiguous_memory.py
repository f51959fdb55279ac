"""Where in the machine's memory a launcher has what its forks will copy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from launcher_process import descendants
from machine_memory import LARGE, contiguous_places, kernel_collapses

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root is told where pages are")
needs_collapse = pytest.mark.skipif(not kernel_collapses(), reason="the kernel makes no large page of small ones")

# In a process of its own. `memory` is anything but contiguous: a small page gets its place when it is written to.
PROGRAM = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
sys.dont_write_bytecode = True
from drivers_under_test import load_packages
load_packages()
import errno, mmap, os, random
from machine_memory import contiguous_places
from sandbox_launcher import contiguous_memory, large_pages

def kilobytes(name):
    for line in open('/proc/self/smaps_rollup'):
        if line.startswith(name + ':'):
            return int(line.split()[1])

size = 32 << 20
memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_NOHUGEPAGE)
addresses = list(range(0, size, mmap.PAGESIZE))
random.Random(1).shuffle(addresses)
for address in addresses:
    memory[address:address + 8] = address.to_bytes(8, 'little')
memory.madvise(mmap.MADV_HUGEPAGE)
"""


def run(code: str) -> list[int]:
    """What `code` prints."""
    done = subprocess.run([sys.executable, "-c", PROGRAM + code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


@needs_root
@needs_collapse
def test_pages_lie_side_by_side():
    before, after = run("print(contiguous_places()); contiguous_memory.use(); print(contiguous_places())")
    assert before == 0
    assert after >= 15


@needs_collapse
def test_they_are_small_and_hold_what_they_held():
    before, made, large, after, intact = run("""
print(kilobytes('Rss'))
made = []
make = large_pages.make
def note(*arguments):
    for address in make(*arguments):
        made.append(address)
        yield address
large_pages.make = note
contiguous_memory.use()
print(len(made))
print(kilobytes('AnonHugePages'), kilobytes('Rss'))
print(int(all(memory[address:address + 8] == address.to_bytes(8, 'little') for address in addresses)))""")
    assert made >= 15 and large == 0 and intact == 1
    assert after < before + 2048


def test_memory_that_is_hardly_used_is_not_filled():
    before, after = run("""
sparse = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for address in range(0, len(sparse), 64 << 10): sparse[address] = 1
print(kilobytes('Rss')); contiguous_memory.use(); print(kilobytes('Rss'))""")
    assert after < before + 2048


@pytest.mark.parametrize("error, goes_on", [("EBUSY", False), ("ENOMEM", False), ("EINVAL", True)])
def test_without_room_for_one_it_does_not_try_the_next(error, goes_on):
    tried, = run(f"""
tried = 0
def collapse(address):
    global tried
    tried += 1
    return errno.{error}
large_pages.collapse = collapse
contiguous_memory.use()
print(tried)""")
    assert tried >= 15 if goes_on else tried == 1


def test_a_launcher_does_not_wait_for_a_machine_that_takes_long():
    tried, = run("""
contiguous_memory._SECONDS = 0
tried = 0
def collapse(address):
    global tried
    tried += 1
    return 0
large_pages.collapse = collapse
contiguous_memory.use()
print(tried)""")
    assert tried == 0


def test_a_kernel_that_tells_nothing_of_pages_is_no_reason_not_to_serve():
    tried, = run("""
def open_file(*_):
    raise FileNotFoundError
large_pages.open_file = open_file
tried = 0
def collapse(address):
    global tried
    tried += 1
    return 0
large_pages.collapse = collapse
contiguous_memory.use()
print(tried)""")
    assert tried == 0


@needs_root
@needs_collapse
def test_what_drivers_are_copied_from_is_contiguous(launcher):
    # Among what the launcher has started is the one that they are copies of, behind the outer wall. Without arenas that are taken
    # before libraries are loaded it is 36 MiB, with them 56.
    most = max(map(contiguous_places, descendants(launcher.process.pid)))
    assert most * LARGE > 45 << 20


def test_what_is_imported_lies_in_few_pieces():
    pieces, new, inside = run("""
from itertools import pairwise
from sandbox_driver.warm_up import _take_arenas
arenas = sorted(map(id, _take_arenas()))
print(1 + sum(after - before > 2 << 20 for before, after in pairwise(arenas)))
new = [bytes(n % 400) for n in range(100_000)]
print(len(new), sum(arenas[0] <= id(one) <= arenas[-1] for one in new))""")
    assert pieces <= 4
    assert inside > new * 0.8


def test_arenas_that_nothing_was_put_into_go_back():
    before, full, after = run("""
from sandbox_driver.warm_up import _take_arenas
print(kilobytes('Rss'))
arenas = _take_arenas()
print(kilobytes('Rss'))
arenas.clear()
print(kilobytes('Rss'))""")
    assert full > before + 50_000 and after < before + 4096
