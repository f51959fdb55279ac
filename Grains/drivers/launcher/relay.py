"""The conversation of one interpreter: who may say what when, and in which order it is passed on.

Knows the protocol and nothing of polling or processes. Any fault of either side is raised as FrameError.
"""

from . import egress
from .driver_process import DriverProcess
from .events import ANSWERS, check_event
from .frames import FrameError, FrameReader, json_bytes, json_string, pack, parse
from .outbox import Outbox
from .output import OutputStream
from .requests import check_request


_SAVE = json_bytes({"op": "save"})


class Relay:
    """`running` is the execution in flight, `asked` the inquiry; None between two. At most one of either is."""

    def __init__(self, host: Outbox, driver: DriverProcess, streams: list[OutputStream], language: str):
        self.running: str | None = None
        self.asked: str | None = None
        self._host = host
        self._host_reader = FrameReader()
        self._driver = driver
        self._driver_reader = FrameReader()
        self._streams = streams
        self._language = language
        self._stream_bytes: int | None = None
        self._greeted = False
        self._is_restored = False
        self._early_interrupt: tuple[int, bytes] | None = None
        self._primary_seen = False

    @property
    def is_restoring(self) -> bool:
        return self._is_restored and not self._greeted

    @property
    def may_restore(self) -> bool:
        """What to restore from can also come before the request that tells of it."""
        return self._stream_bytes is None or self.is_restoring

    @property
    def is_idle(self) -> bool:
        """Between two executions, when the session can be saved."""
        return self._greeted and not self.is_busy

    @property
    def is_busy(self) -> bool:
        return self.running is not None or self.asked is not None

    def save(self) -> None:
        """The driver finds what to write to among its attachments."""
        self._driver.send(_SAVE)

    # --- from the host

    def on_host_data(self, data: bytes) -> None:
        self._host_reader.feed(data)
        while (body := self._host_reader.next_body()) is not None:
            self._on_request(parse(body), body)

    def _on_request(self, request: dict, body: bytes) -> None:
        op = check_request(request)
        if (op == "start") == (self._stream_bytes is not None):
            raise FrameError("host: start must be the first request, once")
        if op == "start":
            self._stream_bytes = request["limits"]["stream_bytes"]
            self._is_restored = request.get("restore", False)
            if request.get("egress"):
                egress.hand_over(self._host.fd)
            self._driver.send(body)
        elif op == "execute":
            self._execute(request["id"], body)
        elif op == "interrupt":
            if request["id"] in (self.running, self.asked):
                self._interrupt(request["rung"], body)
        else:
            self._ask(request["id"], body)

    def _execute(self, execution: str, body: bytes) -> None:
        self._check_free()
        for stream in self._streams:
            stream.discard()
            stream.begin(self._stream_bytes)
        self._driver.begin()
        self.running = execution
        self._primary_seen = False
        self._driver.send(body)

    def _ask(self, inquiry: str, body: bytes) -> None:
        self._check_free()
        self._driver.begin()
        self.asked = inquiry
        self._driver.send(body)

    def _check_free(self) -> None:
        if self.is_busy:
            raise FrameError("host: a request while another one is in flight")

    def _interrupt(self, rung: int, body: bytes) -> None:
        if self._greeted:
            self._driver.interrupt(rung, body)
        else:
            # A runtime that has not set up its handlers yet would die of the signal.
            self._early_interrupt = rung, body

    # --- from the driver

    def on_driver_data(self, data: bytes) -> None:
        self._driver_reader.feed(data)
        while (body := self._driver_reader.next_body()) is not None:
            self._on_event(parse(body), body)

    def _on_event(self, event: dict, body: bytes) -> None:
        check_event(event, self.running, self.asked)
        kind = event["event"]
        if (kind == "hello") == self._greeted:
            raise FrameError("hello must be the first event, once")
        if kind == "hello":
            self._on_hello(event)
        else:
            self.forward_output()
        if kind == "item":
            self._check_primary(event)
        elif kind == "done":
            self._finish_output()
            self.running = None
        elif kind in ANSWERS:
            self.asked = None
        if kind != "sync":
            # As the driver wrote it: what has been checked is not written a second time.
            self._host.put(pack(body))
        if event.get("ack") is True and kind != "done":
            self._driver.acknowledge()

    def _on_hello(self, event: dict) -> None:
        if event["language"] != self._language:
            raise FrameError("hello of another language")
        if ("restored" in event) != self._is_restored:
            raise FrameError("hello of another session")
        self._greeted = True
        if self._early_interrupt is not None:
            self._driver.interrupt(*self._early_interrupt)

    def _check_primary(self, event: dict) -> None:
        if event.get("primary"):
            if self._primary_seen:
                raise FrameError("second primary item")
            self._primary_seen = True

    # --- from the output pipes

    def on_output(self, stream: OutputStream) -> None:
        """One read; between two executions what it yields belongs to none."""
        text = stream.read()
        if self.running is not None:
            self._put_text(stream, text)

    def forward_output(self) -> None:
        """All that is in both pipes now."""
        for stream in self._streams:
            if self.running is None:
                stream.discard()
                continue
            for text in stream.drain():
                self._put_text(stream, text)

    def _finish_output(self) -> None:
        for stream in self._streams:
            self._put_text(stream, stream.finish())
        for stream in self._streams:
            if stream.dropped:
                self._put({"event": "dropped", "id": self.running, "stream": stream.name, "bytes": stream.dropped})

    def _put_text(self, stream: OutputStream, text: str) -> None:
        if text:
            prefix = f'{{"event":"{stream.name}","id":"{self.running}","text":'
            self._host.put(pack(prefix.encode() + json_string(text) + b"}"))

    # --- the end

    def finish(self, reason: str, **members) -> None:
        """The last frame; `members` are those of `ended` that go with `reason`."""
        self.forward_output()
        ended = {"event": "ended", "reason": reason} | members
        if self.running is not None:
            self._finish_output()
            ended["id"] = self.running
            self.running = None
        self._put(ended)

    def _put(self, event: dict) -> None:
        self._host.put(pack(json_bytes(event)))
