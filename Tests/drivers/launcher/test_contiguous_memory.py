"""Where in the machine's memory a launcher has what its forks will copy."""

import os

import pytest
from launcher_process import descendants
from machine_memory import LARGE, contiguous_places, kernel_collapses
from own_process import run

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root is told where pages are")
needs_collapse = pytest.mark.skipif(not kernel_collapses(), reason="the kernel makes no large page of small ones")

# `memory` is anything but contiguous: a small page gets its place when it is written to.
SCATTERED = """
import errno, mmap, os, random
from machine_memory import contiguous_places
from sandbox_launcher import contiguous_memory, large_pages
# What a machine that takes long leaves undone is looked at on its own.
contiguous_memory._SECONDS = 60
size = 32 << 20
memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_NOHUGEPAGE)
addresses = list(range(0, size, mmap.PAGESIZE))
random.Random(1).shuffle(addresses)
for address in addresses:
    memory[address:address + 8] = address.to_bytes(8, 'little')
memory.madvise(mmap.MADV_HUGEPAGE)
"""
# How often it is tried to make a large page, and what the kernel says to that.
TRIED = """
tried = answer = 0
def collapse(address):
    global tried
    tried += 1
    return answer
large_pages.collapse = collapse
"""


@needs_root
@needs_collapse
def test_pages_lie_side_by_side():
    before, after = run(SCATTERED + "print(contiguous_places()); contiguous_memory.use(); print(contiguous_places())")
    # Of what was there before, some are so by chance.
    assert after >= before + 15


@needs_collapse
def test_they_are_small_and_hold_what_they_held():
    before, made, large, after, intact = run(SCATTERED + """
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


@needs_collapse
def test_a_page_that_could_not_be_taken_apart_is_tried_again():
    large, = run(SCATTERED + """
split = large_pages.split
refused = set()
def refuse_once(address):
    if address in refused:
        split(address)
    refused.add(address)
large_pages.split = refuse_once
contiguous_memory.use()
print(kilobytes('AnonHugePages'))""")
    assert large == 0


def test_memory_that_is_hardly_used_is_not_filled():
    before, after = run(SCATTERED + """
sparse = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for address in range(0, len(sparse), 64 << 10): sparse[address] = 1
# It would give back what nothing was written to.
large_pages.split = lambda address: None
print(kilobytes('Rss')); contiguous_memory.use(); print(kilobytes('Rss'))""")
    assert after < before + 2048


@pytest.mark.parametrize("error, goes_on", [("EBUSY", False), ("ENOMEM", False), ("EINVAL", True)])
def test_without_room_for_one_it_does_not_try_the_next(error, goes_on):
    tried, = run(SCATTERED + TRIED + f"""
answer = errno.{error}
contiguous_memory.use()
print(tried)""")
    assert tried >= 15 if goes_on else tried == 1


def test_a_launcher_does_not_wait_for_a_machine_that_takes_long():
    tried, = run(SCATTERED + TRIED + """
contiguous_memory._SECONDS = 0
contiguous_memory.use()
print(tried)""")
    assert tried == 0


def test_a_kernel_that_tells_nothing_of_pages_is_no_reason_not_to_serve():
    tried, = run(SCATTERED + TRIED + """
def open_file(*_):
    raise FileNotFoundError
large_pages.open_file = open_file
contiguous_memory.use()
print(tried)""")
    assert tried == 0


@needs_root
@needs_collapse
def test_what_drivers_are_copied_from_is_contiguous(launcher):
    # Among what the launcher has started is the one that they are copies of, behind the outer wall.
    most = max(map(contiguous_places, descendants(launcher.process.pid)))
    assert most * LARGE > 30 << 20


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


def test_arenas_are_taken_before_the_imports_and_are_back_when_a_session_is_counted():
    is_first, kept, counted, left = run("""
import importlib
from sandbox_launcher.own_memory import anonymous_bytes
module = importlib.import_module('sandbox_driver.warm_up')
take = module._take_arenas
def watched():
    global arenas
    print(int('matplotlib' not in sys.modules))
    arenas = take()
    return arenas
module._take_arenas = watched
module.warm_up()
print(len(arenas), module.warm_checkpoint()._large_pages._inherited >> 20, anonymous_bytes() >> 20)""")
    assert is_first == 1 and kept == 0
    assert abs(counted - left) <= 4


def test_arenas_that_nothing_was_put_into_go_back():
    before, full, after = run("""
from sandbox_driver.warm_up import _take_arenas
print(kilobytes('Rss'))
arenas = _take_arenas()
print(kilobytes('Rss'))
arenas.clear()
print(kilobytes('Rss'))""")
    assert full > before + 30_000 and after < before + 4096
