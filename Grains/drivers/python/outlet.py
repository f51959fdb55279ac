"""Everything that leaves the driver, in the order in which the program made it: text on fds 1 and 2, and events."""

from _thread import RLock, get_ident
from os import getpid

from sandbox_launcher.frames import json_bytes

from .channel import Channel
from .flusher import Flusher
from .interrupts import Gate


class Outlet:
    """Thread-safe. Text and items of no execution are dropped here, so an item can never carry an old id."""

    def __init__(self, channel: Channel, gate: Gate):
        self.execution: str | None = None
        self._channel = channel
        self._gate = gate
        self._main_thread = get_ident()
        self._owner = getpid()
        self._is_fork = False
        self._streams = []
        self._last_written = None
        # A finalizer can print at any allocation of ours: re-entrant, or it would wait for itself.
        self._lock = RLock()
        self._sending = False
        self._postponed = []
        self._flusher = Flusher(self.flush)

    @property
    def is_fork(self) -> bool:
        """Whether this process is a child that user code forked. `fork` by way of ctypes runs no hooks, so ask."""
        if not self._is_fork and getpid() != self._owner:
            self.after_fork_in_child()
        return self._is_fork

    def add_stream(self, stream) -> None:
        self._streams.append(stream)

    def begin(self, execution: str) -> None:
        with self._lock:
            self._last_written = None
            self.execution = execution

    def send(self, event: dict) -> None:
        """An event that belongs to no user code: `hello`."""
        with self._lock:
            self._send(json_bytes(event))

    def end(self, done: dict) -> None:
        """Flushes, and sends `done`. What other threads print or show from now on belongs to no execution."""
        with self._lock:
            try:
                self._flush_all()
            except OSError:
                pass  # User code closed the pipe under its own text.
            self.execution = None
            self._channel.die_unless_intact()
            self._send(json_bytes(done))

    def write(self, stream, data: bytes) -> None:
        was_armed = self._gate.enter()
        try:
            with self._lock:
                if self.execution is None and not self._is_fork:
                    return
                if self._last_written is not stream:
                    self._turn_to(stream)
                # The main thread's text must be in the pipe before a child process or native code adds its own, which
                # nobody can tell in advance. Threads write lines, or theirs would be torn apart.
                through = self._is_fork or get_ident() == self._main_thread
                if stream.append(data, through):
                    self._flusher.schedule()
        finally:
            self._gate.leave(was_armed)

    def flush(self) -> None:
        was_armed = self._gate.enter()
        try:
            with self._lock:
                self._flush_all()
        finally:
            self._gate.leave(was_armed)

    def send_item(self, execution: str, body: bytes, acknowledged: bool) -> None:
        """`body` asks for an acknowledgement exactly when `acknowledged`; only the main thread may wait for one."""
        was_armed = self._gate.enter()
        try:
            with self._lock:
                if self.is_fork or self.execution != execution:
                    return
                self._flush_all()
                self._send(body, acknowledged)
        finally:
            self._gate.leave(was_armed)

    def may_wait(self) -> bool:
        return get_ident() == self._main_thread and not self._sending

    def before_fork(self) -> None:
        """No text may be in a buffer that two processes would then own."""
        try:
            self.flush()
        except OSError:
            pass

    def after_fork_in_child(self) -> None:
        """The protocol stays with the parent; the lock may have been held by a thread that is not here."""
        self._is_fork = True
        self._lock = RLock()
        self._sending = False
        for stream in self._streams:
            stream.forget()
        self._gate.after_fork_in_child()

    def _turn_to(self, stream) -> None:
        previous, self._last_written = self._last_written, stream
        if previous is None:
            return
        previous.flush_pending()
        if self.may_wait() and not self.is_fork:
            self._send(json_bytes({"event": "sync", "id": self.execution, "ack": True}), acknowledged=True)

    def _flush_all(self) -> None:
        failure = None
        for stream in self._streams:
            try:
                stream.flush_pending()
            except OSError as error:
                failure = error
        if failure is not None:
            raise failure

    def _send(self, body: bytes, acknowledged: bool = False) -> None:
        if self._sending:
            # A finalizer, in the middle of another frame.
            if not acknowledged:
                self._postponed.append(body)
            return
        self._sending = True
        try:
            self._channel.send(body)
            if acknowledged:
                self._channel.wait_for_acknowledgement()
                # Both pipes are empty now: whichever stream comes next needs no sync.
                self._last_written = None
        finally:
            self._sending = False
        while self._postponed and not self._sending:
            self._send(self._postponed.pop(0))
