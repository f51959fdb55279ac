"""What a fork of the launcher must not share with its siblings, nor with the launcher."""

import builtins
import functools
import gc
import os
import random
import sys
import tempfile

from . import coroutines, user_packages


def renew(environment: dict) -> None:
    """Once, in a new driver, before anything of its user."""
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [""]
    sys.orig_argv = [sys.executable]
    if "" not in sys.path:
        sys.path.insert(0, "")
    user_packages.look_for_them()
    random.seed()
    # It remembers a directory of the launcher's.
    tempfile.tempdir = None
    _renew_numpy()
    _renew_matplotlib()
    _renew_multiprocessing()
    coroutines.forget_loop()
    builtins.input = no_input
    sys.stdin = sys.__stdin__ = open(os.devnull)
    gc.enable()


def no_input(prompt="", /):
    raise EOFError("input() is not available: this session has no stdin")


# Users read where it comes from in its repr.
no_input.__name__ = no_input.__qualname__ = "input"


def _renew_numpy() -> None:
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _renew_matplotlib() -> None:
    # Both remember a directory of the launcher's; what they wrap looks for the one of this home.
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib is not None:
        matplotlib.get_cachedir = functools.cache(matplotlib.get_cachedir.__wrapped__)
        matplotlib.get_configdir = functools.cache(matplotlib.get_configdir.__wrapped__)


def _renew_multiprocessing() -> None:
    # Its key was made when the module was loaded.
    multiprocessing = sys.modules.get("multiprocessing.process")
    if multiprocessing is not None:
        multiprocessing.current_process().authkey = os.urandom(32)
