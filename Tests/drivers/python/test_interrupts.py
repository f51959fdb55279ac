"""Interrupts of running code: it stops, and the state of the session stays."""

import threading

import pytest
from interpreter_client import Outcome
from launcher_process import wait_until

# Each prints `go` once it is where the interrupt shall find it.
STOPPABLE = {
    "a busy loop": "print('go')\nwhile True: pass",
    "a sleep": "import time\nprint('go'); time.sleep(600)",
    "a long call into numpy": "import numpy as np\na = np.random.rand(10**6)\nprint('go')\nwhile True: np.sort(a)",
    "a regular expression": "import re\nprint('go'); re.match(r'(a+)+$', 'a' * 60 + 'b')",
    "a subprocess": "import subprocess\nprint('go'); subprocess.run(['sleep', '600'])",
    "a shell command": "!echo go; sleep 600",
    "a cell of bash": "%%bash\necho go; sleep 600",
    "a join of a thread": "import threading, time\nt = threading.Thread(target=time.sleep, args=(600,), daemon=True)\n"
                          "t.start(); print('go'); t.join()",
    "a wait for a queue": "import queue\nprint('go'); queue.Queue().get()",
    "a lock": "import threading\nl = threading.Lock(); l.acquire(); print('go'); l.acquire()",
    "an await": "import asyncio\nprint('go')\nawait asyncio.sleep(600)",
    "a busy coroutine": "import asyncio\nprint('go')\nawait asyncio.sleep(0)\nwhile True: pass",
    "a read of a socket": "import socket\na, b = socket.socketpair(); print('go'); a.recv(1)",
    "a pool of processes": "import multiprocessing as mp, time\ndef nap(n): print('go'); time.sleep(n)\n"
                           "with mp.get_context('fork').Pool(1) as p: p.map(nap, [600])",
    "a C function that lets others run": "import ctypes\nprint('go'); ctypes.CDLL(None).pause()",
    "a flood of output": "print('go')\nwhile True: print('x' * 100)",
    "a flood of displays": "print('go')\nwhile True: display(1)",
    "a flood of switches": "import sys\nprint('go')\nwhile True: print('x'); print('y', file=sys.stderr)",
    "a repr that never ends": "class R:\n  def __repr__(self):\n    print('go')\n    while True: pass\nR()",
    "a message that never ends": "class E(Exception):\n  def __str__(self):\n    print('go')\n    while True: pass\nraise E",
    "a flush that never ends": "import sys\nclass S:\n  def write(self, t): pass\n  def flush(self):\n    "
                               "sys.__stdout__.write('go\\n')\n    while True: pass\nsys.stdout = S()",
    "a display that never ends": "class R:\n  def _repr_html_(self):\n    print('go')\n    while True: pass\ndisplay(R())",
    "a JSON value that never ends": "class D(str):\n  def __str__(self):\n    print('go')\n    while True: pass\n"
                                    "class K:\n  __str__ = D.__str__\ndisplay({'application/json': {K(): 1}}, raw=True)",
}

# What a polite interrupt does not stop.
STUBBORN = {
    "code that catches KeyboardInterrupt":
        "import time\nwhile True:\n  try:\n    print('go')\n    while True: time.sleep(.01)\n  except KeyboardInterrupt: "
        "print('caught')",
    "code that catches every Exception and KeyboardInterrupt":
        "import time\nwhile True:\n  try:\n    print('go')\n    while True: time.sleep(.01)\n"
        "  except (Exception, KeyboardInterrupt): print('caught')",
    "code that ignores the signal":
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nif True:\n  print('go')\n"
        "  while True: time.sleep(.01)",
    "code that blocks the signal":
        "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\nif True:\n  print('go')\n"
        "  while True: time.sleep(.01)",
    "a coroutine that refuses to be cancelled":
        "import asyncio\nwhile True:\n  try: print('go'); await asyncio.sleep(600)\n"
        "  except (asyncio.CancelledError, KeyboardInterrupt): print('caught')",
}


def begin_and_go(interpreter, code):
    execution = interpreter.begin(code)
    outcome = Outcome()
    while "go\n" not in outcome.stdout:
        interpreter.receive_until("stdout", into=outcome)
    return execution, outcome


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in STOPPABLE.items()])
def test_an_interrupt_stops_it_and_keeps_the_state(interpreter, code):
    interpreter.run("state = 41")
    execution, outcome = begin_and_go(interpreter, code)
    interpreter.interrupt(execution)
    outcome = interpreter.finish(execution, into=outcome)
    assert outcome.ended is None
    # A flush of user code comes after the end of the cell.
    assert outcome.error is not None or "flush" in code
    assert interpreter.run("state + 1").text == "42"


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in STUBBORN.items()])
def test_the_second_rung_stops_what_ignores_the_first(interpreter, code):
    interpreter.run("state = 41")
    execution, outcome = begin_and_go(interpreter, code)
    interpreter.interrupt(execution, rung=1)
    if "caught" in code:
        while "caught\n" not in outcome.stdout:
            interpreter.receive_until("stdout", into=outcome)
    interpreter.interrupt(execution, rung=2)
    outcome = interpreter.finish(execution, into=outcome)
    assert outcome.error["name"] == "KeyboardInterrupt"
    assert "HardInterrupt" not in outcome.error["traceback"]
    assert "refuses" in code or "Cell In[2], line" in outcome.error["traceback"]
    assert interpreter.run("state + 1").text == "42"
    assert interpreter.run("import signal\nsignal.getsignal(signal.SIGINT).__self__ is not None").text == "True"


def test_an_interrupt_of_an_await_shows_the_line_that_waited(interpreter):
    execution, outcome = begin_and_go(interpreter,
        "import asyncio\nasyncio.get_running_loop().call_later(0.05, print, 'go')\n\nawait asyncio.sleep(600)")
    interpreter.interrupt(execution)
    error = interpreter.finish(execution, into=outcome).error
    assert error["name"] == "KeyboardInterrupt"
    assert "Cell In[1], line 4" in error["traceback"]


def test_an_interrupted_await_does_not_go_on_in_a_later_cell(interpreter):
    execution, outcome = begin_and_go(
        interpreter, "import asyncio\nevent = asyncio.Event()\nprint('go')\nawait event.wait()\nwent_on = True")
    interpreter.interrupt(execution)
    interpreter.finish(execution, into=outcome)
    assert interpreter.run("event.set()\nfor _ in range(10): await asyncio.sleep(0)\n'went_on' in globals()").text == "False"


_STUBBORN_PROGRAM = "exec -a leak bash -c \"trap '' INT; echo go; while :; do echo LEAK; sleep .01; done\""


@pytest.mark.parametrize("code", [
    f"%%bash\n{_STUBBORN_PROGRAM}",
    f"%%bash\ntrap '' INT\n({_STUBBORN_PROGRAM}) | cat",
    f"%%script sh\ntrap '' INT\n({_STUBBORN_PROGRAM.replace('exec -a leak ', '')}) | cat",
    f"!trap '' INT; bash -c '({_STUBBORN_PROGRAM.replace(chr(39) * 2, '0')}) | cat'",
], ids=["%%bash", "a pipeline of %%bash", "a pipeline of %%script", "a pipeline"])
def test_a_program_of_a_cell_ends_with_the_interrupted_cell(interpreter, code):
    execution, outcome = begin_and_go(interpreter, code)
    interpreter.interrupt(execution)
    assert interpreter.finish(execution, into=outcome).error["name"] == "KeyboardInterrupt"
    assert interpreter.run("print('next')").lines == ["next"]
    left = ("import pathlib\n[c for p in pathlib.Path('/proc').glob('[0-9]*/cmdline') if b'LEAK' in (c := p.read_bytes())]")
    assert wait_until(lambda: interpreter.run(left).text == "[]")


def test_an_interrupt_adds_one_frame_without_a_file_to_a_traceback(interpreter):
    # Not by `print`, whose own frames the interrupt could hit.
    execution, outcome = begin_and_go(
        interpreter, "import os, traceback, time\ntry:\n  os.write(1, b'go\\n'); time.sleep(600)\nexcept BaseException: traceback.print_exc()")
    interpreter.interrupt(execution)
    text = interpreter.finish(execution, into=outcome).stderr
    assert text.count("File ") == 2 and "sandbox_driver.interrupts>" in text and "/" not in text


def test_user_code_may_handle_an_interrupt(interpreter):
    execution, outcome = begin_and_go(
        interpreter, "import time\ntry:\n  print('go'); time.sleep(600)\nexcept KeyboardInterrupt: handled = True")
    interpreter.interrupt(execution)
    assert interpreter.finish(execution, into=outcome).error is None
    assert interpreter.run("handled").text == "True"


def test_an_interrupt_of_another_execution_is_ignored(interpreter):
    interpreter.run("1")
    execution, outcome = begin_and_go(interpreter, "import time\nprint('go'); time.sleep(0.3); 'not interrupted'")
    interpreter.interrupt("e1")
    assert interpreter.finish(execution, into=outcome).text == "'not interrupted'"


def test_an_interrupt_right_after_the_request_is_not_lost(launcher):
    interpreter = launcher.start()
    execution = interpreter.begin("import time; time.sleep(600)")
    interpreter.interrupt(execution)
    assert interpreter.finish(execution).error["name"] == "KeyboardInterrupt"
    interpreter.close()


def test_a_storm_of_interrupts_hits_user_code_only(interpreter):
    """Each tiny cell gives its value or a KeyboardInterrupt; nothing else, and nothing is left over at the end."""
    interpreter.hello()
    running = [None]
    stop = threading.Event()
    lock = threading.Lock()
    send = interpreter.send

    def send_alone(request):
        with lock:
            send(request)

    def storm():
        while not stop.wait(0.0007):
            execution = running[0]
            if execution is not None:
                interpreter.interrupt(execution)

    interpreter.send = send_alone
    thread = threading.Thread(target=storm)
    thread.start()
    interrupted = 0
    try:
        for _ in range(800):
            running[0] = interpreter.begin("1 + 1")
            outcome = interpreter.finish(running[0])
            if outcome.error is not None:
                assert outcome.error["name"] == "KeyboardInterrupt", outcome.error
                interrupted += 1
            else:
                assert outcome.text == "2", outcome.events
    finally:
        stop.set()
        thread.join()
    assert interrupted > 0
    assert interpreter.run("'calm'").text == "'calm'"


def test_children_of_the_code_are_interrupted_too(interpreter):
    execution, outcome = begin_and_go(
        interpreter, "import subprocess\np = subprocess.Popen(['sleep', '600']); print('go'); p.wait()")
    interpreter.interrupt(execution)
    interpreter.finish(execution, into=outcome)
    assert wait_until(lambda: interpreter.run("p.poll() is not None").text == "True")
