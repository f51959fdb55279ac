"""What a session is made of beside its variables: the directory, the environment, where modules come from, random numbers,
and how libraries were told to behave. Each is kept, and put back, for itself."""

import linecache
import os
import random
import sys

import matplotlib
import numpy
import pandas
from matplotlib import pyplot

from .. import directory

_CELL = "Cell In["
_MAX_SOURCE = 8 << 20

_getcwd, _chdir, _environment = os.getcwd, os.chdir, os.environ
_get_random, _set_random = random.getstate, random.setstate
_get_numpy_random, _set_numpy_random = numpy.random.get_state, numpy.random.set_state
_get_print_options, _set_print_options = numpy.get_printoptions, numpy.set_printoptions
_get_backend, _switch_backend, _parameters = matplotlib.get_backend, pyplot.switch_backend, matplotlib.rcParams
_get_option, _set_option = pandas.get_option, pandas.set_option
_options = tuple(set(pandas._config.config._registered_options) - set(pandas._config.config._deprecated_options))


class Settings:
    """Remembers how things were before the session began, and keeps what has changed since.

    Made by the launcher, for all sessions: it is the same for each.
    """

    def __init__(self, shell):
        self._shell = shell
        self._home = ""
        self._start = ""
        self._environment = {}
        self._random = None
        self._path = []
        self._parameters = dict(_parameters)
        self._backend = _get_backend()
        self._print_options = _get_print_options()
        self._options = {name: _get_option(name) for name in _options}

    def begin(self, home: str, start: str) -> None:
        """The session has got its environment. `start`: where it begins, below its home."""
        self._home = home
        self._start = start
        self._environment = dict(_environment)
        self._path = list(sys.path)

    def enter_directory(self) -> None:
        """Where a session begins that has no directory of its own yet."""
        directory.enter(self._home, self._start)
        self._shell.user_ns["_dh"][:] = [_getcwd()]

    def hold_random(self) -> None:
        """Before a fork."""
        self._random = _get_random()

    def parts(self) -> dict:
        """name -> (what yields it, what puts it back); what yields None need not be kept. In the order of putting back."""
        return {
            "working directory": (self._directory, self._restore_directory),
            "environment": (self._variables, self._restore_variables),
            "sys.path": (self._added_path, self._restore_path),
            "sources of cells": (self._sources, self._restore_sources),
            "history": (self._history, self._restore_history),
            "matplotlib.rcParams": (self._changed_parameters, _parameters.update),
            "matplotlib backend": (self._changed_backend, _switch_backend),
            "numpy.printoptions": (self._changed_print_options, lambda options: _set_print_options(**options)),
            "pandas.options": (self._changed_options, self._restore_options),
        }

    def last_parts(self) -> dict:
        """After the variables: loading them may use random numbers."""
        return {
            "random": (lambda: self._random, _set_random),
            "numpy.random": (_get_numpy_random, _set_numpy_random),
        }

    def _directory(self) -> str | None:
        """One outside of the home is not kept either."""
        path = os.path.relpath(_getcwd(), self._home)
        return None if path == (self._start or ".") or path.startswith("..") else path

    def _restore_directory(self, path: str) -> None:
        _chdir(os.path.join(self._home, path))
        self._shell.user_ns["_dh"][:] = [_getcwd()]

    def _variables(self) -> dict:
        now = dict(_environment)
        changed = {name: value for name, value in now.items() if self._environment.get(name) != value}
        return changed | dict.fromkeys(name for name in self._environment if name not in now)

    def _restore_variables(self, changed: dict) -> None:
        for name, value in changed.items():
            if value is not None:
                _environment[name] = value
            else:
                _environment.pop(name, None)

    def _added_path(self) -> tuple | None:
        """What stands before, and what behind, that which every session has."""
        path = [entry for entry in sys.path if type(entry) is str]
        first = next((index for index, entry in enumerate(path) if entry in self._path), len(path))
        before, behind = path[:first], [entry for entry in path[first:] if entry not in self._path]
        return (before, behind) if before or behind else None

    def _restore_path(self, added: tuple) -> None:
        before, behind = added
        sys.path[:] = [*before, *sys.path, *behind]

    def _sources(self) -> dict:
        """So that tracebacks and `inspect` find the lines of what was defined in them. The youngest, if it is too much."""
        kept, size = {}, 0
        for name, entry in reversed(list(linecache.cache.items())):
            if name.startswith(_CELL) and len(entry) == 4:
                size += entry[0]
                if size > _MAX_SOURCE:
                    break
                kept[name] = entry[2]
        return kept

    def _restore_sources(self, sources: dict) -> None:
        for name, lines in reversed(sources.items()):
            entry = sum(map(len, lines)), None, lines, name
            linecache.cache[name] = linecache._ipython_cache[name] = entry
            self._shell.compile._filename_map[name] = 0

    def _history(self) -> tuple:
        history = self._shell.history_manager
        return history.input_hist_raw[:], history.input_hist_parsed[:]

    def _restore_history(self, inputs: tuple) -> None:
        history = self._shell.history_manager
        history.input_hist_raw[:], history.input_hist_parsed[:] = inputs

    def _changed_parameters(self) -> dict:
        return {name: value for name, value in dict(_parameters).items()
                if name != "backend" and self._parameters.get(name) != value}

    def _changed_backend(self) -> str | None:
        backend = _get_backend()
        return None if backend == self._backend else backend

    def _changed_print_options(self) -> dict | None:
        options = _get_print_options()
        return None if options == self._print_options else options

    def _changed_options(self) -> dict:
        now = {name: _get_option(name) for name in _options}
        return {name: value for name, value in now.items() if value != self._options[name]}

    def _restore_options(self, changed: dict) -> None:
        for name, value in changed.items():
            _set_option(name, value)
