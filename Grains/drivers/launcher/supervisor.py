"""The supervisor of one interpreter: a loop that pumps and never blocks, and the end of everything it started."""

import math
import os
import select
import time

from . import processes
from .checkpoints.attachments import RESTORE, SAVE
from .checkpoints.room import Room
from .checkpoints.saving import Saving
from .driver_process import DriverProcess
from .frames import FrameError
from .handover import GO_ON, HALT, Handed, receive
from .outbox import Outbox
from .output import OutputStream
from .relay import Relay

_READ_BYTES = 65536

# Above this much unread by the host, events stay in the driver's pipe. Output needs no such bound, `stream_bytes` is
# one; so a slow host holds back items, and never what a program prints.
HOST_HIGH_WATER = 64 * 1024 * 1024

# How long a driver that closed a descriptor of the protocol may take to be seen exiting, which is no fault.
_EXIT_SECONDS = 2.0

# Killing takes as long as the kernel needs to free memory; a fork bomb may win a few rounds.
_KILL_SECONDS = 10.0

# For the host to take the last frames.
_FAREWELL_SECONDS = 10.0
_HURRIED_FAREWELL_SECONDS = 1.0


class Supervisor:
    """Between `host`, a connected non-blocking socket's descriptor, and `driver`. `streams`: its stdout and stderr.

    `control`: a socket that yields connections to save to and to restore from, and at whose end the launcher wants the
    interpreter to end.
    """

    def __init__(self, host: int, control: int, driver: DriverProcess, streams: list[OutputStream], language: str,
                 signals: processes.SignalPipe):
        self._host = Outbox(host)
        self._driver = driver
        self._streams = streams
        self._signals = signals
        self._relay = Relay(self._host, driver, streams, language)
        self._control = control
        self._saving = Saving(driver.attachments)
        self._ending: dict | None = None
        self._exit_deadline: float | None = None
        self._poll = select.poll()
        self._interests: dict[int, int] = {}
        # poll reports in this order, so a `done` that is there already settles before an interrupt that is too late.
        self._handlers = {signals.fd: self._on_signal, driver.events: self._on_events, host: self._on_host,
                          control: self._on_control, driver.attachments.fd: self._on_attachments}
        for stream in streams:
            self._handlers[stream.fd] = lambda stream=stream: self._on_output(stream)
        self._handlers[driver.requests.fd] = driver.requests.flush

    def run(self) -> None:
        """Until the interpreter has ended, nothing of it is left and the host has been told."""
        for fd in self._handlers:
            if fd != self._driver.requests.fd:
                self._watch(fd, select.POLLIN)
        while self._ending is None:
            self._turn()
        self._finish()

    def _turn(self) -> None:
        for fd, _ in self._poll.poll(self._milliseconds_to_wait()):
            if self._ending is None and fd in self._interests:
                self._handlers[fd]()
        self._host.flush()
        self._check_peers()
        self._update_interests()

    def _end(self, reason: str, **members) -> None:
        if self._ending is None:
            self._ending = {"reason": reason} | members

    # --- what poll reports

    def _on_signal(self) -> None:
        self._signals.drain()
        for pid, status in processes.reap():
            self._on_exit(pid, status)
        if self._signals.terminated:
            self._end("closed")

    def _on_exit(self, pid: int, status: int) -> None:
        if pid == self._driver.pid:
            self._driver.status = status

    def _on_host(self) -> None:
        try:
            data = os.read(self._host.fd, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end("closed")
            return
        try:
            self._relay.on_host_data(data)
        except FrameError as error:
            self._end("protocol", detail=str(error))

    def _on_events(self) -> bool:
        """One read; False when there is nothing more to read now."""
        try:
            data = os.read(self._driver.events, _READ_BYTES)
        except BlockingIOError:
            return False
        if not data:
            self._unwatch(self._driver.events)
            self._driver.unreachable = True
            return False
        try:
            self._relay.on_driver_data(data)
        except FrameError as error:
            self._end("protocol", detail=str(error))
            return False
        return True

    def _on_control(self) -> None:
        handed = receive(self._control)
        if handed is None:
            self._end("closed")
        elif handed.word == HALT:
            self._driver.halt()
        elif handed.word == GO_ON:
            self._driver.go_on()
        elif handed.connection is not None:
            # Whatever becomes of it is up to the driver; if it gets none, this closes the last of it.
            try:
                self._attach(handed)
            finally:
                os.close(handed.connection)

    def _attach(self, handed: Handed) -> None:
        room = Room(handed.room)
        if handed.word == SAVE and self._relay.is_idle and not self._saving.is_under_way:
            if self._saving.begin(handed.connection, room):
                self._relay.save()
            return
        room.close()
        if handed.word == RESTORE and self._relay.may_restore:
            self._driver.attachments.give(RESTORE, handed.connection)

    def _on_attachments(self) -> None:
        try:
            self._saving.on_answer(self._driver.pid, self._driver.is_halted)
        except EOFError:
            # Closed by user code, in the driver and all of its children: then nothing will be saved any more.
            self._unwatch(self._driver.attachments.fd)
        process = self._saving.process
        if process is not None and process not in self._handlers:
            self._handlers[process] = self._on_saved
            self._watch(process, select.POLLIN)

    def _on_saved(self) -> None:
        process = self._saving.process
        self._unwatch(process)
        del self._handlers[process]
        self._saving.on_end()

    def _on_output(self, stream: OutputStream) -> None:
        self._relay.on_output(stream)
        if stream.closed:
            self._unwatch(stream.fd)

    # --- after each turn

    def _check_peers(self) -> None:
        self._driver.nudge_if_due(self._relay.is_busy)
        self._saving.end_if_due()
        if self._host.broken:
            self._end("closed")
        if self._driver.status is not None:
            self._end(**self._driver.how_it_ended(self._relay.is_restoring))
        elif self._driver.unreachable or self._driver.requests.broken:
            now = time.monotonic()
            if self._exit_deadline is None:
                self._exit_deadline = now + _EXIT_SECONDS
            elif now >= self._exit_deadline:
                self._end("protocol", detail="the driver closed a descriptor of the protocol")

    def _update_interests(self) -> None:
        self._watch(self._host.fd, select.POLLIN | (select.POLLOUT if self._host.size else 0))
        requests = self._driver.requests
        if requests.size:
            self._watch(requests.fd, select.POLLOUT)
        else:
            self._unwatch(requests.fd)
        if self._host.size > HOST_HIGH_WATER or self._driver.unreachable:
            self._unwatch(self._driver.events)
        else:
            self._watch(self._driver.events, select.POLLIN)

    def _milliseconds_to_wait(self) -> float | None:
        due = [at for at in (self._exit_deadline, self._driver.nudge_at, self._saving.deadline) if at not in (None, math.inf)]
        if not due:
            return None
        # Rounded up: poll would otherwise return just before the time, again and again.
        return max(0, min(due) - time.monotonic()) * 1000 + 1

    def _watch(self, fd: int, events: int) -> None:
        if self._interests.get(fd) != events:
            self._interests[fd] = events
            self._poll.register(fd, events)

    def _unwatch(self, fd: int) -> None:
        if self._interests.pop(fd, None) is not None:
            self._poll.unregister(fd)

    # --- the end

    def _finish(self) -> None:
        self._driver.kill()
        processes.kill_descendants(self._signals, _KILL_SECONDS, self._on_exit)
        if self._ending["reason"] in ("exited", "signaled", "memory"):
            # The last events of a driver that ended by itself still count; nobody can add to them any more.
            while self._on_events():
                pass
        self._relay.finish(**self._ending)
        self._say_farewell()

    def _say_farewell(self) -> None:
        deadline = time.monotonic() + _FAREWELL_SECONDS
        poll = select.poll()
        poll.register(self._host.fd, select.POLLOUT)
        poll.register(self._signals.fd, select.POLLIN)
        while True:
            self._host.flush()
            if self._signals.terminated:
                deadline = min(deadline, time.monotonic() + _HURRIED_FAREWELL_SECONDS)
            left = deadline - time.monotonic()
            if self._host.size == 0 or left <= 0:
                return
            poll.poll(left * 1000)
            self._signals.drain()
