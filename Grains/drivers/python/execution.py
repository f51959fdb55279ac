"""One execution, from its request to its `done`."""

import builtins
import ctypes
import sys
from os import _exit

from . import inherited, memory, tracebacks
from .environment import TemporaryVariables
from .interrupts import Gate
from .items import Items
from .outlet import Outlet
from .streams import StandardStream

# User code may lower it so far that nothing of ours runs any more.
_MIN_RECURSION_LIMIT = 1000

_flush_c_streams = ctypes.CDLL(None).fflush
_set_trace, _get_trace = sys.settrace, sys.gettrace
_set_profile, _get_profile = sys.setprofile, sys.getprofile
_get_recursion_limit, _set_recursion_limit = sys.getrecursionlimit, sys.setrecursionlimit


class Executor:
    """Runs code in `shell`. Whatever the code does, `execute` returns after exactly one `done`, or the process dies."""

    def __init__(self, shell, gate: Gate, outlet: Outlet, items: Items, output: StandardStream, errors: StandardStream):
        self._shell = shell
        self._gate = gate
        self._outlet = outlet
        self._items = items
        self._output = output
        self._errors = errors
        self._tracing = (None, None)
        self._reserve = memory.Reserve()

    def execute(self, request: dict) -> None:
        """The gate has been told that an execution begins."""
        execution = request["id"]
        self._restore_what_we_need()
        self._items.begin()
        self._outlet.begin(execution)
        variables = TemporaryVariables()
        error = self._attempt(self._run, request, variables)
        if self._outlet.is_fork:
            self._leave_fork(error)
        done = {"event": "done", "id": execution}
        if error is not None:
            done["error"] = self._describe(error)
            if memory.is_exhaustion(error):
                done["error"]["memory"] = True
        self._attempt_user_code(self._flush_user_streams)
        self._items.finish()
        variables.put_back()
        # An interrupt that user code had blocked comes in here, and is over with this execution.
        self._gate.install()
        self._gate.end()
        self._outlet.end(done)

    def ask(self, function, *arguments):
        """Looks at the session for somebody outside, which can run user code: with interrupts let in, and what is printed dropped.

        The gate has been told that something begins. None when it was interrupted, or raised.
        """
        result = self._attempt_user_code(function, *arguments)
        if self._outlet.is_fork:
            self._leave_fork(None)
        self._gate.install()
        self._gate.end()
        return None if isinstance(result, BaseException) else result

    def _run(self, request: dict, variables: TemporaryVariables) -> BaseException | None:
        variables.set(request["env"])
        return self._shell.run(request["code"], request["count"])

    def _attempt(self, function, *arguments):
        """Calls what may raise anything. Returns its result, or the exception that ended it."""
        try:
            try:
                self._reserve.close()
                self._resume_tracing()
                return function(*arguments)
            finally:
                self._gate.armed = False
                self._reserve.open()
                self._suspend_tracing()
        except BaseException as error:
            # Also an interrupt that hit between two lines of the above; another cannot follow soon enough.
            self._gate.armed = False
            self._suspend_tracing()
            return error

    def _attempt_user_code(self, function, *arguments):
        """The same, with interrupts let in."""
        return self._attempt(self._let_interrupts_in, function, *arguments)

    def _let_interrupts_in(self, function, *arguments):
        self._gate.open()
        return function(*arguments)

    def _describe(self, error: BaseException) -> dict:
        description = self._attempt_user_code(tracebacks.describe, error)
        return description if type(description) is dict else tracebacks.describe_briefly(error)

    def _flush_user_streams(self) -> None:
        """What user code put in the place of ours, and the buffers of C."""
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        _flush_c_streams(None)

    def _restore_what_we_need(self) -> None:
        self._output.reconnect()
        self._errors.reconnect()
        sys.stdout = sys.__stdout__ = self._output
        sys.stderr = sys.__stderr__ = self._errors
        builtins.input = inherited.no_input

    def _suspend_tracing(self) -> None:
        """A debugger of the user's must not look into, or raise in, what comes next; it goes on with the next cell."""
        trace, profile = _get_trace(), _get_profile()
        _set_trace(None)
        _set_profile(None)
        if trace is not None or profile is not None:
            self._tracing = trace, profile
        if _get_recursion_limit() < _MIN_RECURSION_LIMIT:
            _set_recursion_limit(_MIN_RECURSION_LIMIT)

    def _resume_tracing(self) -> None:
        trace, profile = self._tracing
        self._tracing = None, None
        if profile is not None:
            _set_profile(profile)
        if trace is not None:
            _set_trace(trace)

    def _leave_fork(self, error: BaseException | None) -> None:
        """A child that user code forked fell out of its cell: the session is the parent's, so it ends here."""
        code = 0
        if isinstance(error, SystemExit):
            code = error.code
            if code is not None and not isinstance(code, int):
                self._attempt_user_code(self._print, str(code))
                code = 1
        elif error is not None:
            self._attempt_user_code(self._print, self._describe(error)["traceback"])
            code = 1
        self._attempt_user_code(self._flush_user_streams)
        _exit((code or 0) & 0xFF)

    def _print(self, text: str) -> None:
        self._errors.write(text + "\n")
        self._errors.flush()
