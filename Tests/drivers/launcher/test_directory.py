"""The directory in which a session begins, and that in which it goes on."""

import pytest
from drivers_under_test import BUN
from launcher_process import LauncherProcess

PYTHON = {
    "where": "import os; print(os.path.relpath(os.getcwd(), os.environ['HOME']), end='')",
    "relative": "open('here', 'w').close(); print(os.path.exists(os.environ['HOME'] + '/a/b/here'), end='')",
    "link": "import os; os.chdir(os.environ['HOME']); os.rename('a', 'c'); os.symlink('c', 'a')",
    "file": "import os; os.chdir(os.environ['HOME']); os.rename('a', 'c'); open('a', 'w').close()",
    "home": "import os; os.chdir(os.environ['HOME'])",
    "elsewhere": "import os; os.mkdir('x'); os.chdir('x')",
    "outside": "import os; os.chdir('/')",
    "away": "import os, shutil; os.chdir('/'); shutil.rmtree(os.environ['HOME'] + '/a')",
}
TYPESCRIPT = {
    "where": "process.stdout.write(require('path').relative(process.env.HOME, process.cwd()) || '.')",
    "relative": "await Bun.write('here', ''); process.stdout.write(require('fs').existsSync(process.env.HOME + '/a/b/here') ? 'True' : 'False')",
    "link": "process.chdir(process.env.HOME); require('fs').renameSync('a', 'c'); require('fs').symlinkSync('c', 'a')",
    "file": "process.chdir(process.env.HOME); require('fs').renameSync('a', 'c'); require('fs').writeFileSync('a', '')",
    "home": "process.chdir(process.env.HOME)",
    "elsewhere": "require('fs').mkdirSync('x'); process.chdir('x')",
    "outside": "process.chdir('/')",
    "away": "process.chdir('/'); require('fs').rmSync(process.env.HOME + '/a', { recursive: true })",
}


@pytest.fixture(scope="module")
def typescript():
    with LauncherProcess("--bun", str(BUN), "--pool-minimum", "0", "--pool-maximum", "1", language="typescript") as process:
        yield process


@pytest.fixture(params=["python", "typescript"])
def case(request):
    """A launcher, and how its language says things."""
    is_python = request.param == "python"
    return request.getfixturevalue("launcher" if is_python else "typescript"), PYTHON if is_python else TYPESCRIPT


@pytest.fixture
def homes(case):
    held = []

    def new():
        held.append(case[0].open())
        return held[-1]

    yield new
    for home in held:
        home.close()


def printed(interpreter, code: str) -> str:
    outcome = interpreter.run(code)
    assert outcome.error is None, outcome.error
    return outcome.stdout


def test_a_session_begins_in_its_home_where_nobody_says_otherwise(case, homes):
    assert printed(homes().enter().start(), case[1]["where"]) == "."
    assert printed(homes().enter().start(cwd=""), case[1]["where"]) == "."


def test_a_directory_that_is_missing_is_made(case, homes):
    interpreter = homes().enter().start(cwd="a/b")
    assert printed(interpreter, case[1]["where"]) == "a/b"
    assert printed(interpreter, case[1]["relative"]) == "True"


def test_one_that_is_there_is_used_again(case, homes):
    home = homes()
    first = home.enter().start(cwd="a/b")
    printed(first, case[1]["where"])
    first.hang_up()
    assert printed(home.enter().start(cwd="a/b"), case[1]["where"]) == "a/b"


@pytest.mark.parametrize("obstacle", ["link", "file"])
def test_a_link_or_a_file_in_the_way_is_not_entered(case, homes, obstacle):
    home = homes()
    first = home.enter().start(cwd="a/b")
    printed(first, case[1][obstacle])
    first.hang_up()
    assert printed(home.enter().start(cwd="a/b"), case[1]["where"]) == "."


@pytest.mark.parametrize("move, found", [
    (None, "a/b"), ("home", "."), ("elsewhere", "a/b/x"), ("outside", "a/b"), ("away", "a/b"),
])
def test_a_restored_session_goes_on_where_it_was_or_begins_where_it_began(case, homes, move, found):
    home = homes()
    interpreter = home.enter().start(cwd="a/b")
    printed(interpreter, case[1][move or "where"])
    restored = homes().restore(home.save(), cwd="a/b")
    assert printed(restored, case[1]["where"]) == found


def test_a_session_that_was_saved_without_a_directory_is_restored_in_its_home(case, homes):
    home = homes()
    interpreter = home.enter().start()
    printed(interpreter, case[1]["where"])
    assert printed(homes().restore(home.save()), case[1]["where"]) == "."
