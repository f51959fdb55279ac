"""The supervisor against drivers that do everything wrong: it never hangs, never passes it on, and leaves nothing."""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from interpreter_client import PATIENCE, Interpreter
from launcher_process import descendants, is_alive, wait_until

HOST = Path(__file__).parent / "misbehaving_driver.py"


class Supervised:
    """A supervisor with a driver that plays `scenario`."""

    def __init__(self, scenario, **limits):
        ours, theirs = socket.socketpair()
        self.home = Path(tempfile.mkdtemp(prefix="supervised-"))
        self.process = subprocess.Popen([sys.executable, str(HOST), scenario, str(theirs.fileno()), str(self.home)],
                                        pass_fds=[theirs.fileno()])
        theirs.close()
        self.interpreter = Interpreter(ours).start(**limits)

    def run(self):
        return self.interpreter.run("")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.interpreter.close()
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            shutil.rmtree(self.home)


def all_pids(supervised):
    return [supervised.process.pid, *descendants(supervised.process.pid)]


@pytest.mark.parametrize("scenario, detail", [
    ("garbage", "frame is not JSON"), ("array", "frame is not a JSON object"),
    ("huge_length", "frame length out of range"), ("zero_length", "frame length out of range"),
    ("wrong_id", "event of another execution"), ("speaks_for_supervisor", "unknown event"),
    ("second_hello", "hello must be the first event, once"), ("second_primary", "second primary item"),
    ("no_hello", "hello must be the first event, once"), ("other_language", "hello of another language"),
    ("closes_events", "the driver closed a descriptor of the protocol"),
])
def test_a_driver_that_breaks_the_protocol_is_ended_and_the_host_told_why(scenario, detail):
    with Supervised(scenario) as supervised:
        execution = supervised.interpreter.begin("")
        outcome = supervised.interpreter.receive_until("ended")
        assert outcome.ended == {"event": "ended", "reason": "protocol", "detail": detail, "id": execution}
        assert outcome.done is None
        assert supervised.interpreter.receive() is None


def test_a_second_done_ends_the_interpreter_between_two_executions():
    with Supervised("late_done") as supervised:
        outcome = supervised.run()
        assert outcome.done is not None
        ended = supervised.interpreter.receive_until("ended").ended
        assert ended["reason"] == "protocol" and "id" not in ended


@pytest.mark.parametrize("scenario, expected", [
    ("exits", {"reason": "exited", "code": 7}), ("dies", {"reason": "signaled", "signal": 9}),
    ("half_a_frame", {"reason": "exited", "code": 0}),
])
def test_how_a_driver_ended_is_reported_with_its_execution(scenario, expected):
    with Supervised(scenario) as supervised:
        outcome = supervised.run()
        assert outcome.ended == {"event": "ended", "id": "e1"} | expected
        assert outcome.stdout == ("last words" if scenario == "exits" else "")


def test_events_that_a_driver_sent_before_it_ended_count():
    with Supervised("exits_after_done") as supervised:
        supervised.interpreter.begin("")
        outcome = supervised.interpreter.receive_until("ended")
        assert outcome.stdout == "last words" and outcome.done is not None
        assert outcome.ended == {"event": "ended", "reason": "exited", "code": 0}


@pytest.mark.parametrize("scenario", [
    "silent", "stops", "ignores_signals", "many_children", "reads_no_acknowledgements", "floods_items",
    "floods_items_then_prints", "floods_output", "forks_for_ever",
])
@pytest.mark.parametrize("how", ["half", "whole"])
def test_hanging_up_ends_every_process(scenario, how):
    with Supervised(scenario) as supervised:
        supervised.interpreter.begin("")
        supervised.interpreter.receive_until("hello")
        if scenario == "ignores_signals":
            supervised.interpreter.receive_until("stdout")
        if scenario == "many_children":
            supervised.interpreter.receive_until("done")
        pids = all_pids(supervised)
        if how == "half":
            outcome = supervised.interpreter.hang_up()
            assert outcome.events[-1]["event"] == "ended"
            assert outcome.ended["reason"] in ("closed", "protocol") or scenario == "forks_for_ever"
            assert not any(is_alive(pid) for pid in pids[1:])
        else:
            supervised.interpreter.close()
        assert supervised.process.wait(PATIENCE) == 0
        assert wait_until(lambda: not any(is_alive(pid) for pid in pids))


def test_a_supervisor_that_is_terminated_ends_what_it_started():
    with Supervised("many_children") as supervised:
        supervised.run()
        pids = all_pids(supervised)
        supervised.process.terminate()
        assert supervised.interpreter.receive_until("ended").ended["reason"] == "closed"
        assert supervised.process.wait(PATIENCE) == 0
        assert not any(is_alive(pid) for pid in pids)


@pytest.mark.parametrize("scenario", ["child_holds_pipes", "child_floods_after_the_end"])
def test_a_child_that_holds_the_pipes_does_not_outlive_its_driver(scenario):
    with Supervised(scenario) as supervised:
        outcome = supervised.run()
        assert (outcome.ended["reason"], outcome.ended["code"]) == ("exited", 0)
        child = supervised.home / "child-pid"
        assert not child.exists() or not is_alive(int(child.read_text()))
        assert descendants(supervised.process.pid) == []


def test_a_slow_host_holds_back_items_and_costs_bounded_memory():
    with Supervised("floods_items_then_prints") as supervised:
        supervised.interpreter.begin("")
        # The printing child gets through although the host reads nothing: output is always drained.
        assert wait_until((supervised.home / "printed").exists)
        status = Path(f"/proc/{supervised.process.pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
        assert peak < 400 * 1024


def test_a_flood_is_cut_counted_and_over_with_the_execution():
    with Supervised("floods_output", stream_bytes=100_000) as supervised:
        outcome = supervised.run()
        assert (outcome.stdout, outcome.stderr) == ("x" * 100_000, "y" * 100_000)
        assert outcome.dropped("stdout") == outcome.dropped("stderr") == 200 * 65536 - 100_000
        assert [event["event"] for event in outcome.events[-3:]] == ["dropped", "dropped", "done"]
        outcome = supervised.run()
        assert outcome.stdout == "out" and outcome.of("dropped") == []


def test_a_driver_without_output_pipes_goes_on():
    with Supervised("closes_output") as supervised:
        assert supervised.run().done is not None


def test_a_character_that_is_split_by_an_event_stays_whole():
    with Supervised("split_character") as supervised:
        outcome = supervised.run()
        assert outcome.stdout == "é\N{REPLACEMENT CHARACTER}"


def test_output_and_acknowledged_items_keep_their_order():
    with Supervised("printed_before_and_after") as supervised:
        seen = ""
        for event in supervised.run().events:
            seen += event.get("text", "") if event["event"] == "stdout" else ""
            seen += event["data"]["text/plain"] if event["event"] == "item" else ""
        assert seen == "".join(f"<{number}{number}>" for number in range(20))


def test_a_sync_orders_the_two_streams_and_never_reaches_the_host():
    with Supervised("sync_only") as supervised:
        outcome = supervised.run()
        assert "".join(event.get("text", "") for event in outcome.events) == "abc"
        assert outcome.of("sync") == []


def test_a_driver_gets_its_descriptors_its_group_and_a_new_environment():
    with Supervised("tells_its_descriptors") as supervised:
        told = json.loads(supervised.run().stdout)
        assert told["fds"] == [0, 1, 2, 3, 5, 6, 7]
        assert told["group"] is True
        assert told["cwd"] == str(supervised.home) == told["env"]["HOME"] == told["env"]["TMPDIR"]
        assert set(told["env"]) == {
            "PATH", "HOME", "TMPDIR", "LANG", "TERM", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"}


START = {"op": "start", "limits": {"stream_bytes": 1, "item_bytes": 1}, "env": {}}


@pytest.mark.parametrize("request_", [
    pytest.param(START, id="a second start"),
    pytest.param({"op": "nonsense"}, id="an unknown op"),
    pytest.param({"op": "execute", "id": "a b", "count": 1, "code": "", "env": {}}, id="a bad id"),
])
def test_a_fault_of_the_host_ends_the_interpreter(request_):
    with Supervised("silent") as supervised:
        supervised.interpreter.send(request_)
        ended = supervised.interpreter.receive_until("ended").ended
        assert ended["reason"] == "protocol" and ended["detail"].startswith("host: ")
        assert supervised.interpreter.receive() is None


def test_a_second_execution_in_flight_ends_the_interpreter():
    with Supervised("silent") as supervised:
        supervised.interpreter.begin("")
        supervised.interpreter.begin("")
        assert supervised.interpreter.receive_until("ended").ended["detail"].startswith("host: ")


def test_a_frame_of_the_host_that_is_none_ends_the_interpreter():
    with Supervised("silent") as supervised:
        supervised.interpreter.send_bytes(b"\0\0\0\0")
        assert supervised.interpreter.receive_until("ended").ended["reason"] == "protocol"


def test_a_large_request_reaches_a_driver_that_reads_late():
    with Supervised("obedient") as supervised:
        assert supervised.interpreter.run("x" * 5_000_000).stdout == "out"
