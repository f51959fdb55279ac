"""The codec against the cases that all languages share."""

import pytest
from drivers_under_test import fixture
from sandbox_launcher.frames import MAX_BODY_BYTES, FrameError, FrameReader, json_bytes, pack, parse

FRAMES = fixture("frames.json")


def read_all(reader):
    frames = []
    try:
        while (body := reader.next_body()) is not None:
            frames.append(parse(body))
    except FrameError:
        return frames, True
    return frames, False


@pytest.mark.parametrize("step", [1, 3, 1 << 20])
@pytest.mark.parametrize("case", FRAMES["cases"], ids=lambda case: case["name"])
def test_reader_yields_the_frames_of_the_fixture(case, step):
    stream = bytes.fromhex(case["hex"])
    reader = FrameReader()
    frames, fault = [], False
    for start in range(0, len(stream), step):
        reader.feed(stream[start:start + step])
        more, fault = read_all(reader)
        frames += more
        if fault:
            break
    assert (frames, fault) == (case["frames"], case.get("fault", False))
    if "left" in case:
        assert reader.buffered == case["left"]


def test_limit_is_the_one_of_the_fixture():
    assert MAX_BODY_BYTES == FRAMES["max_body_bytes"]


@pytest.mark.parametrize("case", fixture("requests.json")["cases"], ids=lambda case: case["name"])
def test_requests_are_carried_unchanged(case):
    reader = FrameReader()
    reader.feed(pack(json_bytes(case["frame"])))
    assert read_all(reader) == ([case["frame"]], False)


def test_a_body_over_the_limit_is_not_packed():
    with pytest.raises(FrameError):
        pack(bytes(MAX_BODY_BYTES + 1))
    assert len(pack(bytes(MAX_BODY_BYTES))) == MAX_BODY_BYTES + 4


@pytest.mark.parametrize("body", [b'{"a":"\\ud800"}', b'{"\\udfff":1}', b'{"a":[{"b":"\\udc00\\ud800"}]}'])
def test_a_lone_surrogate_is_refused(body):
    with pytest.raises(FrameError):
        parse(body)


def test_a_surrogate_pair_is_one_character():
    assert parse(b'{"a":"\\ud83d\\ude00"}') == {"a": "\N{GRINNING FACE}"}


def test_nesting_without_end_is_refused():
    with pytest.raises(FrameError):
        parse(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_json_is_not_written(value):
    with pytest.raises(ValueError):
        json_bytes({"a": value})


def test_a_lone_surrogate_is_written_as_the_replacement_character():
    assert json_bytes({"\ud800": "a\udfff\N{GRINNING FACE}"}).decode() == '{"�":"a�\N{GRINNING FACE}"}'
