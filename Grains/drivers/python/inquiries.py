"""What a client wants to know of the session between two executions: completions, and what a name stands for.

`look` runs user code (`__dir__`, `__getattr__`, `__repr__`); `answer` does not, and takes nothing of what came of it on trust.
"""

from itertools import islice

from IPython.core.completer import provisionalcompleter, rectify_completions
from IPython.utils.tokenutil import token_at_cursor

from .tracebacks import plain

_MAX_MATCHES = 1000
_MAX_MATCH_LENGTH = 1024
_MAX_TEXT_BYTES = 64 * 1024


class Completion:
    def __init__(self, shell):
        self._completer = shell.Completer

    def look(self, code: str, cursor: int):
        with provisionalcompleter():
            found = list(islice(rectify_completions(code, self._completer.completions(code, cursor)), _MAX_MATCHES))
        return (found[0].start, found[0].end, [one.text for one in found]) if found else None

    def answer(self, request: dict, found) -> dict:
        start, end, texts = found or (request["cursor"], request["cursor"], [])
        matches = [text for text in texts if type(text) is str and len(text) <= _MAX_MATCH_LENGTH]
        return {"event": "completions", "id": request["id"], "matches": matches, "cursor_start": start, "cursor_end": end}


class Inspection:
    def __init__(self, shell):
        self._shell = shell

    def look(self, code: str, cursor: int):
        """None when there is nothing of that name."""
        name = token_at_cursor(code, cursor)
        return self._shell.object_inspect_mime(name)["text/plain"] if name else None

    def answer(self, request: dict, found) -> dict:
        is_found = type(found) is str
        data = {"text/plain": plain(found, _MAX_TEXT_BYTES)} if is_found else {}
        return {"event": "inspection", "id": request["id"], "found": is_found, "data": data}


def make_inquiries(shell) -> dict:
    """By the `op` that asks for it."""
    return {"complete": Completion(shell), "inspect": Inspection(shell)}
