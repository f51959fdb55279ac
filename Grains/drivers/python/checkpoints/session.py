"""Saves a session and restores it: files, variables, and what else it is made of."""

import builtins
import platform
import re
from collections.abc import Callable
from os import _exit, close, getpid, listdir
from resource import RLIM_INFINITY, RLIMIT_DATA, getrlimit

import cloudpickle

from sandbox_launcher.checkpoints.attachments import RESTORE, SAVE
from sandbox_launcher.checkpoints.failures import Absent, NotEmpty, code_of
from sandbox_launcher.checkpoints.packing import pack as pack_files
from sandbox_launcher.checkpoints.stream import Damaged, Reader, Writer, check_header, check_trailer, header, trailer
from sandbox_launcher.checkpoints.stream import Lost as LostItem
from sandbox_launcher.checkpoints.unpacking import unpack as unpack_files
from sandbox_launcher.frames import HEADER_BYTES, FrameError, json_bytes, pack, parse

from . import forked_copy
from .large_pages import LargePages
from .lost import Lost, name_and_reason
from .pickling import Pickling
from .reasons import reason_of, reason_of_load
from .settings import Settings
from .unpickling import Unpickling

LANGUAGE = "python"
# Functions travel as the code of this very version, classes by what this version of the library makes of them.
_RUNTIME = {"python": ".".join(platform.python_version_tuple()[:2]), "cloudpickle": ".".join(cloudpickle.__version__.split(".")[:2])}

_SAVE_SECONDS = 1.0
_RESTORE_SECONDS = 10.0

# In a tier without limits.
_DEFAULT_MEMORY = 512 << 20
_MAX_SEGMENT_FRAME = 32 << 20
_MAX_LOST = 10_000

_VARIABLE, _OUTPUT, _SETTING = "variable", "output", "setting"

# What the shell keeps in the namespace for itself.
_OF_THE_SHELL = re.compile(r"In|Out|_ih|_oh|_dh|_i|_ii|_iii|_i\d+|_\d+|get_ipython|exit|quit|open"
                           r"|__(?:name|doc|package|loader|spec|builtin|builtins)__")
_OF_THE_HOOK = ("_", "__", "___")


class Checkpoint:
    """Of the session of `shell`. Made by the launcher, where no session has begun."""

    def __init__(self, shell):
        self._shell = shell
        self._home = ""
        self._known = {"globals": shell.user_ns, "main": shell.user_module, "shell": shell}
        self._max_bytes = 0
        self._of_every_session = dict(shell.user_ns)
        self.settings = Settings(shell)
        self._large_pages = LargePages()

    def begin(self, home: str, directory: str, found: dict) -> None:
        """The session has got its environment and its limits. It begins in `directory`, which is below its home.

        `found`: name -> object that every session has.
        """
        self._home = home
        self._known |= found
        soft, _ = getrlimit(RLIMIT_DATA)
        self._max_bytes = (_DEFAULT_MEMORY if soft == RLIM_INFINITY else soft) // 2
        self.settings.begin(home, directory)

    # --- saving

    def save(self, attachments, request_waiting) -> None:
        """Returns soon; a copy of this process does the work. `request_waiting` tells whether the session is wanted even sooner."""
        connection = attachments.take(SAVE, _SAVE_SECONDS)
        if connection is not None:
            self._shorten_fork(request_waiting)
        # The copy begins a sequence of its own, as any fork does.
        self.settings.hold_random()
        if connection is None or not forked_copy.start(self.write, connection):
            attachments.say_in_vain()
        if connection is not None:
            close(connection)

    def _shorten_fork(self, request_waiting) -> None:
        try:
            self._large_pages.use(lambda: not request_waiting())
        except BaseException:
            pass  # It takes longer, that is all. What handlers of user code's signals raise here is raised in nobody's code.

    def write(self, fd: int, pause: Callable[[], float]) -> None:
        """Writes the whole checkpoint. In a copy: runs user code, and bends the session out of shape.

        `pause` tells for how long the session stood still, in milliseconds.
        """
        writer = Writer(fd)
        writer.frame(header(LANGUAGE, _RUNTIME))
        writer.begin_section()
        lost = pack_files(writer, self._home)
        writer.end_section()
        file_bytes = writer.section_bytes
        writer.begin_section()
        lost += self._write_heap(writer)
        writer.end_section()
        writer.frame(trailer(file_bytes, writer.section_bytes, lost, pause_ms=pause()))

    def _write_heap(self, writer: Writer) -> list:
        work = Pickling(self._known, self._shell.user_ns, self._max_bytes)
        items, lost = self._items()
        segments = work.run(items)
        lost += [LostItem(*key, reason) for key, reason in work.failures]
        for (kind, name), segment in segments:
            size = sum(map(len, segment.parts))
            buffers = [[buffer.nbytes, buffer.readonly] for buffer in segment.buffers]
            writer.write(pack(json_bytes({"kind": kind, "name": name, "start": segment.start, "pickle": size, "buffers": buffers})))
            for buffer in segment.buffers:
                writer.write(buffer)
            for part in segment.parts:
                writer.write(part)
        writer.write(pack(json_bytes({"end": len(segments), "lost": [one.to_json() for one in lost[:_MAX_LOST]]})))
        return lost

    def _items(self) -> tuple[list, list]:
        """((kind, name), value) of all there is to keep, in the order of restoring, and what is known to be lost."""
        items, lost = [], []

        def add(kind: str, name: str, value) -> None:
            if type(value) is Lost:
                lost.append(LostItem(kind, name, name_and_reason(value)[1]))
            else:
                items.append(((kind, name), value))

        def add_settings(parts: dict) -> None:
            for name, (get, _) in parts.items():
                try:
                    value = get()
                except Exception as error:
                    lost.append(LostItem(_SETTING, name, reason_of(None, error)))
                else:
                    if value is not None and value != {}:
                        add(_SETTING, name, value)

        add_settings(self.settings.parts())
        for name, value in list(self._shell.user_ns.items()):
            if type(name) is str and not self._is_of_the_shell(name, value):
                add(_VARIABLE, name, value)
        for number, value in list(self._shell.history_manager.output_hist.items()):
            if type(number) is int:
                add(_OUTPUT, str(number), value)
        add_settings(self.settings.last_parts())
        return items, lost

    def _is_of_the_shell(self, name: str, value) -> bool:
        if name in _OF_THE_HOOK:
            return type(value) is str and value == ""
        if _OF_THE_SHELL.fullmatch(name) is None:
            return False
        # Whoever calls a variable `exit` wants it back.
        return name not in self._of_every_session or self._of_every_session[name] is value or name.startswith("_")

    # --- restoring

    def restore(self, attachments) -> list:
        """What was lost. Ends the process if the session cannot be restored. Runs user code."""
        owner = getpid()
        try:
            lost = self._restore(attachments)
        except BaseException as error:
            _exit(code_of(error))
        if getpid() != owner:
            # A child that user code has forked meanwhile; the session is the parent's.
            _exit(0)
        return lost

    def _restore(self, attachments) -> list:
        fd = attachments.take(RESTORE, _RESTORE_SECONDS)
        if fd is None:
            raise Absent
        reader = Reader(fd)
        check_header(reader.frame(), LANGUAGE, _RUNTIME)
        if listdir(self._home):
            raise NotEmpty
        reader.begin_section()
        unpack_files(reader, self._home)
        reader.end_section()
        self.settings.enter_directory()
        reader.begin_section()
        lost = self._read_heap(reader)
        reader.end_section()
        lost += [one for one in check_trailer(reader.frame()) if one.kind == "file"]
        reader.end()
        close(fd)
        return lost

    def _read_heap(self, reader: Reader) -> list:
        settings = self.settings.parts() | self.settings.last_parts()
        work = Unpickling(dict(self._known))
        lost, failed = [], None
        while "end" not in (segment := _frame(reader)):
            kind, name, start = _identity(segment)
            if failed is not None:
                work.forget(failed[0], start, Lost(*failed[1:]))
                failed = None
            buffers = [_buffer(reader, *buffer) for buffer in segment["buffers"]]
            pickle = reader.read(segment["pickle"])
            try:
                self._put(kind, name, work.load(pickle, buffers), settings)
            except MemoryError:
                raise
            except BaseException as error:
                reason = reason_of_load(error)
                lost.append(LostItem(kind, name, reason))
                failed = start, name, reason
        # What functions were given for it.
        self._shell.user_ns["__builtins__"] = builtins
        lost = [LostItem.of_json(one) for one in segment["lost"]] + lost
        for one in lost:
            if one.kind in (_VARIABLE, _OUTPUT):
                self._put(one.kind, one.name, Lost(one.name if one.kind == _VARIABLE else f"Out[{one.name}]", one.reason), settings)
        return lost

    def _put(self, kind: str, name: str, value, settings: dict) -> None:
        names = self._shell.user_ns
        if kind == _SETTING:
            settings[name][1](value)
        elif kind == _OUTPUT:
            names[f"_{int(name)}"] = self._shell.history_manager.output_hist[int(name)] = value
        else:
            names[name] = value
            if name in _OF_THE_HOOK:
                # It goes on with them only as long as they are what it put there.
                setattr(self._shell.displayhook, name, value)


def _frame(reader: Reader) -> dict:
    length = int.from_bytes(reader.read(HEADER_BYTES), "little")
    if not 1 <= length <= _MAX_SEGMENT_FRAME:
        raise Damaged("frame length out of range")
    try:
        return parse(reader.read(length))
    except FrameError as error:
        raise Damaged(str(error)) from None


def _identity(segment: dict) -> tuple[str, str, int]:
    identity = segment.get("kind"), segment.get("name"), segment.get("start")
    if tuple(map(type, identity)) != (str, str, int):
        raise Damaged("a segment without a name")
    return identity


def _buffer(reader: Reader, size: int, is_read_only: bool):
    if is_read_only:
        return reader.read(size)
    data = bytearray(size)
    reader.read_into(data)
    return data
