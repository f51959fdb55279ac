"""What a supervisor accepts from its driver and from its host."""

import pytest
from drivers_under_test import fixture
from sandbox_launcher.events import check_event
from sandbox_launcher.frames import FrameError
from sandbox_launcher.requests import check_request


@pytest.mark.parametrize("case", fixture("driver-events.json")["cases"], ids=lambda case: case["name"])
def test_driver_events_are_accepted_as_the_fixture_says(case):
    try:
        check_event(case["frame"], case["running"], case.get("asked"))
        accepted = True
    except FrameError:
        accepted = False
    assert accepted == case["accepted"]


# The first frame of a connection is the launcher's, and never gets to a supervisor.
_OF_THE_LAUNCHER = ("open", "enter", "files")
_REQUESTS = [case for case in fixture("requests.json")["cases"] if case["frame"]["op"] not in _OF_THE_LAUNCHER]


@pytest.mark.parametrize("case", _REQUESTS, ids=lambda case: case["name"])
def test_requests_of_the_fixture_are_accepted(case):
    assert check_request(case["frame"]) == case["frame"]["op"]


START = {"op": "start", "limits": {"stream_bytes": 1, "item_bytes": 1}, "env": {}}
EXECUTE = {"op": "execute", "id": "e1", "count": 1, "code": "1", "env": {}}
COMPLETE = {"op": "complete", "id": "q1", "code": "é😀", "cursor": 2}
INTERRUPT = {"op": "interrupt", "id": "e1", "rung": 1}


@pytest.mark.parametrize("request_", [
    {}, {"op": 1}, {"op": "reboot"},
    START | {"limits": {}}, START | {"limits": None}, START | {"limits": {"stream_bytes": -1, "item_bytes": 1}},
    START | {"limits": {"stream_bytes": True, "item_bytes": 1}}, START | {"env": []}, START | {"env": {"A": 1}},
    START | {"cwd": 1}, START | {"cwd": "/a"}, START | {"cwd": "a/"}, START | {"cwd": "a//b"}, START | {"cwd": "."},
    START | {"cwd": "a/../b"}, START | {"cwd": "a\0"}, START | {"cwd": "é" * 2048},
    EXECUTE | {"id": ""}, EXECUTE | {"id": "a b"}, EXECUTE | {"id": "x" * 65}, EXECUTE | {"id": "e1\n"},
    EXECUTE | {"id": 1},
    EXECUTE | {"count": "1"}, EXECUTE | {"code": None}, EXECUTE | {"env": None},
    COMPLETE | {"id": None}, COMPLETE | {"code": 1}, COMPLETE | {"cursor": 3}, COMPLETE | {"cursor": -1}, COMPLETE | {"cursor": True},
    COMPLETE | {"op": "inspect", "cursor": "1"},
    INTERRUPT | {"rung": 3}, INTERRUPT | {"rung": True}, INTERRUPT | {"id": None},
], ids=repr)
def test_a_malformed_request_is_refused(request_):
    with pytest.raises(FrameError):
        check_request(request_)


@pytest.mark.parametrize("event", [
    {"event": "item", "id": "e1", "data": {"application/json": 1}, "update": 1},
    {"event": "item", "id": "e1", "data": {"image/png": None}},
    {"event": "sync", "id": "e1"},
    {"event": ["item"], "id": "e1"},
    {"event": "hello", "protocol": True, "language": "python", "version": "3"},
    {"event": "hello", "protocol": 1, "language": ["python"], "version": "3"},
], ids=repr)
def test_a_malformed_event_is_refused(event):
    with pytest.raises(FrameError):
        check_event(event, "e1")
