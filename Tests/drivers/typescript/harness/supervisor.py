"""Stands in for the supervisor: gives a driver real pipes and follows PROTOCOL.md for what it prints and acknowledges.

Speaks JSON lines with the tests. In: a request of the protocol, or {"do": "signal"|"ring"|"close"|"raw", ...}. Out: the events
of the driver and of a supervisor, in order; {"event": "ended", "code"|"signal"} comes last.

    supervisor.py DIRECTORY COMMAND...
"""

import codecs
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys

CHUNK = 1 << 16


class Peer:
    def __init__(self, directory, command):
        self.requests_end, self.requests = os.pipe()
        self.events, self.events_end = os.pipe()
        self.acks_end, self.acks = os.pipe()
        self.bell, self.bell_end = socket.socketpair()
        self.attachments, self.attachments_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.out, out_end = os.pipe()
        self.err, err_end = os.pipe()
        os.set_blocking(self.requests_end, False)
        os.set_blocking(self.requests, False)
        self.process = subprocess.Popen(
            command, cwd=directory, stdin=subprocess.DEVNULL, stdout=out_end, stderr=err_end, close_fds=False,
            preexec_fn=self.arrange, env={"PATH": os.environ["PATH"], "HOME": directory, "LANG": "C.UTF-8", "TERM": "dumb",
                 "BUN_JSC_usePollingTraps": "1"})
        for end in (out_end, err_end, self.requests_end, self.events_end, self.acks_end):
            os.close(end)
        self.bell_end.close()
        self.attachments_end.close()
        for descriptor in (self.out, self.err, self.events):
            os.set_blocking(descriptor, False)
        self.decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")}
        self.backlog = b""
        self.buffer = b""
        self.running = None
        self.asked = None
        self.commands = b""

    def arrange(self):
        wanted = (self.requests_end, self.bell_end.fileno(), self.events_end, self.acks_end, self.attachments_end.fileno())
        high = [os.dup2(descriptor, 60 + index) for index, descriptor in enumerate(wanted)]
        for index, descriptor in enumerate(high):
            os.dup2(descriptor, 3 + index)
        os.closerange(8, 100)
        os.setpgid(0, 0)

    def run(self):
        with selectors.DefaultSelector() as selector:
            for descriptor in (0, self.out, self.err, self.events):
                selector.register(descriptor, selectors.EVENT_READ)
            while True:
                if self.backlog:
                    self.flush()
                for key, _ in selector.select(0.005 if self.backlog else None):
                    if key.fd == 0:
                        if not self.take_commands():
                            return
                    elif key.fd == self.events:
                        if not self.take_events():
                            self.end()
                            return
                    elif not self.take_output(key.fd):
                        selector.unregister(key.fd)

    def take_commands(self):
        data = os.read(0, CHUNK)
        if not data:
            self.process.kill()
            self.process.wait()
            return False
        self.commands += data
        *lines, self.commands = self.commands.split(b"\n")
        for line in lines:
            self.obey(json.loads(line))
        return True

    def obey(self, command):
        action = command.get("do")
        if action == "signal":
            os.kill(self.process.pid, getattr(signal, command["name"]))
        elif action == "ring":
            self.ring()
        elif action == "close":
            os.close(self.requests)
            self.bell.close()
        elif action == "raw":
            self.write(bytes.fromhex(command["hex"]))
        elif command["op"] == "interrupt":
            if command["id"] in (self.running, self.asked):
                self.send(command)
                os.kill(self.process.pid, signal.SIGINT)
        else:
            if command["op"] == "execute":
                self.discard()
                self.running = command["id"]
            elif command["op"] in ("complete", "inspect"):
                self.asked = command["id"]
            self.send(command)

    def send(self, frame):
        body = json.dumps(frame).encode()
        self.write(struct.pack("<I", len(body)) + body)

    def write(self, data):
        self.backlog += data
        self.flush()

    def flush(self):
        try:
            while self.backlog:
                self.backlog = self.backlog[os.write(self.requests, self.backlog[:CHUNK]):]
                self.ring()
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self.backlog = b""

    def ring(self):
        try:
            self.bell.send(b"!", socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except OSError:
            pass

    def discard(self):
        for descriptor in (self.out, self.err):
            while self.read(descriptor):
                pass

    @staticmethod
    def read(descriptor):
        try:
            return os.read(descriptor, CHUNK)
        except BlockingIOError:
            return None

    def take_output(self, descriptor):
        """One stream; False when it is at its end."""
        data = self.read(descriptor)
        if data:
            self.print(descriptor, data)
        return data != b""

    def print(self, descriptor, data):
        name = "stdout" if descriptor == self.out else "stderr"
        if self.running is not None:
            self.emit({"event": name, "id": self.running, "text": self.decoders[name].decode(data)})

    def pump(self):
        """Forwards all that is printed by now."""
        for descriptor in (self.out, self.err):
            while data := self.read(descriptor):
                self.print(descriptor, data)

    def take_events(self):
        data = self.read(self.events)
        if data is None:
            return True
        self.buffer += data
        while len(self.buffer) >= 4:
            (length,) = struct.unpack_from("<I", self.buffer)
            if not 1 <= length <= 1 << 25:
                self.emit({"event": "fault"})
                self.process.kill()
                return False
            if len(self.buffer) < 4 + length:
                break
            body, self.buffer = self.buffer[4:4 + length], self.buffer[4 + length:]
            self.forward(json.loads(body))
        return data != b""

    def forward(self, event):
        self.pump()
        if event["event"] != "sync":
            self.emit(event)
        if event.get("ack"):
            self.acknowledge()
        if event["event"] == "done":
            self.running = None
        elif event["event"] in ("completions", "inspection"):
            self.asked = None

    def acknowledge(self):
        try:
            os.write(self.acks, b"\0")
        except BrokenPipeError:
            pass

    def end(self):
        code = self.process.wait()
        self.pump()
        self.emit({"event": "ended", **({"code": code} if code >= 0 else {"signal": -code})})

    @staticmethod
    def emit(event):
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()


signal.signal(signal.SIGPIPE, signal.SIG_IGN)
Peer(sys.argv[1], sys.argv[2:]).run()
