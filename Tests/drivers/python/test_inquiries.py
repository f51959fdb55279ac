"""Completions and documentation from a live Python session, which neither changes nor is harmed by them."""

import os
from pathlib import Path

import pytest
from launcher_process import wait_until


def is_running(name: str) -> bool:
    """Whether a process has given itself this name."""
    for path in Path("/proc").glob("[0-9]*/comm"):
        try:
            if path.read_text().strip() == name:
                return True
        except OSError:
            continue
    return False


@pytest.fixture
def frame(interpreter):
    assert interpreter.run("""
import numpy as np
class Point:
    '''Where something is.'''
    def __init__(self, x): self.across = x
    def move(self, by: int = 1): 'Moves it.'
point = Point(3); numbers = [1, 2]; größe = 5""").error is None
    return interpreter


@pytest.mark.parametrize("code, match, start, end", [
    ("poi", "point", 0, 3), ("x = point.ac", "point.across", 4, 12), ("np.linal", "np.linalg", 0, 8),
    ("a\nb\nnumbers.app", "numbers.append", 4, 15), ("'😀' + grö", "größe", 6, 9), ("impor", "import", 0, 5),
])
def test_what_can_follow_is_found_in_code_points(frame, code, match, start, end):
    answer = frame.complete(code)
    assert match in answer["matches"] and (answer["cursor_start"], answer["cursor_end"]) == (start, end)


def test_only_what_is_before_the_cursor_counts(frame):
    answer = frame.complete("point.ac + numbers", 8)
    assert answer["cursor_end"] == 8 and [match.rpartition(".")[2] for match in answer["matches"]] == ["across"]


def test_what_has_no_end_is_nothing(frame):
    answer = frame.complete("point.nothing_of_that_name")
    assert (answer["matches"], answer["cursor_start"], answer["cursor_end"]) == ([], 26, 26)


@pytest.mark.parametrize("code, cursor, expected", [
    ("point", None, "Where something is."), ("point.move", None, "Moves it."), ("point.move(2)", 8, "by: int = 1"),
    ("np.linspace(0, 1", None, "linspace"), ("len", 0, "Return the number of items"), ("numbers", 3, "[1, 2]"),
])
def test_what_is_at_the_cursor_is_described(frame, code, cursor, expected):
    answer = frame.inspect(code, cursor)
    assert answer["found"] and list(answer["data"]) == ["text/plain"]
    assert expected in answer["data"]["text/plain"] and "\x1b" not in answer["data"]["text/plain"]


@pytest.mark.parametrize("code", ["nothing_of_that_name", "", "1 + ", "'text'", "(((("])
def test_what_is_nothing_is_not_found(frame, code):
    answer = frame.inspect(code)
    assert (answer["found"], answer["data"]) == (False, {})


def test_the_session_is_what_it_was(frame):
    frame.run("'last'")
    measure = "print(len(In), [name for name in globals() if name[:2] != '_i'], list(Out), _, __)"
    before, _, rest = frame.run(measure).stdout.partition(" ")
    for _ in range(3):
        assert frame.complete("point.")["matches"] and frame.inspect("point.move")["found"]
    # The measuring itself is one execution more.
    assert frame.run(measure).stdout == f"{int(before) + 1} {rest}"


def test_what_is_printed_while_it_is_looked_at_belongs_to_nobody(frame):
    frame.run("class Loud:\n    def __dir__(self): print('loud'); import os; os.system('echo loud'); return ['volume']\nloud = Loud()")
    inquiry = frame.ask("complete", "loud.vo")
    outcome = frame.receive_until("completions")
    assert [event["event"] for event in outcome.events] == ["completions"] and outcome.events[0]["id"] == inquiry
    assert outcome.events[0]["matches"][0].endswith("volume")
    assert frame.run("'quiet'").lines == ["'quiet'"]


HOSTILE = {
    "raises": "def __dir__(self): raise BaseException('no')",
    "lies": "def __dir__(self): return [1, None, 'a\\ud800', 'x' * 10_000_000] + ['n%d' % n for n in range(100_000)]",
    "exits softly": "def __dir__(self): raise SystemExit(3)",
    "recurses": "def __dir__(self): return dir(self)",
    "forks": "def __dir__(self):\n        import os\n        os.fork()\n        return ['attribute']",
    "displays": "def __dir__(self):\n        display(1); return ['attribute']",
    "interrupts itself": "def __dir__(self):\n        import os, signal; os.kill(os.getpid(), signal.SIGINT); return ['attribute']",
    "takes the signals": "def __dir__(self):\n        import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); return ['attribute']",
}


STUBBORN = """while True:
            try:
                while True: pass
            except Exception: pass
            except KeyboardInterrupt: pass"""


@pytest.mark.parametrize("name", HOSTILE)
def test_an_object_that_is_hostile_is_survived(frame, name):
    frame.run(f"state = 41\nclass Hostile:\n    {HOSTILE[name]}\nhostile = Hostile()")
    answer = frame.complete("hostile.")
    assert len(answer["matches"]) <= 1000
    assert frame.inspect("hostile")["event"] == "inspection"
    assert frame.run("state + 1").text == "42"
    # Interrupts still work.
    execution = frame.begin("print('on')\nwhile True: pass")
    frame.receive_until("stdout")
    frame.interrupt(execution)
    assert frame.finish(execution).error["name"] == "KeyboardInterrupt"


@pytest.mark.parametrize("op, code", [("complete", "hostile."), ("inspect", "hostile")])
@pytest.mark.parametrize("body", ["while True: pass", "import time; time.sleep(600)", "return self.answer()", STUBBORN],
                         ids=["loops", "sleeps", "recurses", "is stubborn"])
def test_an_object_that_never_answers_is_interrupted_and_the_session_lives(frame, op, code, body):
    sign = f"looked{os.urandom(4).hex()}"
    frame.run(f"""
state = 41
class Hostile:
    def answer(self):
        open('/proc/self/comm', 'w').write('{sign}')
        {body}
    __dir__ = __repr__ = __str__ = answer
hostile = Hostile()""")
    inquiry = frame.ask(op, code)
    assert wait_until(lambda: is_running(sign) or frame.has_event(0))
    # As the host does it: whoever is asked for one thing after the other has to be stopped as often.
    for rung in (1, *[2] * 20):
        if frame.has_event(0.25):
            break
        frame.interrupt(inquiry, rung)
    assert frame.answer(inquiry)["event"] in ("completions", "inspection")
    assert frame.run("state + 1").text == "42"


def test_an_interrupt_of_an_inquiry_that_is_over_does_nothing(frame):
    inquiry = frame.ask("complete", "poi")
    frame.answer(inquiry)
    frame.interrupt(inquiry)
    assert frame.run("point.across").text == "3"


def test_an_object_that_ends_the_interpreter_has_ended_it(frame):
    frame.run("class Hostile:\n    def __dir__(self):\n        import os; os._exit(3)\nhostile = Hostile()")
    answer = frame.complete("hostile.")
    assert (answer["event"], answer["reason"], answer["code"]) == ("ended", "exited", 3) and "id" not in answer


@pytest.mark.parametrize("request_", [{"op": "execute", "id": "e9", "count": 1, "code": "1", "env": {}},
                                      {"op": "complete", "id": "q9", "code": "", "cursor": 0}], ids=["execute", "complete"])
def test_two_at_once_are_a_fault_of_the_host(launcher, request_):
    interpreter = launcher.start()
    interpreter.run("class Slow:\n    def __dir__(self):\n        import time; time.sleep(600)\nslow = Slow()")
    interpreter.ask("complete", "slow.")
    interpreter.send(request_)
    assert interpreter.receive_until("ended").ended["reason"] == "protocol"
    interpreter.close()
