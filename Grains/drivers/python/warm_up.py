"""What the launcher does once, so that no driver has to: import, compile, render, remember."""

import functools
import io
import os
import sys
import tempfile

# Each brings pages to life that the first executions of every session would otherwise have to copy or build.
_CELLS = (
    "1 + 1",
    "'a'",
    "1.5",
    "[1, 2]",
    "print('a')",
    "def f():\n    return {}['a']\nf()",
    "import asyncio\nawait asyncio.sleep(0)",
    "%time 1",
    "def g(:",
    "import pandas\npandas.DataFrame({'a': [1]})",
    "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()",
)

# What imports take. More would be memory for nothing while they run.
_ARENAS = 32
# As large as an object of an arena can be, without its head; and how many fill one.
_OBJECT_BYTES = 512 - sys.getsizeof(b"")
_OBJECTS_OF_AN_ARENA = (1 << 20) // 512

_shell = None
_checkpoint = None
_inquiries = None


def warm_up() -> None:
    """Imports everything, in a home that is gone afterwards, and runs a few cells."""
    global _shell, _checkpoint, _inquiries
    with tempfile.TemporaryDirectory(prefix="warm-up-") as home:
        variables = {"HOME": home, "IPYTHONDIR": home, "MPLCONFIGDIR": home}
        previous = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        try:
            _shell, _checkpoint, _inquiries = _make_warm_session()
        finally:
            for name, value in previous.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _take_arenas() -> list[bytes]:
    """Keeps so many arenas, and no more of each than it takes.

    Python takes its memory in arenas of a mebibyte, each wherever there is room. Taken before the libraries are mapped, they lie
    side by side, as a large page needs it (`contiguous_memory` of the launcher); between libraries hardly one would fit.
    """
    filling = [bytes(_OBJECT_BYTES) for _ in range(_ARENAS * _OBJECTS_OF_AN_ARENA)]
    return filling[::_OBJECTS_OF_AN_ARENA // 2]


def warm_shell():
    return _shell


def warm_checkpoint():
    return _checkpoint


def warm_inquiries() -> dict:
    return _inquiries


def _make_warm_session():
    arenas = _take_arenas()
    # Only here: nothing may import these libraries before there is a home for them.
    import matplotlib
    import matplotlib.font_manager
    import matplotlib.pyplot
    import numpy.random
    import pandas

    from . import coroutines, figures, tracebacks
    from .checkpoints.session import Checkpoint
    from .inquiries import make_inquiries
    from .shell import make_shell

    shell = make_shell()
    inquiries = make_inquiries(shell)
    shell.enable_matplotlib("inline")
    shell.events.register("post_execute", figures.show_left_open)
    outputs = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = io.StringIO()
    try:
        for cell in _CELLS:
            error = shell.run(cell, 1)
            if error is not None:
                tracebacks.describe(error)
        for inquiry in inquiries.values():
            inquiry.look("print", 5)
    finally:
        sys.stdout, sys.stderr = outputs
    for name in ("last_type", "last_value", "last_traceback"):
        vars(sys).pop(name, None)
    shell.reset(new_session=True)
    shell.compile._filename_map.clear()
    # Or the first `%run` of every session would take the figure drawn above for its own.
    matplotlib.pyplot.draw_if_interactive.called = False
    # Both remember a directory of this home; what they wrap looks for the one of a session's.
    matplotlib.get_cachedir = functools.cache(matplotlib.get_cachedir.__wrapped__)
    matplotlib.get_configdir = functools.cache(matplotlib.get_configdir.__wrapped__)
    coroutines.forget_loop()
    # Those that are still empty go back, before anybody counts what a session has from here.
    arenas.clear()
    return shell, Checkpoint(shell), inquiries
