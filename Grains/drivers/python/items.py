"""Items: rich output as events, within the budget of an execution."""

from _thread import RLock
from hashlib import sha256

from sandbox_launcher.frames import json_string

from .budget import Budget
from .outlet import Outlet
from .representations import encode

# In UTF-16 code units, as the host counts them.
_MAX_DISPLAY_ID = 256


class Items:
    """`item_bytes` bounds the `data` of all items of an execution, as JSON."""

    def __init__(self, outlet: Outlet):
        self._outlet = outlet
        self._limit = 0
        self._budget = Budget(0)
        self._primary_sent = False
        self._lock = RLock()

    def limit(self, item_bytes: int) -> None:
        self._limit = item_bytes

    def begin(self) -> None:
        self._budget = Budget(self._limit)
        self._primary_sent = False

    def send(self, data: dict, *, primary=False, display_id=None, update=False) -> None:
        """Called by user code: what it shows may be hostile, so everything of it is read before anything is locked."""
        execution = self._outlet.execution
        if execution is None or self._outlet.is_fork:
            return
        budget = self._budget
        name = None if display_id is None else _short(display_id)
        item = encode(data, budget.room(name, update))
        if not item:
            return
        with self._lock:
            primary = primary and not self._primary_sent
            data_json = budget.take(item, primary, name, update)
            if data_json is None:
                return
            self._primary_sent = self._primary_sent or primary
        self._send(execution, data_json, primary, name, update)

    def finish(self) -> None:
        """Says what was dropped without a word. The last thing of an execution before its `done`."""
        data_json, primary = self._budget.last_words()
        if data_json is not None:
            self._send(self._outlet.execution, data_json, primary and not self._primary_sent, None, False, may_wait=False)

    def _send(self, execution: str, data_json: bytes, primary: bool, name: str | None, update: bool, may_wait=True) -> None:
        acknowledged = may_wait and not primary and self._outlet.may_wait()
        body = b'{"event":"item","id":%s,"data":%s%s%s%s%s}' % (
            json_string(execution),
            data_json,
            b',"primary":true' if primary else b"",
            b"" if name is None else b',"display_id":' + json_string(name),
            b',"update":true' if update else b"",
            b',"ack":true' if acknowledged else b"")
        self._outlet.send_item(execution, body, acknowledged)


def _short(display_id) -> str:
    text = str(display_id)
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * _MAX_DISPLAY_ID:
        return text
    return sha256(units).hexdigest()
