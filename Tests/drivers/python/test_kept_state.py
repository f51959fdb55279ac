"""What a Python session is made of outlives its interpreter, and what cannot is named."""

import pytest
from checkpoint_stream import Parts
from kinds import CARRIED, LOST


def load(interpreter, code: str):
    outcome = interpreter.run(code)
    assert outcome.error is None, (code, outcome.error)
    return outcome


class Moved:
    """Sessions that have been saved and restored."""

    def __init__(self, launcher):
        self._launcher = launcher
        self._open = []

    def __call__(self, *cells: str):
        """The restored interpreter of a session that has run these cells."""
        home = self.home()
        interpreter = home.enter().start()
        for cell in cells:
            load(interpreter, cell)
        return self.of(home.save())

    def home(self):
        self._open.append(self._launcher.open())
        return self._open[-1]

    def of(self, checkpoint: bytes):
        assert Parts(checkpoint).trailer is not None
        home = self.home()
        interpreter = home.restore(checkpoint)
        interpreter.home = home
        interpreter.checkpoint = checkpoint
        hello = interpreter.hello()
        interpreter.losses = hello["restored"]["lost"]
        interpreter.lost = {one["name"]: one["reason"] for one in interpreter.losses}
        return interpreter

    def close(self):
        for home in self._open:
            home.close()


@pytest.fixture(scope="module")
def module_moved(launcher):
    moved = Moved(launcher)
    yield moved
    moved.close()


@pytest.fixture
def moved(launcher):
    moved = Moved(launcher)
    yield moved
    moved.close()


@pytest.fixture(scope="module")
def everything(module_moved):
    """All kinds in one session, so that none spoils another."""
    return module_moved(*(code for _, code, _ in [*CARRIED, *LOST] if code))


@pytest.mark.parametrize("name, code, expression", CARRIED, ids=[name for name, _, _ in CARRIED])
def test_a_variable_is_carried(everything, name, code, expression):
    assert name not in everything.lost
    outcome = everything.run(expression)
    assert (outcome.text, outcome.error) == ("True", None)


@pytest.mark.parametrize("name, code, reason", LOST, ids=[name for name, _, _ in LOST])
def test_a_variable_that_cannot_be_carried_is_named(everything, name, code, reason):
    if reason is None:
        assert name not in everything.lost
        return
    assert everything.lost[name].startswith(reason)
    error = everything.run(f"{name}.attribute").error
    assert error["name"] == "LostStateError" and error["value"].startswith(f"'{name}' was not kept: {reason}")


def test_nothing_else_is_lost(everything):
    assert everything.lost.keys() == {name for name, _, reason in LOST if reason}


@pytest.mark.parametrize("touch", [
    "g()", "g.x", "g.x = 1", "del g.x", "next(g)", "iter(g)", "[*g]", "g + 1", "1 + g", "g == 1", "g < 1", "-g", "g[0]", "g[0] = 1", "len(g)", "bool(g)", "if g: pass",
    "f'{g:>3}'", "int(g)", "1 in g", "with g: pass", "await g", "hasattr(g, 'x')", "getattr(g, 'x', None)", "g += 1", "sum(g)", "dir(g)"])
def test_whoever_touches_what_is_lost_is_told_why(everything, touch):
    error = everything.run(f"g = generator\n{touch}").error
    assert error["name"] == "LostStateError" and error["value"] == "'generator' was not kept: a generator cannot be saved"
    assert error["traceback"].count("File") == 0 and "<sandbox" not in error["traceback"]


def test_what_is_lost_says_so_when_it_is_shown_and_can_be_replaced(everything):
    assert everything.run("sock").text == str(everything.run("repr(sock)").text.strip("\"'")) == "<lost: 'sock' was not kept: a socket cannot be saved>"
    assert everything.run("print(sock)").stdout == "<lost: 'sock' was not kept: a socket cannot be saved>\n"
    assert everything.run("del lock\nlock").error["name"] == "NameError"
    assert everything.run("event = 1\nevent").text == "1"


def test_functions_see_the_variables_of_the_restored_session(moved):
    restored = moved("x = 1\ndef get(): return x\ndef put(v):\n    global x\n    x = v\nlost = (i for i in [])\ndef use(): return lost")
    assert restored.run("x = 2\nget()").text == "2"
    assert restored.run("put(3)\nx").text == "3"
    assert restored.run("next(use())").error["name"] == "LostStateError"
    assert restored.run("def get(): return 'new'\nget.__globals__ is globals() is put.__globals__").text == "True"


def test_what_an_object_could_not_be_loaded_with_is_lost_to_whoever_shares_it(moved):
    restored = moved("""
class Part:
    def __getstate__(self): return 1
    def __setstate__(self, state): raise ValueError('broken')
part = Part()
whole = [part, 'rest']
other = ['fine']""")
    assert restored.run("whole[1], other").text == "('rest', ['fine'])"
    assert restored.run("whole[0].x").error["value"] == "'part' was not kept: it cannot be restored: ValueError: broken"


def test_what_is_lost_stays_lost_with_its_reason(moved):
    first = moved("g = (i for i in [])\nkept = 1")
    second = moved.of(first.home.save())
    assert second.lost == {"g": "a generator cannot be saved"} and second.run("kept").text == "1"
    assert second.run("next(g)").error["value"] == "'g' was not kept: a generator cannot be saved"


def test_a_session_goes_on_through_many_moves(moved):
    interpreter = moved("class C:\n    n = 0\nc = C(); items = [c]\ndef step():\n    c.n += 1\n    return c.n, items[0] is c, type(c) is C")
    for count in range(1, 6):
        assert interpreter.run("step()").text == f"({count}, True, True)"
        interpreter = moved.of(interpreter.home.save())


def test_values_inputs_and_sources_are_kept(moved):
    home = moved.home()
    interpreter = home.enter().start()
    for code in ("40 + 2", "def f():\n    raise ValueError('from f')", "'last'"):
        load(interpreter, code)
    restored = moved.of(home.save())
    assert restored.run("_, _1, Out[1], In[1], In[3]", count=4).text == "('last', 42, 42, '40 + 2', \"'last'\")"
    assert restored.run("_3", count=5).text == "'last'"
    assert "raise ValueError('from f')" in restored.run("f()", count=6).error["traceback"]
    assert "raise ValueError" in restored.run("import inspect; inspect.getsource(f)", count=7).text


def test_surroundings_are_kept(moved):
    restored = moved("""
import os, sys, random, numpy as np, pandas as pd, matplotlib, matplotlib.pyplot as plt
os.mkdir('work'); os.chdir('work')
os.environ['MINE'] = 'x'; del os.environ['TERM']
sys.path.insert(0, '/home/user/libraries'); sys.path.append('/home/user/more')
plt.rcParams['figure.dpi'] = 50; matplotlib.use('svg'); pd.set_option('display.max_rows', 7); np.set_printoptions(precision=2)
random.seed(1); np.random.seed(1)
expected = None
""", "state = random.getstate(); expected = random.random(); random.setstate(state)\n"
     "array_state = np.random.get_state(); expected_array = np.random.rand(); np.random.set_state(array_state)")
    assert restored.run("random.random() == expected, np.random.rand() == expected_array").text == "(True, True)"
    assert restored.run("os.getcwd(), os.environ['MINE'], 'TERM' in os.environ, os.environ['HOME']").text == "('/home/user/work', 'x', False, '/home/user')"
    assert restored.run("sys.path[0], sys.path[-1], sys.path.count('/usr/lib/python3/dist-packages')").text == "('/home/user/libraries', '/home/user/more', 1)"
    assert restored.run("plt.rcParams['figure.dpi'], matplotlib.get_backend(), pd.get_option('display.max_rows'), np.get_printoptions()['precision']").text == "(50.0, 'svg', 7, 2)"
    assert restored.losses == []


def test_the_environment_of_the_new_interpreter_counts_where_the_session_changed_nothing(moved):
    home = moved.home()
    interpreter = home.enter().start(env={"A": "old", "B": "old"})
    load(interpreter, "import os; os.environ['B'] = 'mine'")
    other = moved.home()
    restored = other.restore(home.save(), env={"A": "new", "B": "new"})
    restored.hello()
    assert restored.run("import os; os.environ['A'], os.environ['B']").text == "('new', 'mine')"


def test_fourteen_megabytes_in_forty_variables_come_back(moved):
    restored = moved("import numpy as np, pandas as pd\nfor n in range(20): globals()[f'array{n}'] = np.full(50_000, n, float)",
                     "for n in range(20): globals()[f'rows{n}'] = [{'n': i, 's': f'name{i}'} for i in range(3_000)]")
    assert len(restored.checkpoint) > 8_000_000 and restored.losses == []
    assert restored.run("[globals()[f'array{n}'].sum() for n in range(20)] == [50_000 * n for n in range(20)]").text == "True"
    assert restored.run("all(globals()[f'rows{n}'][2999]['s'] == 'name2999' for n in range(20))").text == "True"


def test_patched_modules_and_builtins_do_not_matter(moved):
    restored = moved("""
import os, sys, io, json, pickle, tarfile, struct, socket, builtins, signal, threading
open('file', 'w').write('x')
value = {'a': [1]}
def broken(*a, **k): raise RuntimeError('patched')
""", """
for module, names in [(os, ['open', 'read', 'write', 'writev', 'listdir', 'lstat', 'fork', 'close', 'fsencode']), (io, ['BytesIO', 'open']), (json, ['dumps', 'loads']),
                      (pickle, ['dumps', 'loads', 'Pickler', 'Unpickler']), (tarfile, ['open']), (struct, ['pack']), (socket, ['socket']), (signal, ['signal', 'setitimer'])]:
    for name in names: setattr(module, name, broken)
for name in ['open', 'sum', 'map', 'sorted']: setattr(builtins, name, broken)
""")
    assert restored.run("value").text == "{'a': [1]}" and restored.run("open('file').read()").text == "'x'"


def test_hooks_of_forks_are_not_called_and_finalizers_not_run(moved):
    home = moved.home()
    interpreter = home.enter().start()
    load(interpreter, """
import os, atexit, weakref
os.register_at_fork(before=lambda: open('before', 'w'), after_in_parent=lambda: open('parent', 'w'))
atexit.register(lambda: open('atexit', 'w'))
class F:
    def __del__(self): open('finalizer', 'w')
f = F(); trash = F(); trash.me = trash; del trash""")
    assert Parts(home.save()).trailer is not None
    assert interpreter.run("os.listdir()").text == "[]"
    assert interpreter.run("try: os.wait()\nexcept ChildProcessError: print('none')").stdout == "none\n"
