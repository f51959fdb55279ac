"""What cannot be carried, and the words in which its user is told."""

import asyncio
import io
import re
import socket
import sqlite3
import subprocess
import threading
import types

_PROBE_BYTES = 4 << 20
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
WORDS = {id(kind): words for words, kinds in _KINDS.items() for kind in kinds}

_NO_PICKLE = re.compile(r"cannot pickle '(.{1,100})' object")


class NotCarried(Exception):
    """`words`: what cannot be carried, with its article."""

    def __init__(self, words: str):
        super().__init__(words)
        self.words = words


class TooMuch(BaseException):
    """Raised while user code runs, which is not asked whether it wants to catch it."""


class NoMemory(Exception):
    """There is none left for anything."""


def reason_of(value, error: BaseException) -> str:
    """Why a variable is not carried, for its user. Raises NoMemory when that is true of all of them."""
    if isinstance(error, MemoryError):
        _check_memory()
        return "there is not enough memory to save it"
    if isinstance(error, NotCarried):
        is_itself = WORDS.get(id(type(value))) == error.words or isinstance(value, types.ModuleType)
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
