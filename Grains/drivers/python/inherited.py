"""What a fork of the launcher must not share with its siblings, nor with the launcher."""

import builtins
import gc
import os
import random
import sys
import tempfile

from . import coroutines, user_packages


_MT19937_WORDS = 624


def renew(environment: dict) -> None:
    """Once, in a new driver, before anything of its user."""
    _renew_environment(environment)
    sys.argv = [""]
    sys.orig_argv = [sys.executable]
    if "" not in sys.path:
        sys.path.insert(0, "")
    user_packages.look_for_them()
    random.seed()
    # It remembers a directory of the launcher's.
    tempfile.tempdir = None
    _renew_numpy()
    _renew_multiprocessing()
    coroutines.forget_loop()
    builtins.input = no_input
    sys.stdin = sys.__stdin__ = open(os.devnull)
    gc.enable()


def _renew_environment(environment: dict) -> None:
    # Most of it is there already: the launcher has been given what is the same for all.
    for name in [name for name in os.environ if name not in environment]:
        del os.environ[name]
    for name, value in environment.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def no_input(prompt="", /):
    raise EOFError("input() is not available: a session has no stdin")


# Users read where it comes from in its repr.
no_input.__name__ = no_input.__qualname__ = "input"


def _renew_numpy() -> None:
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        # As `seed()` does it, without all that stands between it and the system's random numbers.
        numpy.random.set_state(("MT19937", numpy.frombuffer(os.urandom(_MT19937_WORDS * 4), "u4"), _MT19937_WORDS))


def _renew_multiprocessing() -> None:
    # Its key was made when the module was loaded.
    multiprocessing = sys.modules.get("multiprocessing.process")
    if multiprocessing is not None:
        multiprocessing.current_process().authkey = os.urandom(32)
