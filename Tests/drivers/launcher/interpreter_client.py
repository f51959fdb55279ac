"""The host's side of the protocol, as a test wants it."""

import itertools
import select
import socket
import struct
import time
from dataclasses import dataclass, field
from fcntl import ioctl
from termios import TIOCOUTQ

from sandbox_launcher.frames import FrameReader, json_bytes, pack, parse

PATIENCE = 20.0
LIMITS = {"stream_bytes": 1 << 20, "item_bytes": 16 << 20}


@dataclass
class Outcome:
    """All events of one execution."""

    events: list = field(default_factory=list)

    def of(self, kind: str) -> list:
        return [event for event in self.events if event["event"] == kind]

    @property
    def done(self):
        return next(iter(self.of("done")), None)

    @property
    def ended(self):
        return next(iter(self.of("ended")), None)

    @property
    def error(self):
        return (self.done or {}).get("error")

    @property
    def items(self) -> list:
        return self.of("item")

    @property
    def primary(self):
        return next((item["data"] for item in self.items if item.get("primary")), None)

    @property
    def text(self):
        return (self.primary or {}).get("text/plain")

    @property
    def stdout(self) -> str:
        return "".join(event["text"] for event in self.of("stdout"))

    @property
    def stderr(self) -> str:
        return "".join(event["text"] for event in self.of("stderr"))

    def dropped(self, stream: str) -> int:
        return sum(event["bytes"] for event in self.of("dropped") if event["stream"] == stream)

    @property
    def lines(self) -> list:
        """What a reader sees, in order: lines of output, and the plain texts of items."""
        text = ""
        for event in self.events:
            if event["event"] in ("stdout", "stderr"):
                text += event["text"]
            elif event["event"] == "item":
                text += ("" if text.endswith("\n") or not text else "\n") + event["data"]["text/plain"] + "\n"
        return text.splitlines()


class Interpreter:
    """A connection to a launcher, or a socket to a supervisor. Every wait is bounded."""

    def __init__(self, connection: socket.socket, home: "Home | None" = None):
        self._socket = connection
        self._home = home
        self._reader = FrameReader()
        self._ids = itertools.count(1)
        self.closed = False

    def start(self, env=None, restore=False, cwd=None, **limits) -> "Interpreter":
        optional = {"restore": restore or None, "cwd": cwd}
        self.send({"op": "start", "limits": LIMITS | limits, "env": env or {}}
                  | {name: value for name, value in optional.items() if value is not None})
        return self

    def send(self, request: dict) -> None:
        self.send_bytes(pack(json_bytes(request)))

    def send_bytes(self, data: bytes) -> None:
        self._socket.settimeout(PATIENCE)
        self._socket.sendall(data)

    def receive(self, patience: float = PATIENCE):
        """The next event; None at the end of the stream; raises TimeoutError when nothing comes."""
        deadline = time.monotonic() + patience
        while (body := self._reader.next_body()) is None:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                data = self._socket.recv(1 << 18)
            except ConnectionResetError:
                data = b""
            if not data:
                self.closed = True
                return None
            self._reader.feed(data)
        return parse(body)

    def receive_until(self, *kinds: str, into: Outcome | None = None, patience: float = PATIENCE) -> Outcome:
        outcome = into or Outcome()
        while True:
            event = self.receive(patience)
            assert event is not None, f"the connection ended before any of {kinds}: {outcome.events[-3:]}"
            outcome.events.append(event)
            if event["event"] in kinds:
                return outcome

    def hello(self) -> dict:
        return self.receive_until("hello").events[-1]

    def begin(self, code: str, env=None, count: int | None = None) -> str:
        number = next(self._ids)
        execution = f"e{number}"
        self.send({"op": "execute", "id": execution, "count": count or number, "code": code, "env": env or {}})
        return execution

    def finish(self, execution: str, into: Outcome | None = None, patience: float = PATIENCE) -> Outcome:
        outcome = self.receive_until("done", "ended", into=into, patience=patience)
        for event in outcome.events:
            assert event["event"] in ("hello", "ended") or event["id"] == execution, event
        return outcome

    def run(self, code: str, env=None, count: int | None = None, patience: float = PATIENCE) -> Outcome:
        return self.finish(self.begin(code, env, count), patience=patience)

    def ask(self, op: str, code: str, cursor: int | None = None) -> str:
        """Begins an inquiry; without a cursor at the end of the code."""
        inquiry = f"q{next(self._ids)}"
        self.send({"op": op, "id": inquiry, "code": code, "cursor": len(code) if cursor is None else cursor})
        return inquiry

    def answer(self, inquiry: str) -> dict:
        event = self.receive_until("completions", "inspection", "ended").events[-1]
        assert event["event"] == "ended" or event["id"] == inquiry, event
        return event

    def complete(self, code: str, cursor: int | None = None) -> dict:
        return self.answer(self.ask("complete", code, cursor))

    def inspect(self, code: str, cursor: int | None = None) -> dict:
        return self.answer(self.ask("inspect", code, cursor))

    def interrupt(self, execution: str, rung: int = 1) -> None:
        self.send({"op": "interrupt", "id": execution, "rung": rung})

    def hang_up(self) -> Outcome:
        """Shuts down the writing half, and reads to the end."""
        self._socket.shutdown(socket.SHUT_WR)
        outcome = Outcome()
        while (event := self.receive()) is not None:
            outcome.events.append(event)
        self.close()
        return outcome

    def receive_socket(self) -> socket.socket:
        """What a 0 before the first frame carries."""
        self._socket.settimeout(PATIENCE)
        data, descriptors, _, _ = socket.recv_fds(self._socket, 1, 1)
        assert data == b"\0" and len(descriptors) == 1
        return socket.socket(fileno=descriptors[0])

    def unheard(self) -> int:
        """How much of what was sent the other side has not taken in yet."""
        unread, = struct.unpack("i", ioctl(self._socket.fileno(), TIOCOUTQ, bytes(4)))
        return unread

    def has_event(self, seconds: float) -> bool:
        return bool(select.select([self._socket], [], [], seconds)[0])

    def close(self) -> None:
        """The interpreter, and its home where nobody else holds it."""
        self._socket.close()
        if self._home is not None:
            self._home.close()


class Home:
    """A connection that holds a home."""

    def __init__(self, path: str):
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(path)
        self._socket.sendall(pack(json_bytes({"op": "open"})))
        self.reply = Interpreter(self._socket).receive()
        self.name = self.reply.get("home")

    def enter(self, is_held: bool = True) -> Interpreter:
        """An interpreter in it; `is_held`: it outlives the interpreter."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self._path)
        interpreter = Interpreter(connection, None if is_held else self)
        interpreter.send({"op": "enter", "home": self.name})
        return interpreter

    def attach(self, op: str) -> socket.socket:
        """A connection to save to or to restore from."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE)
        connection.connect(self._path)
        connection.sendall(pack(json_bytes({"op": op, "home": self.name})))
        return connection

    def begin_save(self) -> socket.socket:
        """The connection of a save that is under way."""
        connection = self.attach("save")
        assert connection.recv(1, socket.MSG_PEEK)
        return connection

    def save(self) -> bytes:
        """All that comes of a save."""
        with self.attach("save") as connection:
            return read_all(connection)

    def restore(self, checkpoint: bytes, env=None, **limits) -> Interpreter:
        """An interpreter that has been given the checkpoint; what it says to that is still to come."""
        interpreter = self.enter().start(env, restore=True, **limits)
        with self.attach("restore") as connection:
            try:
                connection.sendall(checkpoint)
            except (BrokenPipeError, ConnectionResetError):
                pass  # It has read enough to know that it is none.
        return interpreter

    def close(self) -> None:
        self._socket.close()


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(1 << 20):
        parts.append(part)
    return b"".join(parts)
