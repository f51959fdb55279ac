"""IPython's two ways to show something, both ending in items."""

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.lib import pretty

# Their plain text is their repr, unless somebody registered a formatter; the other formatters know nothing of them.
_SCALARS = {int, bool, str, float}


class Publisher(DisplayPublisher):
    """`display(...)`. Before the driver has started there are no `items`, and nothing is shown."""

    items = None

    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **ignored):
        if self.items is None or not isinstance(data, dict):
            return
        display_id = transient.get("display_id") if isinstance(transient, dict) else None
        self.items.send(data, display_id=display_id, update=bool(update))

    def clear_output(self, wait=False):
        """Output is a record here: nothing that was shown is taken back."""


class Hook(DisplayHook):
    """The value of an expression. `trailing` is set by the shell for the last statement of a cell."""

    items = None
    trailing = False

    def quiet(self):
        # The rule of the base class needs the cell tokenized: only when a ';' could be its end.
        history = self.shell.history_manager.input_hist_parsed
        return ";" in history[-1] and super().quiet()

    def write_output_prompt(self):
        pass

    def compute_format_data(self, result):
        if type(result) in _SCALARS and self._formats_plainly(type(result)):
            return {"text/plain": repr(result)}, {}
        return super().compute_format_data(result)

    def update_user_ns(self, result):
        # User code may have cleared its globals, and with them the names that the base class relies on.
        if self.shell.user_ns.get("_oh") is not self.shell.history_manager.output_hist:
            self.shell.init_user_ns()
        super().update_user_ns(result)

    def write_format_data(self, format_dict, md_dict=None):
        if self.items is not None:
            self.items.send(format_dict, primary=self.trailing)

    def finish_displayhook(self):
        pass

    def log_output(self, format_dict):
        """The base class keeps every text for `%history -o`, for ever."""

    def cull_cache(self):
        """As the base class does it, but without a warning in the user's stderr."""
        outputs = self.shell.user_ns.get("_oh", {})
        surplus = max(int(len(outputs) * self.cull_fraction), 2)
        for number in sorted(outputs)[:surplus]:
            self.shell.user_ns.pop(f"_{number}", None)
            outputs.pop(number, None)

    def _formats_plainly(self, kind) -> bool:
        formatter = self.shell.display_formatter
        plain = formatter.formatters["text/plain"]
        if kind is float:
            if plain.float_format != "%r" or kind not in plain.type_printers:
                return False
        elif plain.type_printers.get(kind) is not pretty._type_pprinters.get(kind):
            return False
        return not any(other.type_printers.get(kind) for name, other in formatter.formatters.items()
                       if name != "text/plain")
