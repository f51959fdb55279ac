"""Packs and unpacks checkpoints for a driver that is no Python: a program of its own, inside the walls.

`save HOME RUNTIME`, in the process that has said to the supervisor that it saves: a frame {lost, pause_ms, bytes} and behind it the
heap, so many of them, come from fd 0, a pipe. `take HOME RUNTIME`: the same for one that has yet to say so, and from a file.
`restore HOME RUNTIME`: the heap goes to fd 1, a file, and behind it a frame {lost} and the length of the heap in 8 bytes. The
attachments are at fd 7. The exit code says how it went, as `failures` has it.
"""

import os
import sys
from signal import SIG_BLOCK, SIGCONT, alarm, pthread_sigmask

from ..driver_pipes import ATTACHMENTS
from ..frames import HEADER_BYTES, json_bytes, pack, parse
from .attachments import RESTORE, SAVE, Taker
from .failures import Absent, NotEmpty, code_of
from .packing import pack as pack_files
from .room import await_admission
from .stream import Damaged, Lost, Reader, Writer, bounded, check_header, check_trailer, header, trailer
from .unpacking import unpack as unpack_files

_LANGUAGE = "typescript"
_SAVE_SECONDS = 1.0
_RESTORE_SECONDS = 10.0
_COPY_BYTES = 1 << 18
_FIRST_TO_DIE = b"1000"


def main() -> None:
    what, home, runtime = sys.argv[1:]
    taker = Taker(ATTACHMENTS)
    try:
        if what == "take":
            _say_that_we_save(taker)
        if what == "restore":
            _restore(taker, home, parse(runtime.encode()))
        else:
            _save(taker, home, parse(runtime.encode()))
    except BaseException as error:
        os._exit(code_of(error))
    os._exit(0)


def _say_that_we_save(taker: Taker) -> None:
    os.setsid()
    pthread_sigmask(SIG_BLOCK, {SIGCONT})
    taker.say_taken()
    await_admission()
    os.lseek(0, 0, os.SEEK_SET)


def _save(taker: Taker, home: str, runtime: dict) -> None:
    # That of the copy which has become this program (`copy.js`). From here on the supervisor's time counts.
    alarm(0)
    connection = taker.take(SAVE, _SAVE_SECONDS)
    if connection is None:
        raise Absent
    _die_first()
    writer = Writer(connection)
    # Not when the heap is there: its first byte tells the host that this save was taken.
    writer.frame(header(_LANGUAGE, runtime))
    writer.begin_section()
    lost_files = pack_files(writer, home)
    writer.end_section()
    file_bytes = writer.section_bytes
    told = parse(_read(int.from_bytes(_read(HEADER_BYTES), "little")))
    lost = [Lost.of_json(one) for one in told["lost"]] + lost_files
    writer.begin_section()
    left = told["bytes"]
    while left > 0 and (data := os.read(0, min(_COPY_BYTES, left))):
        writer.write(data)
        left -= len(data)
    if left > 0:
        raise Damaged("the heap ended early")
    writer.end_section()
    writer.frame(trailer(file_bytes, writer.section_bytes, lost, pause_ms=told["pause_ms"]))


def _restore(taker: Taker, home: str, runtime: dict) -> None:
    os.setsid()
    connection = taker.take(RESTORE, _RESTORE_SECONDS)
    if connection is None:
        raise Absent
    reader = Reader(connection)
    check_header(reader.frame(), _LANGUAGE, runtime)
    if os.listdir(home):
        raise NotEmpty
    reader.begin_section()
    unpack_files(reader, home)
    reader.end_section()
    reader.begin_section()
    size = 0
    while data := reader.read_some():
        size += len(data)
        _write(data)
    reader.end_section()
    lost = check_trailer(reader.frame())
    reader.end()
    _write(pack(json_bytes(bounded(lost))) + size.to_bytes(8, "little"))


def _read(size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = os.read(0, size - len(data))
        if not part:
            raise Damaged("the heap ended early")
        data += part
    return data


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view):]


def _die_first() -> None:
    """When memory runs out, of all processes of the context."""
    try:
        with open("/proc/self/oom_score_adj", "wb", buffering=0) as file:
            file.write(_FIRST_TO_DIE)
    except OSError:
        pass  # A tier whose walls leave it no /proc of its own.
