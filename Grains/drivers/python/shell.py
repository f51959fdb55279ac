"""IPython's shell, made to report instead of print."""

import sys
from pathlib import Path

import IPython
from IPython.core import page
from IPython.core.autocall import ExitAutocall
from IPython.core.events import EventManager, available_events
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type, default
from traitlets.config import Config

from . import coroutines, scripts
from .display import Hook, Publisher
from .interrupts import Gate
from .lines import Compiler, Transformer
from .tracebacks import describe, format_traceback

_IPYTHON = f"{Path(IPython.__file__).parent}/"


class Leave(ExitAutocall):
    """`exit` and `quit`: as in any program, they raise SystemExit; the session goes on."""

    def __call__(self, *code):
        raise SystemExit(*code)


class Events(EventManager):
    """Callbacks are user code. Figures are shown by one of them."""

    def trigger(self, event, *arguments, **options):
        for callback in self.callbacks[event][:]:
            try:
                self.shell.call_user_code(callback, *arguments, **options)
            except Exception:
                self.shell.showtraceback(sys.exc_info())


class Shell(InteractiveShell):
    """`run` is the one way in; the error of a cell is what it returns.

    `gate` is open while user code runs and closed while IPython's own does: an interrupt in there could leave one of
    its locks taken, or its display hook uninstalled, for good.
    """

    displayhook_class = Type(Hook)
    display_pub_class = Type(Publisher)
    compiler_class = Type(Compiler)

    @default("exiter")
    def _exiter_default(self):
        return Leave(self)

    def __init__(self, *arguments, **options):
        self.gate = Gate(lambda: False)
        self._depth = 0
        self._shown_error = None
        self._transform_error = None
        super().__init__(*arguments, **options)
        self.loop_runner = coroutines.run
        # Settings that would be remembered in files outside of any session.
        self.db = {}
        self.set_hook("show_in_pager", page.as_hook(page.display_page), 90)
        self.input_transformer_manager = Transformer()

    def run(self, code: str, count: int) -> BaseException | None:
        """Runs a cell; what it raised, or what a magic in it reported."""
        self.execution_count = count
        self._shown_error = self._transform_error = None
        result = self.run_cell(code, store_history=True)
        self.history_manager.db_input_cache.clear()
        error = self._error_of(result)
        if error is not None:
            # Where `%tb` and debuggers look for it.
            sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
        return error

    def rehearse(self) -> None:
        """Runs a cell that leaves nothing behind: the pages that it writes to are copied before anybody waits for it."""
        self.run_cell("None", silent=True)
        self.compile._filename_map.clear()

    def _error_of(self, result) -> BaseException | None:
        return result.error_before_exec or result.error_in_exec or self._shown_error

    def call_user_code(self, function, *arguments, **options):
        was_armed = self.gate.armed
        try:
            self.gate.open()
            return function(*arguments, **options)
        finally:
            self.gate.close(was_armed)

    def run_cell(self, *arguments, **options):
        # Also a call from user code: what that cell raised is text, its caller goes on.
        was_armed = self.gate.enter()
        shown_before, self._shown_error = self._shown_error, None
        self._depth += 1
        try:
            result = super().run_cell(*arguments, **options)
            if self._depth > 1:
                error, self._shown_error = self._error_of(result), shown_before
                if error is not None:
                    self.call_user_code(_report, error)
            return result
        finally:
            self._depth -= 1
            self.gate.leave(was_armed)

    def init_user_ns(self):
        super().init_user_ns()
        # What every `__main__` has, and `reset` takes away; multiprocessing looks for the `__spec__`.
        for name, value in {"__name__": "__main__", "__spec__": None}.items():
            self.user_ns.setdefault(name, value)

    def init_magics(self):
        super().init_magics()
        self.register_magics(scripts.Scripts)

    def init_events(self):
        self.events = Events(self, available_events)
        self.events.register("pre_execute", self._clear_warning_registry)

    def transform_cell(self, raw_cell):
        try:
            return self.call_user_code(super().transform_cell, raw_cell)
        except Exception as error:
            self._transform_error = error
            raise

    def transform_ast(self, node):
        return self.call_user_code(super().transform_ast, node) if self.ast_transformers else node

    async def run_ast_nodes(self, nodelist, cell_name, interactivity="last_expr", compiler=compile, result=None):
        """Tells the display hook which statement is the last one, whose value is the value of the cell."""
        before, last = nodelist[:-1], nodelist[-1:]
        if before:
            others = "all" if interactivity == "all" else "none"
            if await super().run_ast_nodes(before, cell_name, others, compiler, result):
                return True
        was_trailing = self.displayhook.trailing
        # The value of a cell that user code runs inside of its own is not the value of the execution.
        self.displayhook.trailing = self._depth == 1
        try:
            return await super().run_ast_nodes(last, cell_name, interactivity, compiler, result)
        finally:
            self.displayhook.trailing = was_trailing

    async def run_code(self, code_obj, result=None, *, async_=False):
        gate = self.gate
        was_armed = gate.armed
        try:
            try:
                gate.open()
                if async_:
                    await eval(code_obj, self.user_global_ns, self.user_ns)
                else:
                    exec(code_obj, self.user_global_ns, self.user_ns)
            finally:
                gate.close(was_armed)
        except BaseException as error:
            # An interrupt can hit in the `finally`, too.
            gate.close(was_armed)
            if result is not None:
                result.error_in_exec = error
            else:
                self._shown_error = error
            return True
        return False

    def showtraceback(self, exc_tuple=None, *arguments, **options):
        """A magic reports what its code raised: the error of the cell. A formatter, or the user, reports beside it: text."""
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        if error is None:
            # `%tb`
            self._print_last_error()
        elif error is self._transform_error:
            return
        elif exc_tuple is None and sys._getframe(1).f_code.co_filename.startswith(_IPYTHON):
            self._shown_error = error
        else:
            print(format_traceback(error), file=sys.stderr)

    def _print_last_error(self):
        error = getattr(sys, "last_value", None)
        if error is None:
            print("No traceback available to show.", file=sys.stderr)
        else:
            self.call_user_code(_report, error)

    def showsyntaxerror(self, *arguments, **options):
        self._shown_error = sys.exc_info()[1]

    showindentationerror = showsyntaxerror

    def system(self, cmd):
        """`!command`: its output goes the way of all output, as it comes; an interrupt reaches it in our group."""
        code, _, _ = scripts.run(self.gate, ["/bin/sh", "-c", self.var_expand(cmd, depth=1)])
        self.user_ns["_exit_code"] = code

    system_raw = system_piped = system

    def enable_gui(self, gui=None):
        """There is no screen."""


def _report(error: BaseException) -> None:
    print(describe(error)["traceback"], file=sys.stderr)


def make_shell() -> Shell:
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    config.InteractiveShell.autocall = 0
    config.InteractiveShell.autoindent = False
    config.InteractiveShell.cache_size = 100
    config.IPCompleter.use_jedi = False
    shell = Shell.instance(config=config)
    shell.display_formatter.active_types = list(shell.display_formatter.format_types)
    return shell
