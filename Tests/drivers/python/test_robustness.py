"""Code that means harm: the driver answers in the protocol, or the interpreter ends and says so."""

import os
import signal

import pytest
from launcher_process import wait_until


@pytest.mark.parametrize("code, reason, detail", [
    ("import os; os._exit(3)", "exited", {"code": 3}),
    ("import os; os.abort()", "signaled", {"signal": signal.SIGABRT}),
    ("import ctypes; ctypes.string_at(0)", "signaled", {"signal": signal.SIGSEGV}),
    ("import os; os.kill(os.getpid(), 9)", "signaled", {"signal": signal.SIGKILL}),
    ("import signal, time; signal.alarm(1); time.sleep(30)", "signaled", {"signal": signal.SIGALRM}),
    ("import os; os.write(5, b'\\x05\\0\\0\\0hello')", "protocol", {}),
    ("import os; os.write(5, b'\\xff\\xff\\xff\\xff')", "protocol", {}),
    ("import os, json; b = json.dumps({'event': 'done', 'id': 'old'}).encode()\n"
     "os.write(5, len(b).to_bytes(4, 'little') + b)", "protocol", {}),
    ("import os, time; os.close(5); time.sleep(60)", "protocol", {}),
    ("import os; os.closerange(3, 1024)", "exited", {"code": 71}),
    ("import os; os.close(3)", "exited", {"code": 71}),
    ("import os; os.close(6); display(1)", "exited", {"code": 71}),
    ("import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))", "exited", {"code": 71}),
], ids=lambda value: value.splitlines()[0] if isinstance(value, str) else "")
def test_code_that_destroys_its_interpreter_is_told_apart(interpreter, code, reason, detail):
    execution = interpreter.begin(code)
    outcome = interpreter.receive_until("ended")
    ended = outcome.events[-1]
    assert ended["reason"] == reason
    assert all(ended[name] == value for name, value in detail.items())
    assert ended.get("id") == execution or outcome.done is not None
    assert interpreter.receive() is None


@pytest.mark.parametrize("fd", [3, 5, 6, 7])
@pytest.mark.parametrize("harm", ["os.close({})", "os.dup2(0, {})"])
def test_the_execution_that_breaks_a_descriptor_is_the_one_that_ends_with_it(interpreter, harm, fd):
    interpreter.run("import os")
    execution = interpreter.begin(harm.format(fd))
    outcome = interpreter.receive_until("ended")
    assert outcome.done is None and outcome.ended["id"] == execution


@pytest.mark.parametrize("raised", ["TimeoutError", "KeyboardInterrupt", "SystemExit", "OSError(5, 'x')", "OSError(22, 'x')"])
def test_what_a_signal_handler_raises_between_two_executions_costs_nothing(files, session, raised):
    session.run(f"""
import os, signal, threading, time
def ring(number, frame):
    open('rung', 'w').close()
    raise {raised}
def wait():
    while not os.path.exists('go'): time.sleep(0.01)
    signal.pthread_kill(threading.main_thread().ident, signal.SIGALRM)
signal.signal(signal.SIGALRM, ring)
threading.Thread(target=wait).start()""")
    files.write(b"go", b"")
    assert wait_until(lambda: files.read(b"rung") == b"")
    assert session.run("ring.__name__").text == "'ring'"


def test_what_was_printed_before_the_end_arrives_before_it(interpreter):
    outcome = interpreter.run("import os; print('last words', flush=True); os._exit(1)")
    assert outcome.stdout == "last words\n" and outcome.ended["code"] == 1


def test_text_whose_pipe_is_closed_under_it_costs_only_that_text(interpreter):
    assert interpreter.run("import os; print('x', end=' '); os.close(1)").error is None
    assert interpreter.run("print('y')").stdout == "y\n"


def test_a_flood_of_output_is_cut_and_counted(launcher):
    interpreter = launcher.start(stream_bytes=1000)
    outcome = interpreter.run("import sys\nfor _ in range(64): sys.stdout.write('x' * (1 << 20))\nprint('e', file=sys.stderr)")
    assert outcome.error is None
    assert outcome.stdout == "x" * 1000 and outcome.stderr == "e\n"
    assert outcome.dropped("stdout") == (64 << 20) - 1000 and outcome.dropped("stderr") == 0
    assert interpreter.run("print('again')").stdout == "again\n"
    interpreter.close()


def test_output_is_cut_at_a_character(launcher):
    interpreter = launcher.start(stream_bytes=4)
    outcome = interpreter.run("print('aéé', end='')")
    assert outcome.stdout == "aé" and outcome.dropped("stdout") == 2
    interpreter.close()


def test_a_huge_value_is_replaced_by_how_huge_it_is(interpreter):
    outcome = interpreter.run("'x' * 200_000_000")
    assert outcome.text == "[output truncated: 200000002 bytes dropped]"
    assert interpreter.run("1").text == "1"


def test_the_largest_representations_are_given_up_first(launcher):
    interpreter = launcher.start(item_bytes=1000)
    outcome = interpreter.run("display({'text/plain': 'small', 'text/html': 'x' * 2000}, raw=True)")
    assert outcome.items[0]["data"] == {"text/plain": "small\n[output truncated: 2000 bytes dropped]"}
    interpreter.close()


def test_a_flood_of_items_ends_with_one_notice(launcher):
    interpreter = launcher.start(item_bytes=1000)
    outcome = interpreter.run("for i in range(200): display({'text/plain': 'x' * 40}, raw=True)")
    texts = [item["data"]["text/plain"] for item in outcome.items]
    assert 5 < len(texts) < 20
    assert texts[-1] == f"[output truncated: {(200 - len(texts) + 1) * 42} bytes dropped]"
    assert interpreter.run("1").text == "1"
    interpreter.close()


def test_a_json_value_without_end_costs_no_more_than_the_budget(launcher):
    interpreter = launcher.start(item_bytes=100_000)
    outcome = interpreter.run("a = [0]\nfor _ in range(40): a = [a, a]\n"
                              "display({'application/json': a, 'text/plain': 'kept'}, raw=True)")
    assert outcome.items[0]["data"] == {"text/plain": "kept\n[application/json left out: it is too large]"}
    interpreter.close()


def test_an_image_that_does_not_fit_is_said_beside_it(interpreter):
    outcome = interpreter.run("display({'image/png': b'x' * 20_000_000, 'text/plain': 'fig'}, raw=True)")
    assert outcome.items[0]["data"] == {"text/plain": "fig\n[output truncated: 26666668 bytes dropped]"}


def test_a_display_that_is_updated_gets_back_what_it_had(launcher):
    interpreter = launcher.start(item_bytes=50_000)
    outcome = interpreter.run("h = display('a', display_id='p')\nfor i in range(100): h.update(str(i) + ' ' + 'u' * 10_000)")
    assert len(outcome.items) == 101 and outcome.items[-1]["data"]["text/plain"].startswith("'99 u")
    interpreter.close()


def test_a_value_that_does_not_fit_any_more_is_said_in_its_place(launcher):
    interpreter = launcher.start(item_bytes=1000)
    outcome = interpreter.run("display({'text/plain': 'x' * 730}, raw=True)\n'y' * 200")
    assert outcome.text == "[output truncated: 202 bytes dropped]" and len(outcome.items) == 2
    interpreter.close()


def test_large_json_is_shown(interpreter):
    outcome = interpreter.run("display({'application/json': {'a': list(range(1_000_000)), 'b': [{'c': 'x' * 50}] * 50_000}}, raw=True)")
    data = outcome.items[0]["data"]["application/json"]
    assert len(data["a"]) == 1_000_000 and data["b"][-1] == {"c": "x" * 50}


def test_the_environment_of_an_execution_is_put_back(launcher):
    interpreter = launcher.start(env={"KEPT": "start"})
    read = "import os, subprocess; (os.environ.get('KEPT'), os.environ.get('NEW'), subprocess.getoutput('echo \"$KEPT$NEW\"'))"
    assert interpreter.run(read).text == "('start', None, 'start')"
    assert interpreter.run(read, env={"KEPT": "k", "NEW": "é b\nc"}).text == "('k', 'é b\\nc', 'ké b\\nc')"
    assert interpreter.run(read).text == "('start', None, 'start')"
    for code in ("raise ValueError", "import sys; sys.exit()", "let b = = 1",
                 "del os.environ['KEPT'], os.environ['NEW']", "os.environ['KEPT'] = os.environ['NEW'] = 'changed'"):
        interpreter.run(code, env={"KEPT": "k", "NEW": "n"})
        assert interpreter.run(read).text == "('start', None, 'start')", code
    interpreter.close()


def test_the_time_zone_of_an_execution_is_put_back(launcher):
    interpreter = launcher.start(env={"TZ": "Asia/Kolkata"})
    code = "import datetime\nd = datetime.datetime.fromtimestamp(0)\nd.hour, d.minute"
    assert interpreter.run(code).text == "(5, 30)"
    assert interpreter.run(code, env={"TZ": "Asia/Tokyo"}).text == "(9, 0)"
    assert interpreter.run(code).text == "(5, 30)"
    interpreter.close()


def test_an_environment_that_linux_cannot_hold_is_an_error_of_the_code(interpreter):
    outcome = interpreter.run("1", env={"GOOD": "g", "BAD": "a\0b"})
    assert outcome.error["name"] == "ValueError"
    assert interpreter.run("import os; os.environ.get('GOOD')").items == []


def test_nothing_of_the_silo_is_in_the_environment(interpreter):
    names = interpreter.run("import os; sorted(os.environ)").text
    assert "SECRET" not in names
    assert interpreter.run("os.environ['HOME'] == os.getcwd()").text == "True"


def test_sessions_share_no_randomness(launcher):
    code = "import random, uuid, numpy as np; (random.random(), np.random.rand(), str(uuid.uuid4()))"
    values = []
    for _ in range(2):
        interpreter = launcher.start()
        values.append(interpreter.run(code).text)
        interpreter.close()
    assert values[0] != values[1]


def test_what_is_printed_or_shown_between_executions_belongs_to_none(interpreter):
    interpreter.run("import threading, os, subprocess, time\ngo = threading.Event(); over = threading.Event()\n"
                    "def late():\n  go.wait()\n  print('late'); os.write(2, b'raw'); display('late')\n  over.set()\n"
                    "threading.Thread(target=late).start()")
    interpreter.run("threading.Timer(0.05, go.set).start()")
    assert not interpreter.has_event(0.3)
    outcome = interpreter.run("over.is_set()")
    assert outcome.text == "True" and outcome.stdout == outcome.stderr == "" and len(outcome.items) == 1


def test_a_thread_that_prints_during_a_later_run_prints_there(interpreter):
    interpreter.run("import threading\ngo = threading.Event()\n"
                    "t = threading.Thread(target=lambda: (go.wait(), print('now'), display('now'))); t.start()")
    outcome = interpreter.run("go.set(); t.join()")
    assert outcome.lines == ["now", "'now'"]


def test_output_is_live(interpreter):
    execution = interpreter.begin("import time\nprint('line')\ntime.sleep(600)")
    # A line may come in two pieces, its end by itself.
    outcome = interpreter.receive_until("stdout")
    while not outcome.stdout.endswith("\n"):
        interpreter.receive_until("stdout", into=outcome)
    assert outcome.stdout == "line\n"
    interpreter.interrupt(execution)
    interpreter.finish(execution)


def test_output_without_a_line_end_is_live(interpreter):
    execution = interpreter.begin("import sys, time\nsys.stdout.write('dots')\ntime.sleep(600)")
    assert interpreter.receive_until("stdout").stdout == "dots"
    interpreter.interrupt(execution)
    interpreter.finish(execution)


STOPS_ITSELF = "import os; print('stopping', flush=True); os.kill(os.getpid(), 19); print('went on')"


def test_a_stopped_interpreter_is_ended_by_hanging_up(interpreter):
    interpreter.begin(STOPS_ITSELF)
    interpreter.receive_until("stdout")
    assert interpreter.hang_up().ended["reason"] == "closed"


def test_an_interrupt_reaches_an_interpreter_that_has_stopped_itself(interpreter):
    interpreter.run("state = 41")
    execution = interpreter.begin(STOPS_ITSELF)
    outcome = interpreter.receive_until("stdout")
    interpreter.interrupt(execution)
    assert interpreter.finish(execution, into=outcome).done is not None
    assert interpreter.run("state + 1").text == "42"


def test_the_memory_of_cells_is_not_kept_by_the_history_cache(interpreter):
    interpreter.run("1")
    assert interpreter.run("len(get_ipython().history_manager.db_input_cache) <= 1").text == "True"
