"""How much of an execution's `item_bytes` is left, what of an item fits into it, and the words for what does not."""

from sandbox_launcher.frames import MAX_BODY_BYTES, json_bytes, json_string

# What an item counts beside its data, here as at the host.
ITEM_OVERHEAD = 64

# Kept back for the last item of an execution: that something was dropped is said even when nothing fits any more.
_RESERVE = 160

# What a frame holds besides `data`.
_MAX_DATA = MAX_BODY_BYTES - 4096

_TEXT = json_string("text/plain")


class Budget:
    """Of one execution. An update gives back what the item had that it replaces."""

    def __init__(self, item_bytes: int):
        self._left = item_bytes - _RESERVE
        self._displays = {}
        self._unsaid = 0
        self._unsaid_primary = False

    def room(self, display_id: str | None, update: bool) -> int:
        """The largest `data` that could be taken now."""
        return max(0, min(self._left + self._replaced(display_id, update) - ITEM_OVERHEAD, _MAX_DATA))

    def take(self, item, primary: bool, display_id: str | None, update: bool) -> bytes | None:
        """The `data` of an item (`representations.Encoded`) as far as it fits: the largest representations go first.

        None when not even a word about it fits; then `last_words` counts it.
        """
        room = self.room(display_id, update)
        kept = dict(sorted(item.values.items(), key=_size))
        lost = item.lost
        words = _words(item.notes, lost)
        while kept and _size_of_data(kept, words) > room:
            lost += len(kept.popitem()[1])
            words = _words(item.notes, lost)
        if lost and _size_of_data(kept, words) > room:
            words = notice(lost)
        data = _data({mime: value for mime, value in item.values.items() if mime in kept}, words)
        if len(data) > room:
            self._unsaid += lost or len(words)
            self._unsaid_primary |= primary
            return None
        cost = len(data) + ITEM_OVERHEAD
        self._left -= cost - self._replaced(display_id, update)
        if display_id is not None:
            self._displays[display_id] = cost
        return data

    def last_words(self) -> tuple[bytes | None, bool]:
        """The `data` of a last item that says what was dropped without a word, and whether the value was part of it."""
        if not self._unsaid:
            return None, False
        return json_bytes({"text/plain": notice(self._unsaid)}), self._unsaid_primary

    def _replaced(self, display_id: str | None, update: bool) -> int:
        return self._displays.get(display_id, 0) if update else 0


def notice(dropped: int) -> str:
    return f"[output truncated: {dropped} bytes dropped]"


def _words(notes, lost: int) -> str:
    return "\n".join([*notes, *([notice(lost)] if lost else [])])


def _data(values: dict, words: str) -> bytes:
    """`words` are the last lines of the text, or all of it."""
    if words:
        text = values.get(_TEXT)
        values = values | {_TEXT: json_string(words) if text is None else text[:-1] + json_string("\n" + words)[1:]}
    return b"{" + b",".join(mime + b":" + value for mime, value in values.items()) + b"}"


def _size_of_data(values: dict, words: str) -> int:
    size = 1 + sum(map(_size, values.items()))
    if words:
        size += len(json_string(words)) + (0 if _TEXT in values else len(_TEXT) + 2)
    return size


def _size(member: tuple[bytes, bytes]) -> int:
    return len(member[0]) + len(member[1]) + 2
