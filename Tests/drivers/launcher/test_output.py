"""One output pipe: decoded, cut and counted."""

import os

import pytest
from sandbox_launcher.output import OutputStream


@pytest.fixture
def pipe():
    reader, writer = os.pipe2(os.O_NONBLOCK)
    stream = OutputStream("stdout", reader)
    stream.begin(1 << 20)
    yield stream, writer
    os.close(reader)
    os.close(writer)


def test_a_character_split_between_two_reads_is_whole(pipe):
    stream, writer = pipe
    texts = []
    for byte in "é€😀".encode():
        os.write(writer, bytes([byte]))
        texts.append(stream.read())
    assert "".join(texts) == "é€😀" and "�" not in "".join(texts)


def test_bytes_that_are_not_utf8_become_replacement_characters(pipe):
    stream, writer = pipe
    os.write(writer, b"a\xffb\xc3(")
    assert stream.read() == "a�b�("


def test_a_character_that_is_never_completed_becomes_one_at_the_end(pipe):
    stream, writer = pipe
    os.write(writer, b"a\xe2\x82")
    assert (stream.read(), stream.finish()) == ("a", "�")


@pytest.mark.parametrize("limit, text, dropped", [
    (0, "", 9), (1, "a", 8), (2, "a", 8), (3, "aé", 6), (5, "aé", 6),
    (6, "aé€", 3), (8, "aé€bc", 1), (9, "aé€bcd", 0),
])
def test_the_limit_counts_bytes_and_cuts_between_characters(pipe, limit, text, dropped):
    stream, writer = pipe
    stream.begin(limit)
    os.write(writer, "aé€bcd".encode())
    assert stream.read() + stream.finish() == text
    assert stream.dropped == dropped


def test_the_limit_cuts_the_same_when_bytes_come_one_by_one(pipe):
    stream, writer = pipe
    stream.begin(5)
    text = ""
    for byte in "aé€bcd".encode():
        os.write(writer, bytes([byte]))
        text += stream.read()
    assert text + stream.finish() == "aé"
    assert stream.dropped == 6


def test_a_new_execution_starts_from_nothing(pipe):
    stream, writer = pipe
    stream.begin(1)
    os.write(writer, b"ab\xe2")
    stream.read()
    stream.begin(10)
    os.write(writer, b"c")
    assert (stream.read(), stream.dropped) == ("c", 0)


def test_drain_takes_what_is_there_and_no_more(pipe):
    stream, writer = pipe
    os.write(writer, b"x" * 60_000)
    drained = stream.drain()
    text = next(drained)
    os.write(writer, b"y")
    text += "".join(drained)
    assert text == "x" * 60_000 and stream.read() == "y"


def test_a_pipe_without_writers_is_closed():
    reader, writer = os.pipe2(os.O_NONBLOCK)
    stream = OutputStream("stdout", reader)
    stream.begin(10)
    os.write(writer, b"end")
    os.close(writer)
    assert (stream.read(), stream.closed) == ("end", False)
    assert (stream.read(), stream.closed) == ("", True)
    os.close(reader)
