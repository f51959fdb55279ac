"""Variables as bytes and back: cloudpickle, told what belongs to the session and what cannot be carried.

Each variable is a pickle of its own, so that one which cannot be carried, or not be loaded, costs itself alone. All of
them share one memo, so that what two variables share is still one object afterwards.
"""

import asyncio
import dataclasses
import functools
import io
import re
import socket
import sqlite3
import subprocess
import threading
import types
import typing
import weakref
from _pickle import PickleBuffer, Unpickler
from importlib.util import find_spec
from signal import ITIMER_REAL, SIGALRM, setitimer, signal
from sys import modules

from cloudpickle import CloudPickler

from .lost import Lost, name_and_reason

_PROTOCOL = 5

# What is smaller travels in the pickle.
_BUFFER_BYTES = 1 << 16
_PROBE_BYTES = 4 << 20
_SECONDS = 5.0
_MAX_REASON = 200

_KINDS = {
    "a generator": (types.GeneratorType, types.AsyncGeneratorType),
    "a coroutine": (types.CoroutineType,),
    "a socket": (socket.socket,),
    "a lock": (type(threading.Lock()), type(threading.RLock())),
    "an open file": (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.BufferedRWPair, io.FileIO),
    "a running program": (subprocess.Popen,),
    "a frame of a stack": (types.FrameType,),
    "a traceback": (types.TracebackType,),
    "a memoryview": (memoryview,),
    "a database connection": (sqlite3.Connection,),
    "an event loop": (asyncio.SelectorEventLoop,),
    "a task": (asyncio.Task, asyncio.Future),
    "a thread": (threading.Thread,),
}
# By identity: a class of the user's may have no hash.
_WORDS = {id(kind): words for words, kinds in _KINDS.items() for kind in kinds}

# Objects that are compared by identity, and have no name of their own in a pickle.
_SENTINELS = {f"dataclasses.{name}": getattr(dataclasses, name) for name in
              ("MISSING", "KW_ONLY", "_FIELD", "_FIELD_CLASSVAR", "_FIELD_INITVAR", "_HAS_DEFAULT_FACTORY") if hasattr(dataclasses, name)}
_CACHED = type(functools.lru_cache(len))

_NO_PICKLE = re.compile(r"cannot pickle '(.{1,100})' object")
_OPCODE_FRAME = 0x95

# Pickles that put what `persistent_load` yields into the memo: for a number, and for "lost".
_PUT_KNOWN = b"J%bQr%b0"
_PUT_LOST = b"\x80\x04%b\x8c\x04lostQ%b."


class NotCarried(Exception):
    """`words`: what cannot be carried, with its article."""

    def __init__(self, words: str):
        super().__init__(words)
        self.words = words


class TooMuch(BaseException):
    """Raised while user code runs, which is not asked whether it wants to catch it."""


class NoMemory(Exception):
    """There is none left for anything."""


class Segment:
    """One variable. `start`: the number of its first object in the memo of all."""

    def __init__(self, start: int, parts: list, buffers: list):
        self.start = start
        self.parts = parts
        self.buffers = buffers


class Pickling:
    """`known`: name -> object that is not carried but found again, such as the namespace itself.

    `max_bytes` bounds what all variables take beyond their large buffers, which are not copied.
    """

    def __init__(self, known: dict, namespace: dict, max_bytes: int):
        self._sink = _Sink(max_bytes)
        self._known = {id(value): name for name, value in (_SENTINELS | known).items()}
        self._namespace = namespace
        self._pickler = self._make()
        self._before = self._make()
        self.failures = []

    def run(self, items: list, reason_of) -> list:
        """[(key, Segment)] of all (key, value) that can be carried; the others are in `failures` as (key, words)."""
        done = []
        while items:
            # A copy of the whole memo, which is made only when something has failed.
            self._before.memo = self._pickler.memo
            segments, failed = self._run(items, reason_of)
            if failed is None:
                return done + segments
            # What it had put into the memo is in no pickle. Those before it are done again, without it.
            self._pickler.memo = self._before.memo
            before, items = items[:failed], items[failed + 1:]
            done += self.run(before, reason_of)
        return done

    def _run(self, items: list, reason_of) -> tuple[list, int | None]:
        segments = []
        for index, (key, value) in enumerate(items):
            try:
                segments.append((key, self._segment(key, value)))
            except BaseException as error:
                self.failures.append((key, reason_of(value, error)))
                return segments, index
        return segments, None

    def _segment(self, key, value) -> Segment:
        pickler, sink = self._pickler, self._sink
        first = [key]
        sink.begin()
        with _Deadline():
            pickler.dump(first)
            pickler.dump(value)
        parts, buffers = sink.take()
        # Asking for it again yields its number and adds nothing to the memo.
        pickler.dump(first)
        return Segment(_number_in(b"".join(sink.take()[0])), parts, buffers)

    def _make(self) -> "_Pickler":
        return _Pickler(self._sink, self._known, self._namespace)


class Unpickling:
    """The other way: loads segments in the order in which they were made."""

    def __init__(self, known: dict):
        self._known = _SENTINELS | known
        self._queue = []
        self._renew()

    def load(self, pickle: bytes, buffers: list):
        """The value. Runs user code."""
        self._source.set(pickle)
        self._queue = buffers[::-1]
        self._unpickler.load()
        return self._unpickler.load()

    def forget(self, start: int, end: int, lost: Lost) -> None:
        """A segment could not be loaded: whoever shares an object with it gets `lost` in its place."""
        # An unpickler that has failed still holds the rest of what it was reading. Another one takes over its memo.
        memo = self._unpickler.memo.copy()
        self._renew()
        numbers = [number for number in memo if number < start]
        self._known |= {"lost": lost} | {number: memo[number] for number in numbers}
        kept = b"".join(_PUT_KNOWN % (packed, packed) for packed in map(_pack_number, numbers))
        forgotten = b"".join(b"r" + _pack_number(number) for number in range(start, end))
        self._source.set(_PUT_LOST % (kept, forgotten))
        self._unpickler.load()
        for number in numbers:
            del self._known[number]

    def _renew(self) -> None:
        self._source = _Source()
        self._unpickler = _Unpickler(self._source, self._known, self._next_buffer)

    def _next_buffer(self):
        while self._queue:
            yield self._queue.pop()


class _Pickler(CloudPickler):
    def __init__(self, sink, known: dict, namespace: dict):
        super().__init__(sink, protocol=_PROTOCOL, buffer_callback=sink.take_buffer)
        self._known = known
        self._namespace = namespace
        # A function of the session keeps its globals; otherwise it would get some of its own.
        self.globals_ref[id(namespace)] = namespace

    def persistent_id(self, value):
        return self._known.get(id(value))

    def reducer_override(self, value):
        kind = type(value)
        words = _WORDS.get(id(kind))
        if words is not None:
            raise NotCarried(words)
        if kind is Lost:
            return Lost, name_and_reason(value)
        if kind is types.ModuleType and not is_importable(value):
            raise NotCarried("a module that cannot be imported")
        if kind is functools.cached_property:
            # It has a lock, which another one of it will have too.
            return functools.cached_property, (value.func,), {"attrname": value.attrname}
        if kind is weakref.WeakKeyDictionary or kind is weakref.WeakValueDictionary:
            return kind, (dict(value),)
        if kind is _CACHED and value.__module__ == "__main__":
            # It would be looked for by its name, before it has one.
            return restore_cached, (value.__wrapped__, *value.cache_parameters().values())
        reduced = super().reducer_override(value)
        if issubclass(kind, type) and type(reduced) is tuple and typing.NamedTuple in vars(value).get("__orig_bases__", ()):
            # A function that stands for a base class would make another class of it.
            constructor, name, _, *rest = reduced[1]
            return reduced[0], (constructor, name, value.__bases__, *rest), *reduced[2:]
        return reduced

    def _dynamic_function_reduce(self, function):
        reduced = super()._dynamic_function_reduce(function)
        if function.__globals__ is self._namespace:
            # Its globals are variables of the session, which are carried for themselves, or lost for themselves.
            reduced[2][1]["__globals__"] = {}
        return reduced


def restore_cached(function, maxsize, typed):
    """A function with an empty cache. Found by this name in checkpoints."""
    return functools.lru_cache(maxsize, typed)(function)


class _Unpickler(Unpickler):
    def __init__(self, source, known: dict, next_buffer):
        super().__init__(source, buffers=next_buffer())
        self._known = known

    def persistent_load(self, name):
        return self._known[name]


class _Sink:
    """Where a pickler writes: keeps what it is given, and does not copy it."""

    def __init__(self, max_bytes: int):
        self._left = max_bytes
        self._parts = []
        self._buffers = []

    def begin(self) -> None:
        self._parts, self._buffers = [], []

    def write(self, data) -> int:
        size = len(data)
        self._left -= size
        if self._left < 0:
            self._left += size
            raise TooMuch("it is too large")
        self._parts.append(data)
        return size

    def take_buffer(self, buffer: PickleBuffer) -> bool:
        """Whether it is to travel in the pickle."""
        view = buffer.raw()
        if view.nbytes < _BUFFER_BYTES:
            return True
        self._buffers.append(view)
        return False

    def take(self) -> tuple[list, list]:
        taken = self._parts, self._buffers
        self.begin()
        return taken


class _Source:
    """Where an unpickler reads: one segment after the other."""

    def __init__(self):
        self.set(b"")

    def set(self, data: bytes) -> None:
        self._stream = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._stream.read(size)

    def readline(self) -> bytes:
        return self._stream.readline()

    def readinto(self, target) -> int:
        return self._stream.readinto(target)


class _Deadline:
    """Of one variable; code in C is not interrupted by it."""

    def __enter__(self):
        signal(SIGALRM, _raise_too_much)
        setitimer(ITIMER_REAL, _SECONDS)

    def __exit__(self, *_):
        setitimer(ITIMER_REAL, 0)


def _pack_number(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _raise_too_much(number, frame):
    raise TooMuch("saving it takes too long")


def _number_in(pickle: bytes) -> int:
    """Of a pickle that is nothing but one object of the memo."""
    start = 11 if pickle[2] == _OPCODE_FRAME else 2
    return int.from_bytes(pickle[start + 1:-1], "little")


def is_importable(module) -> bool:
    """By its name, in another process."""
    try:
        name, spec = module.__name__, module.__spec__
        if name == "__main__" or modules.get(name) is module and spec is not None and spec.origin is not None:
            return True
        return name in modules and spec is not None and find_spec(name) is not None
    except Exception:
        return False


def reason_of(value, error: BaseException) -> str:
    """Why a variable is not carried, for its user. Raises NoMemory when that is true of all of them."""
    if isinstance(error, MemoryError):
        _check_memory()
        return "there is not enough memory to save it"
    if isinstance(error, NotCarried):
        is_itself = _WORDS.get(id(type(value))) == error.words or isinstance(value, types.ModuleType)
        return f"{error.words} cannot be saved" if is_itself else f"it holds {error.words}, which cannot be saved"
    for words, kinds in _KINDS.items():
        if issubclass(type(value), kinds):
            return f"{words} cannot be saved"
    if isinstance(error, TooMuch):
        return str(error)
    if isinstance(error, RecursionError):
        return "it nests too deeply"
    return _cut(_words_of(error))


def reason_of_load(error: BaseException) -> str:
    return _cut(f"it cannot be restored: {_words_of(error)}")


def _words_of(error: BaseException) -> str:
    try:
        text = str.__str__(str(error))
    except BaseException:
        text = ""
    if (found := _NO_PICKLE.search(text)) is not None:
        return f"a {found[1]!r} cannot be saved"
    if "recursion" in text:
        return "it nests too deeply"
    name = type.__dict__["__name__"].__get__(type(error))
    return f"{name}: {text}" if text else name


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_REASON else text[:_MAX_REASON - 1] + "…"


def _check_memory() -> None:
    try:
        bytearray(_PROBE_BYTES)
    except MemoryError:
        raise NoMemory from None
