"""The launcher with the other language, where a driver is a program of its own: without walls. Needs the driver's npm packages."""

import pytest
from drivers_under_test import BUN
from launcher_process import LauncherProcess, descendants, wait_until


@pytest.fixture(scope="module")
def typescript():
    with LauncherProcess("--bun", str(BUN), "--pool-minimum", "0", "--pool-maximum", "0", language="typescript",
                         tier="none") as process:
        yield process


@pytest.fixture
def interpreter(typescript):
    connection = typescript.start(env={"KEPT": "k"})
    yield connection
    connection.close()


def test_a_typescript_interpreter_answers(interpreter):
    assert interpreter.hello()["language"] == "typescript"
    assert interpreter.run("const x: number = 41; x + 1").text == "42"
    assert interpreter.run("console.log('o'); console.error('e'); console.log('p')").lines == ["o", "e", "p"]
    assert interpreter.run("process.env.KEPT").text == "'k'"


@pytest.mark.parametrize("code", ["console.log('go'); while (true) {}", "console.log('go'); await new Promise(() => {})"],
                         ids=["a busy loop", "a promise"])
def test_a_typescript_interpreter_is_interrupted_and_keeps_its_state(interpreter, code):
    interpreter.run("let state = 41")
    execution = interpreter.begin(code)
    outcome = interpreter.receive_until("stdout")
    interpreter.interrupt(execution)
    assert interpreter.finish(execution, into=outcome).error is not None
    assert interpreter.run("state + 1").text == "42"


def test_a_typescript_interpreter_that_exits_says_so_and_leaves_nothing(typescript, interpreter):
    interpreter.run("require('fs').writeFileSync('file', 'x')")
    assert interpreter.run("process.exit(3)").ended["code"] == 3
    interpreter.close()
    assert wait_until(lambda: descendants(typescript.process.pid) == [] and list(typescript.homes.iterdir()) == [])


def test_hanging_up_on_a_busy_typescript_interpreter_leaves_nothing(typescript, interpreter):
    interpreter.begin("console.log('go'); while (true) {}")
    interpreter.receive_until("stdout")
    assert interpreter.hang_up().ended["reason"] == "closed"
    assert wait_until(lambda: descendants(typescript.process.pid) == [] and list(typescript.homes.iterdir()) == [])


def test_code_is_compiled_inside_the_walls():
    """Where the limits leave no room for compiled code, all of it is interpreted, and nothing says so."""
    with LauncherProcess("--bun", str(BUN), "--pool-minimum", "0", "--pool-maximum", "0", language="typescript") as typescript:
        interpreter = typescript.start()
        assert interpreter.run("require('fs').readFileSync('/proc/self/maps', 'utf8').includes(' rwxp ')").text == "true"
        interpreter.close()
