"""The stream of a checkpoint, byte by byte."""

import base64
import os
import threading

import pytest
from checkpoint_stream import Parts
from drivers_under_test import fixture
from sandbox_launcher.checkpoints.failures import DETAILS, Absent, NotEmpty, code_of
from sandbox_launcher.checkpoints.stream import (MAX_LOST, Damaged, Foreign, Lost, Reader, Writer, bounded, check_header, check_trailer,
                                                 header, trailer)
from sandbox_launcher.events import check_event
from sandbox_launcher.frames import FrameError
from sandbox_launcher.requests import check_request

FIXTURE = fixture("checkpoints.json")


def written(write) -> bytes:
    """What `write(writer)` sends through a pipe."""
    reader, writer = os.pipe()
    received = []

    def receive():
        while data := os.read(reader, 1 << 16):
            received.append(data)

    thread = threading.Thread(target=receive)
    thread.start()
    try:
        write(Writer(writer))
    finally:
        os.close(writer)
        thread.join()
        os.close(reader)
    return b"".join(received)


def reading(data: bytes) -> Reader:
    """From a file: as good as a connection that never waits."""
    fd = os.memfd_create("stream")
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return Reader(fd)


def read_all(reader: Reader) -> tuple:
    found = reader.frame()
    check_header(found, found.get("language"), found.get("runtime"))
    sections = []
    for _ in range(2):
        reader.begin_section()
        section = b""
        while part := reader.read_some():
            section += part
        reader.end_section()
        sections.append(section)
    last = reader.frame()
    check_trailer(last)
    reader.end()
    if [last.get("file_bytes"), last.get("heap_bytes")] != list(map(len, sections)):
        raise Damaged
    return found, sections, last


@pytest.mark.parametrize("case", FIXTURE["streams"], ids=lambda case: case["name"])
def test_a_stream_is_a_checkpoint_or_not_as_the_fixture_says(case):
    try:
        read_all(reading(base64.b64decode(case["base64"])))
        accepted = True
    except Damaged:
        accepted = False
    assert accepted == case["accepted"]


@pytest.mark.parametrize("case", FIXTURE["hellos"], ids=lambda case: case["name"])
def test_a_hello_is_accepted_as_the_fixture_says(case):
    try:
        check_event(case["frame"], None)
        accepted = True
    except FrameError:
        accepted = False
    assert accepted == case["accepted"]


@pytest.mark.parametrize("case", [case for case in FIXTURE["requests"] if case["frame"]["op"] == "start"], ids=lambda case: case["name"])
def test_a_start_of_the_fixture_is_accepted(case):
    assert check_request(case["frame"]) == "start"


def test_a_flag_that_is_none_is_refused():
    with pytest.raises(FrameError):
        check_request({"op": "start", "limits": {"stream_bytes": 1, "item_bytes": 1}, "env": {}, "restore": 1})


def test_what_is_written_is_read():
    large = os.urandom(3_000_001)

    def write(writer):
        writer.frame(header("python", {"python": "3.11"}))
        writer.begin_section()
        for _ in range(1000):
            writer.write(b"small")
        writer.write(memoryview(large))
        writer.write(b"last")
        writer.end_section()
        writer.begin_section()
        writer.end_section()
        writer.frame(trailer(3_005_005, 0, [Lost("variable", "x", "because")]))

    data = written(write)
    found, sections, last = read_all(reading(data))
    assert found == header("python", {"python": "3.11"}) and sections == [b"small" * 1000 + large + b"last", b""]
    assert check_trailer(last) == [Lost("variable", "x", "because")]
    parts = Parts(data)
    assert (parts.header, parts.sections, parts.trailer) == (found, sections, last)


def test_every_way_of_reading_takes_from_the_same_section():
    data = written(lambda writer: [writer.begin_section(), writer.write(b"0123456789" * 100_000), writer.end_section(), writer.frame({"a": 1})])
    reader = reading(data)
    reader.begin_section()
    assert reader.read(15) == b"012345678901234"
    target = bytearray(500_000)
    reader.read_into(target)
    assert target[:5] == b"56789" and len(reader.read_some()) > 0
    while reader.read_some():
        pass
    with pytest.raises(Damaged):
        reader.read(1)
    assert reader.frame() == {"a": 1}


def test_losses_are_bounded():
    lost = [Lost("variable", "n" * 1000, "r" * 1000) for _ in range(1000)]
    members = bounded(lost)
    assert len(members["lost"]) == MAX_LOST and members["lost_count"] == 1000
    assert max(len(text) for one in members["lost"] for text in one.values()) == 256


@pytest.mark.parametrize("changes", [{"checkpoint": 2}, {"language": "typescript"}, {"runtime": {"python": "3.12"}}, {"more": 1}])
def test_another_header_is_foreign(changes):
    with pytest.raises(Foreign):
        check_header(header("python", {"python": "3.11"}) | changes, "python", {"python": "3.11"})


def test_each_failure_has_words_of_its_own():
    failures = [Damaged(), Foreign(), Absent(), NotEmpty(), MemoryError()]
    assert len({DETAILS[code_of(failure)] for failure in failures}) == len(DETAILS) == 5
    assert code_of(OSError(28, "full")) == code_of(MemoryError()) and code_of(ValueError()) == code_of(Damaged())
