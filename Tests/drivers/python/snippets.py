"""Cells in, what a client sees out. Each entry: a sentence, its cells, and what the last cell gives."""


def value(text):
    return lambda outcome: (outcome.error, outcome.text) == (None, text)


def nothing():
    return lambda outcome: (outcome.error, outcome.items, outcome.stdout, outcome.stderr) == (None, [], "", "")


def prints(text):
    return lambda outcome: (outcome.error, outcome.stdout) == (None, text)


def sequence(*lines):
    """Lines of output and texts of items in their order; how a line was cut into events does not matter."""
    return lambda outcome: outcome.error is None and outcome.lines == list(lines)


def raises(name, value=None, *in_traceback):
    def check(outcome):
        error = outcome.error
        return (error is not None and error["name"] == name and (value is None or error["value"] == value)
                and all(text in error["traceback"] for text in in_traceback))
    return check


def shows(mime, beginning=""):
    return lambda outcome: any(str(item["data"].get(mime, "\0")).startswith(beginning) for item in outcome.items)


def both(*checks):
    return lambda outcome: all(check(outcome) for check in checks)


SNIPPETS = [
    # expressions
    ("a trailing expression is the value", ["1 + 1"], value("2")),
    ("a string is shown by its repr", ["'a\\nb'"], value("'a\\nb'")),
    ("a float is shown by its repr", ["0.1 + 0.2"], value("0.30000000000000004")),
    ("a bool is shown", ["1 < 2"], value("True")),
    ("a complex number is shown", ["1j * 1j"], value("(-1+0j)")),
    ("None is no value", ["None"], nothing()),
    ("an assignment has no value", ["x = 5"], nothing()),
    ("the value of a cell inside of the cell is not its value", ["get_ipython().run_cell('99')\n5"],
     both(sequence("99", "5"), value("5"))),
    ("an error of a cell inside of the cell is text", ["get_ipython().run_cell('1/0')\nprint('after')"],
     both(prints("after\n"), lambda outcome: "ZeroDivisionError" in outcome.stderr)),
    ("a syntax error of a cell inside of the cell is text", ["get_ipython().run_cell('1+')\nprint('after')"],
     both(prints("after\n"), lambda outcome: "SyntaxError" in outcome.stderr)),
    ("values are shown after the globals were cleared", ["globals().clear()\n5", "_ + 1, Out[1], __name__"],
     value("(6, 5, '__main__')")),
    ("a first %run shows no figure", ["n = open('f.py', 'w').write('1')", "%run f.py"], nothing()),
    ("temporary files are where TMPDIR says", ["import os, tempfile\ntempfile.gettempdir() == os.environ['TMPDIR']"],
     value("True")),
    ("a trailing semicolon suppresses the value", ["1 + 1;"], nothing()),
    ("a semicolon in a comment does not suppress the value", ["1 + 1  # a;"], value("2")),
    ("an empty cell does nothing", [""], nothing()),
    ("a blank cell does nothing", ["  \n \n"], nothing()),
    ("a comment does nothing", ["# nothing"], nothing()),
    ("a long list is pretty-printed", ["list(range(30))"], value("[" + ",\n ".join(map(str, range(30))) + "]")),
    ("a nested dict is shown", ["{'a': {'b': [1, 2]}}"], value("{'a': {'b': [1, 2]}}")),
    ("the precision of floats can be set", ["%precision 3", "3.14159"], value("3.142")),
    ("a formatter for a scalar type is honoured",
     ["get_ipython().display_formatter.formatters['text/html'].for_type(int, lambda n: f'<b>{n}</b>')", "5"],
     shows("text/html", "<b>5</b>")),
    ("with every expression shown, the last is the value",
     ["get_ipython().ast_node_interactivity = 'all'", "1\n2\n3"],
     both(sequence("1", "2", "3"), value("3"), lambda outcome: len(outcome.items) == 3)),
    ("with the last assignment shown, it is the value",
     ["get_ipython().ast_node_interactivity = 'last_expr_or_assign'", "x = 7"], value("7")),
    # state
    ("state stays from cell to cell", ["a = 41", "a + 1"], value("42")),
    ("a redefined function is seen by an older caller",
     ["def h(): return 1\ndef m(): return h()", "def h(): return 2", "m()"], value("2")),
    ("a closure keeps its variable",
     ["def counter():\n  n = 0\n  def step():\n    nonlocal n\n    n += 1\n    return n\n  return step\nc = counter()",
      "c()", "c()"], value("2")),
    ("a class has state and properties",
     ["class A:\n  def __init__(self): self._n = 3\n  @property\n  def n(self): return self._n", "A().n"], value("3")),
    ("a decorator works",
     ["def twice(f): return lambda *a: f(f(*a))\n@twice\ndef inc(n): return n + 1", "inc(0)"], value("2")),
    ("a dataclass works", ["from dataclasses import dataclass\n@dataclass\nclass P:\n  x: int\nP(3)"], value("P(x=3)")),
    ("an enum works", ["import enum\nclass E(enum.Enum):\n  A = 1\nE.A.value"], value("1")),
    ("a comprehension sees the names of the cell", ["k = 2\n[k * i for i in range(3)]"], value("[0, 2, 4]")),
    ("a comprehension inside a class body sees globals", ["n = 2\nclass C:\n  v = [n for _ in range(2)]\nC.v"],
     value("[2, 2]")),
    ("a generator goes on in another cell", ["g = (i for i in range(3)); next(g)", "next(g)"], value("1")),
    ("pattern matching works", ["match [1, 2]:\n  case [a, b]: r = a + b\nr"], value("3")),
    ("a walrus assigns", ["(w := 3) + 1", "w"], value("3")),
    ("type hints and annotations are kept", ["q: int = 4", "__annotations__['q'].__name__"], value("'int'")),
    ("what stood before an exception is kept", ["b1 = 1\nraise ValueError(b1)\nb2 = 2", "b1, 'b2' in globals()"],
     value("(1, False)")),
    ("underscore is the last value", ["6 * 7", "_ + 1"], value("43")),
    ("Out keeps values by number", ["'first'", "Out[1]"], value("'first'")),
    ("In keeps the cells", ["a = 1", "In[1]"], value("'a = 1'")),
    ("a future import stays", ["from __future__ import annotations", "def f(x: nope): pass\nf.__annotations__"],
     value("{'x': 'nope'}")),
    ("the module of the session is __main__", ["import sys, __main__\n__name__, sys.modules['__main__'].sys is sys"],
     value("('__main__', True)")),
    ("an object of the session can be pickled",
     ["import pickle\nclass K:\n  pass", "type(pickle.loads(pickle.dumps(K()))) is K"], value("True")),
    ("the source of a function can be inspected", ["def src():\n    return 1", "import inspect; inspect.getsource(src)"],
     value("'def src():\\n    return 1\\n'")),
    ("a module in the working directory can be imported",
     ["open('mine.py', 'w').write('v = 5')", "import mine; mine.v"], value("5")),
    ("a module named like one of the driver's is the user's own",
     ["open('driver.py', 'w').write('v = 6')", "import driver; driver.v"], value("6")),
    # async
    ("top-level await works", ["import asyncio\nawait asyncio.sleep(0, 5)"], value("5")),
    ("async for and async with work at the top level",
     ["async def gen():\n  for i in range(3): yield i", "[i async for i in gen()]"], value("[0, 1, 2]")),
    ("a task of one cell goes on in the next that awaits",
     ["import asyncio\nresult = []\nasync def work():\n  await asyncio.sleep(0)\n  result.append(1)\n"
      "task = asyncio.create_task(work())\nawait asyncio.sleep(0)", "await task; result"], value("[1]")),
    ("asyncio.run works in a cell without await", ["import asyncio\nasync def f(): return 8\nasyncio.run(f())"], value("8")),
    ("an error behind an await has the user's lines",
     ["async def f():\n\n  1 / 0", "import asyncio\nawait asyncio.sleep(0)\nawait f()"],
     both(raises("ZeroDivisionError", None, "Cell In[2], line 3", "Cell In[1], line 3, in f"),
          lambda outcome: "asyncio/" not in outcome.error["traceback"])),
    # output
    ("print goes to stdout", ["print('é', '\\N{GRINNING FACE}')"], prints("é \N{GRINNING FACE}\n")),
    ("a last line without its end is printed", ["print('a', end='')"], prints("a")),
    ("stdout and stderr keep their order",
     ["import sys\nfor i in range(3):\n  print('o', i)\n  print('e', i, file=sys.stderr)"],
     sequence("o 0", "e 0", "o 1", "e 1", "o 2", "e 2")),
    ("Python, a child process, C and displays keep their order",
     ["import os, ctypes\nlibc = ctypes.CDLL(None)\nfor i in range(2):\n  print('p', i)\n  os.system(f'echo s {i}')\n"
      "  libc.puts(b'c'); libc.fflush(None)\n  display(i)\n  print('after', end='')\n  os.write(1, b' raw\\n')"],
     sequence("p 0", "s 0", "c", "0", "after raw", "p 1", "s 1", "c", "1", "after raw")),
    ("what C left in its buffer is printed at the end", ["import ctypes\nctypes.CDLL(None).puts(b'c')"],
     lambda outcome: outcome.stdout == "c\n"),
    ("a subprocess writes in its place",
     ["import subprocess\nprint('a')\nsubprocess.run(['echo', 'b'])\nprint('c')"], prints("a\nb\nc\n")),
    ("sys.stdout.buffer writes bytes in their place",
     ["import sys\nprint('a'); sys.stdout.buffer.write(b'\\xff\\n'); print('b')"], prints("a\n�\nb\n")),
    ("text without a line end comes before a child's",
     ["import os, subprocess, sys\nsys.stdout.write('a '); subprocess.run(['echo', 'b']); print('c', end=' ')\n"
      "os.system('echo d'); print('e', end=' ')\n"
      "os.waitpid(os.posix_spawn('/bin/echo', ['echo', 'f'], {}), 0)\n"
      "sys.stdout.write('g '); n = os.write(1, b'h\\n')"], prints("a b\nc d\ne f\ng h\n")),
    ("text without a line end on stderr comes before what is written behind it",
     ["import os, sys\nn = sys.stderr.write('a'); n = os.write(2, b'b\\n')"],
     lambda outcome: outcome.error is None and outcome.stderr == "ab\n"),
    ("a lone surrogate is replaced", ["print('\\ud800|')"], prints("�|\n")),
    ("a lone surrogate in a value is escaped by repr", ["'\\ud800'"], value("'\\ud800'")),
    ("a lone surrogate in a display is replaced", ["display({'text/plain': '\\ud800|'}, raw=True)"],
     shows("text/plain", "�|")),
    ("redirected output stays where it is sent",
     ["import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as f: print('x')\nf.getvalue()"],
     both(value("'x\\n'"), lambda outcome: outcome.stdout == "")),
    ("%%capture captures", ["%%capture c\nprint('x')\ndisplay(1)", "c.stdout, len(c.outputs)"], value("('x\\n', 1)")),
    ("a closed stdout is there again in the next cell", ["import sys; sys.stdout.close(); sys.stdout = None", "print('x')"],
     prints("x\n")),
    ("a closed descriptor 1 is there again in the next cell", ["import os; os.close(1); os.close(2)", "print('x')"],
     prints("x\n")),
    ("a descriptor 1 that leads elsewhere is put back",
     ["import os; n = os.open('/dev/null', os.O_WRONLY); os.dup2(n, 1)", "print('x'); os.system('echo y')"],
     lambda outcome: outcome.stdout == "x\ny\n"),
    ("a non-blocking stdout loses nothing",
     ["import os\nos.set_blocking(1, False)\nfor i in range(3000): print('x' * 99)"],
     lambda outcome: outcome.error is None and len(outcome.stdout) == 300_000),
    ("a writer of its own over descriptor 1 is flushed",
     ["import sys\nsys.stdout = open(1, 'w', closefd=False)\nprint('own')"], prints("own\n")),
    ("printing something that is no string to write raises", ["import sys; sys.stdout.write(5)"], raises("TypeError")),
    # magics and shell
    ("a shell command prints", ["!echo a; echo b >&2"],
     lambda outcome: (outcome.stdout, outcome.stderr) == ("a\n", "b\n")),
    ("a shell command's exit code is kept", ["!exit 3", "_exit_code"], value("3")),
    ("a shell command's lines are a value", ["lines = !printf 'a\\nb'", "lines[1]"], value("'b'")),
    ("a shell command sees variables", ["name = 'w x'", "!echo {name}"], prints("w x\n")),
    ("%%bash runs bash", ["%%bash\necho from-bash"], prints("from-bash\n")),
    ("a cell magic may follow empty lines", ["\n\n%%bash\necho x"], prints("x\n")),
    ("%%time shows its value and times", ["%%time\n1 + 1"], both(value("2"), lambda outcome: "Wall time" in outcome.stdout)),
    ("an error under %%time is the cell's error", ["%%time\n1 / 0"], raises("ZeroDivisionError", "division by zero")),
    ("%timeit runs", ["%timeit -n1 -r1 1 + 1"], lambda outcome: "loop" in outcome.stdout),
    ("%cd changes the directory and tells nobody else", ["%cd -q /", "import os; os.getcwd()"], value("'/'")),
    ("%%writefile and %run work", ["%%writefile t.py\nv = 9\nprint('ran')", "%run t.py", "v"], value("9")),
    ("an error under %run is the cell's error", ["%%writefile t.py\n\n1 / 0", "%run t.py"],
     raises("ZeroDivisionError", None, "t.py\", line 2")),
    ("a magic that does not exist is an error", ["%nope"],
     raises("UsageError", "Line magic function `%nope` not found.", "UsageError: Line")),
    ("%pip is left to IPython", ["get_ipython().find_line_magic('pip') is not None"], value("True")),
    ("help is shown, not paged", ["len?"], shows("text/plain")),
    ("%who lists what the user made", ["mine_only = 1", "%who"], lambda outcome: "mine_only" in outcome.stdout
     and "plt" not in outcome.stdout),
    # rich output
    ("a data frame has HTML", ["import pandas as pd; pd.DataFrame({'a': [1]})"],
     both(shows("text/html", "<div>"), value("   a\n0  1"))),
    ("a figure left open is shown", ["import matplotlib.pyplot as plt\nf = plt.plot([1, 2])"],
     both(shows("image/png", "iVBOR"), lambda outcome: "\n" not in outcome.items[0]["data"]["image/png"])),
    ("plt.show shows at once",
     ["import matplotlib.pyplot as plt\nprint('a'); plt.plot([1]); plt.show(); print('b')"],
     sequence("a", "<Figure size 640x480 with 1 Axes>", "b")),
    ("a figure is shown when the cell raises", ["import matplotlib.pyplot as plt\nplt.plot([1]); 1 / 0"],
     both(shows("image/png"), raises("ZeroDivisionError"))),
    ("a figure's value and the figure are two items", ["import matplotlib.pyplot as plt\nplt.plot([1])"],
     lambda outcome: len(outcome.items) == 2 and outcome.text.startswith("[<matplotlib")),
    ("figure formats can be set",
     ["%config InlineBackend.figure_formats = ['svg']", "import matplotlib.pyplot as plt\nplt.plot([1]);"],
     both(shows("image/svg+xml", "<?xml"), lambda outcome: "image/png" not in outcome.items[0]["data"])),
    ("the Agg backend saves figures and does not fail",
     ["import matplotlib; matplotlib.use('Agg')\nimport matplotlib.pyplot as plt\nplt.plot([1]); plt.savefig('f.png')\n"
      "import os; os.path.getsize('f.png') > 1000"], value("True")),
    ("a figure of the Agg backend that is left open is shown once",
     ["import matplotlib; matplotlib.use('Agg')\nimport matplotlib.pyplot as plt\nplt.plot([1]);", "len(plt.get_fignums())"],
     both(value("1"), lambda outcome: len(outcome.items) == 1)),
    ("a figure of the Agg backend is an item of its cell",
     ["import matplotlib; matplotlib.use('Agg')\nimport matplotlib.pyplot as plt\nplt.plot([1]);"], shows("image/png")),
    ("a display can be updated", ["h = display('v1', display_id='d')\nh.update('v2')"],
     lambda outcome: [(i["data"]["text/plain"], i.get("display_id"), i.get("update", False)) for i in outcome.items]
     == [("'v1'", "d", False), ("'v2'", "d", True)]),
    ("clear_output takes nothing back",
     ["from IPython.display import clear_output\nprint('a'); display(1); clear_output(); print('b')"],
     sequence("a", "1", "b")),
    ("display objects carry their types",
     ["from IPython.display import *\ndisplay(HTML('<b>'), Markdown('*m*'), Latex('$x$'), SVG('<svg xmlns=\""
      "http://www.w3.org/2000/svg\"/>'), Javascript('1'))"],
     both(*[shows(mime) for mime in ("text/html", "text/markdown", "text/latex", "image/svg+xml",
                                     "application/javascript")])),
    ("JSON is a value, not text", ["from IPython.display import JSON\nJSON({'a': [1, None]})"],
     lambda outcome: outcome.primary["application/json"] == {"a": [1, None]}),
    ("what JSON has no word for is replaced",
     ["display({'application/json': {'n': float('nan'), 1: float('inf'), 's': '\\ud800', None: (1, 2)}}, raw=True)"],
     lambda outcome: outcome.items[0]["data"]["application/json"] == {"n": None, "1": None, "s": "�", "null": [1, 2]}),
    ("numbers of numpy are JSON numbers",
     ["import numpy as np\ndisplay({'application/json': [np.int64(3), np.float32(0.5), np.float64('nan')]}, raw=True)"],
     lambda outcome: outcome.items[0]["data"]["application/json"] == [3, 0.5, None]),
    ("JSON that contains itself is left out, and the text says so",
     ["a = []; a.append(a)\ndisplay({'application/json': a, 'text/plain': 'kept'}, raw=True)"],
     lambda outcome: outcome.items[0]["data"] == {"text/plain": "kept\n[application/json left out: it contains itself]"}),
    ("JSON of 198 levels is shown",
     ["a = []\nfor _ in range(197): a = [a]\ndisplay({'application/json': a}, raw=True)"],
     lambda outcome: str(outcome.items[0]["data"]["application/json"]) == "[" * 198 + "]" * 198),
    ("JSON of more levels is left out, and the text says so",
     ["a = {}\nfor _ in range(198): a = {'a': a}\ndisplay({'application/json': a}, raw=True)"],
     lambda outcome: outcome.items[0]["data"] ==
     {"text/plain": "[application/json left out: it nests deeper than 198 levels]"}),
    ("large integers are JSON numbers", ["display({'application/json': [10**400, -2**70, {'a': 10**4299}]}, raw=True)"],
     lambda outcome: outcome.items[0]["data"]["application/json"] == [10**400, -2**70, {"a": 10**4299}]),
    ("integers that no reader takes are left out, and the text says so",
     ["display({'application/json': 10**4300}, raw=True)"],
     lambda outcome: outcome.items[0]["data"] ==
     {"text/plain": "[application/json left out: it holds an integer of more than 4300 digits]"}),
    ("a text that is not base64 is no image",
     ["display({'image/png': 'not base64', 'image/jpeg': 'AA\\nAA', 'text/plain': 'fig'}, raw=True)"],
     lambda outcome: outcome.items[0]["data"] ==
     {"image/jpeg": "AAAA", "text/plain": "fig\n[image/png left out: it is not base64]"}),
    ("a representation that cannot be read is left out, and the text says so",
     ["class H:\n  def __str__(self): 1 / 0\ndisplay({'text/html': H()}, raw=True)"],
     lambda outcome: outcome.items[0]["data"] == {"text/plain": "[text/html left out: it cannot be read]"}),
    ("a display id may be long and foreign", ["d = display(1, display_id='\\N{GRINNING FACE}' * 200)\nd.update(2)"],
     lambda outcome: len({item["display_id"] for item in outcome.items}) == 1
     and len(outcome.items[0]["display_id"]) <= 256),
    ("bytes of an image are base64 in one line",
     ["from IPython.display import Image\nImage(data=b'\\x89PNG\\r\\n\\x1a\\n' + bytes(90), format='png')"],
     lambda outcome: outcome.primary["image/png"].startswith("iVBOR") and "\n" not in outcome.primary["image/png"]),
    ("a vendor's type is passed on",
     ["class V:\n  def _repr_mimebundle_(self, include=None, exclude=None):\n"
      "    return {'application/vnd.x+json': {'a': 1}, 'text/plain': 'V'}\nV()"],
     lambda outcome: outcome.primary == {"application/vnd.x+json": {"a": 1}, "text/plain": "V"}),
    ("an explicit call of the display hook is no value", ["import sys\nsys.displayhook(5)\n6"],
     both(value("6"), lambda outcome: len(outcome.items) == 2)),
    # errors
    ("an error has the lines of its cells",
     ["def f(x):\n    y = 1\n    return y / x", "a = 0\n\nf(a)"],
     raises("ZeroDivisionError", "division by zero", "Cell In[2], line 3, in <module>\n    f(a)",
            "Cell In[1], line 3, in f\n    return y / x")),
    ("leading empty lines count", ["\n\n1 / 0"], raises("ZeroDivisionError", None, "Cell In[1], line 3")),
    ("lines after a magic count", ["%precision 3\n\n1 / 0"], raises("ZeroDivisionError", None, "Cell In[1], line 3")),
    ("a syntax error has its line", ["a = 1\nb = = 2"], raises("SyntaxError", None, "Cell In[1], line 2", "b = = 2")),
    ("an indentation error has its line", ["if True:\npass"], raises("IndentationError", None, "Cell In[1], line 2")),
    ("an unfinished string is a syntax error", ["x = 'a"], raises("SyntaxError", None, "Cell In[1], line 1")),
    ("a NUL in the source is an error", ["1\0"], lambda outcome: outcome.error is not None),
    ("a name error has its name", ["nope"], raises("NameError", "name 'nope' is not defined")),
    ("a chained error shows both",
     ["try: {}['k']\nexcept KeyError as e: raise ValueError('v') from e"],
     raises("ValueError", "v", "KeyError: 'k'", "direct cause")),
    ("an exception group shows its members", ["raise ExceptionGroup('g', [ValueError(1), TypeError(2)])"],
     raises("ExceptionGroup", "g (2 sub-exceptions)", "ValueError: 1", "TypeError: 2", "| "
            "  Cell In[1], line 1")),
    ("a note is shown", ["e = ValueError('v'); e.add_note('see here'); raise e"], raises("ValueError", "v", "see here")),
    ("a recursion error is short", ["def r(n): return r(n + 1)\nr(0)"],
     both(raises("RecursionError"), lambda outcome: len(outcome.error["traceback"]) < 5000)),
    ("a mutual recursion is short", ["def a(n): return b(n)\ndef b(n): return a(n)\na(0)"],
     both(raises("RecursionError", None, "more frames"), lambda outcome: len(outcome.error["traceback"]) < 20_000)),
    ("an exception whose str fails is told", ["class E(Exception):\n  def __str__(self): 1 / 0\nraise E"],
     raises("E", "<exception str() failed>")),
    ("an exception whose str is no string is told", ["class E(Exception):\n  def __str__(self): return 5\nraise E"],
     raises("E", "<exception str() failed>")),
    ("a metaclass cannot change an exception's name",
     ["class M(type):\n  __name__ = property(lambda c: 5)\nclass E(Exception, metaclass=M): pass\nraise E('v')"],
     raises("E", "v")),
    ("a huge message is cut", ["raise ValueError('x' * 10**6)"],
     lambda outcome: len(outcome.error["value"]) <= 65536 and len(outcome.error["traceback"]) <= 262144
     and outcome.error["value"].splitlines()[-1].startswith("[output truncated: ")
     and outcome.error["traceback"].splitlines()[-1].startswith("[output truncated: ")),
    ("a huge name is cut", ["raise type('\\N{GRINNING FACE}' * 1000, (Exception,), {})"],
     raises("\N{GRINNING FACE}" * 128)),
    ("escape sequences do not get into an error", ["raise ValueError('\\x1b[31mred\\x1b[0m')"], raises("ValueError", "red")),
    ("a lone surrogate in an error is replaced", ["raise ValueError('\\ud800|')"], raises("ValueError", "�|")),
    ("an error in a formatter is text, not the cell's error",
     ["class R:\n  def __repr__(self): raise OSError('in repr')\nR()"],
     both(lambda outcome: outcome.error is None and "Cell In[1], line 2, in __repr__" in outcome.stderr
          and "OSError: in repr" in outcome.stderr and "dist-packages" not in outcome.stderr)),
    ("a repr that is no string is told", ["class R:\n  def __repr__(self): return 5\nR()"],
     lambda outcome: outcome.error is None and "TypeError" in outcome.stderr),
    ("sys.exit is only an error", ["import sys\nkept = 1\nsys.exit(3)", "kept"], value("1")),
    ("sys.exit says its code", ["import sys; sys.exit(3)"],
     both(raises("SystemExit", "3"), lambda outcome: outcome.stderr == "")),
    ("exit() is only an error", ["exit()"], both(raises("SystemExit"), lambda outcome: outcome.stderr == "")),
    ("quit is only an error", ["quit"], both(raises("SystemExit"), lambda outcome: outcome.stderr == "")),
    ("a warning is no error", ["import warnings; warnings.warn('careful')"],
     lambda outcome: outcome.error is None and "Cell In[1]:1: UserWarning: careful" in outcome.stderr),
    ("input has no stdin", ["input('name? ')"], raises("EOFError", None, "Cell In[1], line 1")),
    ("stdin is empty", ["import sys; sys.stdin.read()"], value("''")),
    ("an error of a method of print is not ours", ["print(object(), file=5)"], raises("AttributeError")),
    # processes and threads
    ("multiprocessing forks",
     ["import multiprocessing as mp\ndef f(q): q.put(5)\nq = mp.Queue(); p = mp.Process(target=f, args=(q,)); p.start()",
      "r = q.get(); p.join(); r, p.exitcode"], value("(5, 0)")),
    ("multiprocessing spawns",
     ["import multiprocessing as mp\np = mp.get_context('spawn').Process(target=print, args=(7,))\n"
      "p.start(); p.join(); p.exitcode"], both(value("0"), prints("7\n"))),
    ("multiprocessing has a fork server",
     ["import multiprocessing as mp\np = mp.get_context('forkserver').Process(target=print, args=(7,))\n"
      "p.start(); p.join(); p.exitcode"], both(value("0"), prints("7\n"))),
    ("a pool of processes maps a function of the session",
     ["from concurrent.futures import ProcessPoolExecutor as E\ndef sq(n): return n * n",
      "with E(2) as e: r = list(e.map(sq, [2, 3]))\nr"], value("[4, 9]")),
    ("a pool of threads maps", ["from concurrent.futures import ThreadPoolExecutor as E\n"
                                "with E(4) as e: r = sum(e.map(abs, range(10)))\nr"], value("45")),
    ("a thread prints", ["import threading\nt = threading.Thread(target=print, args=('t',)); t.start(); t.join()"],
     prints("t\n")),
    ("a thread displays", ["import threading\nt = threading.Thread(target=display, args=(5,)); t.start(); t.join()"],
     shows("text/plain", "5")),
    ("threads print whole lines",
     ["import threading\nts = [threading.Thread(target=lambda: [print('a' * 50) for _ in range(200)]) for _ in range(4)]\n"
      "for t in ts: t.start()\nfor t in ts: t.join()"],
     lambda outcome: outcome.stdout.replace("\n", "") == "a" * 50 * 800 and outcome.error is None),
    ("a forked child that falls out of its cell ends there",
     ["import os\nprint('before', end=' ')\npid = os.fork()\nif pid == 0: print('child')\n"
      "else: r = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]); print('parent', r)"],
     prints("before child\nparent 0\n")),
    ("a forked child's exit code is its own",
     ["import os, sys\npid = os.fork()\nif pid == 0: sys.exit(7)\nos.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])"],
     value("7")),
    ("a forked child's error is text",
     ["import os\npid = os.fork()\nif pid == 0: 1 / 0\nos.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])"],
     both(value("1"), lambda outcome: "ZeroDivisionError" in outcome.stderr)),
    ("a child forked behind Python's back sends no events",
     ["import ctypes, os\npid = ctypes.CDLL(None).fork()\nif pid == 0: display('child'); print('text')\n"
      "else: os.waitpid(pid, 0)\npid > 0"], both(value("True"), prints("text\n"))),
    ("a child shows nothing", ["import os\npid = os.fork()\nif pid == 0:\n  display(1); os._exit(0)\nos.waitpid(pid, 0);"],
     lambda outcome: outcome.items == [] and outcome.error is None),
    # hostile
    ("patched json and builtins do not break the protocol",
     ["import json, builtins\njson.dumps = json.loads = json.JSONEncoder.encode = None\n"
      "builtins.len = builtins.getattr = builtins.max = None", "del builtins.len"],
     lambda outcome: outcome.done is not None),
    ("patched os, sys, signal and threading do not break the protocol",
     ["import os, sys, signal, threading, time\nos.write = os.read = os.getpid = None\nsys.settrace = sys.exc_info = None\n"
      "signal.signal = signal.pthread_sigmask = None\nthreading.get_ident = time.monotonic = None\n"
      "os.environ = {}", "print('x')"],
     prints("x\n")),
    ("a patched traceback module still gives an error",
     ["import traceback\ntraceback.TracebackException = traceback.StackSummary = None\n"
      "import linecache; linecache.getline = linecache.checkcache = None", "1 / 0"],
     raises("ZeroDivisionError", "division by zero")),
    ("a trace function does not see the driver",
     ["import sys\nseen = set()\ndef trace(frame, event, arg):\n  seen.add(frame.f_code.co_filename)\n  return trace\n"
      "sys.settrace(trace)", "sys.settrace(None)\n[name for name in seen if name.endswith(('driver.py', 'channel.py'))]"],
     value("[]")),
    ("a low recursion limit does not break the driver", ["import sys; sys.setrecursionlimit(60)", "1 + 1"], value("2")),
    ("a finalizer that prints does no harm",
     ["class D:\n  def __del__(self): print('gone'); display('gone')\n"
      "for _ in range(2000):\n  d = D(); d.d = d\n  print('x')\n  display(1)"],
     lambda outcome: outcome.error is None and outcome.stdout.count("x\n") == 2000),
    ("a hostile class of a display value is survived",
     ["class H:\n  __class__ = property(lambda s: 1 / 0)\n  def __getattr__(s, n): raise KeyboardInterrupt\nh = H()",
      "display({'text/plain': h, 'text/html': 'kept'}, raw=True)", "1"], value("1")),
]
