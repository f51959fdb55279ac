import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.dont_write_bytecode = True

from drivers_under_test import load_packages  # noqa: E402

load_packages()

from files_client import Files  # noqa: E402
from launcher_process import LauncherProcess  # noqa: E402


@pytest.fixture(scope="session")
def launcher():
    """One Python launcher for all tests that do not end it."""
    with LauncherProcess() as process:
        yield process


@pytest.fixture
def interpreter(launcher):
    connection = launcher.start()
    yield connection
    connection.close()


@pytest.fixture
def home(launcher):
    opened = launcher.open()
    yield opened
    opened.close()


@pytest.fixture
def other(launcher):
    """A second home."""
    opened = launcher.open()
    yield opened
    opened.close()


@pytest.fixture
def files(launcher, home):
    return Files(launcher.socket, home)


@pytest.fixture
def session(home):
    """An interpreter in the `home`, which outlives it."""
    interpreter = home.enter().start()
    interpreter.hello()
    return interpreter
