"""Packs and unpacks checkpoints for a driver that is no Python: a program of its own, inside the walls.

`save HOME`: a frame {runtime, lost, pause_ms} and behind it the heap come from fd 0, a file. `restore HOME RUNTIME`: the heap
goes to fd 1, a file, and behind it a frame {lost} and the length of the heap in 8 bytes. The attachments are at fd 7. The exit
code says how it went, as `failures` has it.
"""

import os
import sys
from signal import SIG_BLOCK, SIGCONT, pthread_sigmask

from ..driver_pipes import ATTACHMENTS
from ..frames import HEADER_BYTES, json_bytes, pack, parse
from .attachments import RESTORE, SAVE, Taker
from .failures import Absent, NotEmpty, code_of
from .room import await_admission
from .packing import pack as pack_files
from .stream import Damaged, Lost, Reader, Writer, bounded, check_header, check_trailer, header, trailer
from .unpacking import unpack as unpack_files

_LANGUAGE = "typescript"
_SAVE_SECONDS = 1.0
_RESTORE_SECONDS = 10.0
_COPY_BYTES = 1 << 18
_FIRST_TO_DIE = b"1000"


def main() -> None:
    what, home, *arguments = sys.argv[1:]
    try:
        os.setsid()
        if what == "save":
            _save(home)
        else:
            _restore(home, parse(arguments[0].encode()))
    except BaseException as error:
        os._exit(code_of(error))
    os._exit(0)


def _save(home: str) -> None:
    taker = Taker(ATTACHMENTS)
    connection = taker.take(SAVE, _SAVE_SECONDS)
    if connection is None:
        taker.say_in_vain()
        raise Absent
    pthread_sigmask(SIG_BLOCK, {SIGCONT})
    taker.say_taken()
    await_admission()
    _die_first()
    os.lseek(0, 0, os.SEEK_SET)
    told = parse(_read(int.from_bytes(_read(HEADER_BYTES), "little")))
    writer = Writer(connection)
    writer.frame(header(_LANGUAGE, told["runtime"]))
    writer.begin_section()
    lost = [Lost.of_json(one) for one in told["lost"]] + pack_files(writer, home)
    writer.end_section()
    file_bytes = writer.section_bytes
    writer.begin_section()
    while data := os.read(0, _COPY_BYTES):
        writer.write(data)
    writer.end_section()
    writer.frame(trailer(file_bytes, writer.section_bytes, lost, pause_ms=told["pause_ms"]))


def _restore(home: str, runtime: dict) -> None:
    connection = Taker(ATTACHMENTS).take(RESTORE, _RESTORE_SECONDS)
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
