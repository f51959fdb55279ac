"""A supervisor whose driver is one of the scenarios below. Usage: misbehaving_driver.py SCENARIO SOCKET_FD HOME

A scenario is what the driver does once it has read the first `execute`; `hello` it says as it should, unless its name
says otherwise. It talks to the descriptors directly: every mistake is possible.
"""

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from drivers_under_test import load_packages  # noqa: E402

load_packages()

from sandbox_launcher import chain  # noqa: E402
from sandbox_launcher.handover import send_connection  # noqa: E402
from sandbox_launcher.isolation.home import Home  # noqa: E402
from sandbox_launcher.isolation.limits import Limits  # noqa: E402
from sandbox_launcher.isolation.none import NoWalls  # noqa: E402

HELLO = {"event": "hello", "protocol": 1, "language": "python", "version": "0"}


def send(event):
    send_body(json.dumps(event).encode())


def send_body(body):
    send_raw(len(body).to_bytes(4, "little") + body)


def send_raw(data):
    while data:
        data = data[os.write(5, data):]


def read_request():
    header = read_exactly(4)
    return json.loads(read_exactly(int.from_bytes(header, "little"))) if header else None


def read_exactly(count):
    data = b""
    while len(data) < count:
        more = os.read(3, count - len(data))
        if not more:
            return None
        data += more
    return data


def item(request, **members):
    return {"event": "item", "id": request["id"], "data": {"text/plain": "x"}} | members


def done(request):
    return {"event": "done", "id": request["id"]}


def silent(request):
    time.sleep(600)


def obedient(request):
    while request is not None:
        os.write(1, b"out")
        send(done(request))
        request = read_request()
    os._exit(0)


def garbage(request):
    send_body(b"hello")
    time.sleep(600)


def array(request):
    send_body(b"[]")
    time.sleep(600)


def huge_length(request):
    send_raw(b"\xff\xff\xff\xff")
    time.sleep(600)


def zero_length(request):
    send_raw(b"\0\0\0\0")
    time.sleep(600)


def wrong_id(request):
    send(done({"id": "other"}))
    time.sleep(600)


def speaks_for_supervisor(request):
    send({"event": "ended", "reason": "exited", "code": 0})
    time.sleep(600)


def second_hello(request):
    send(HELLO)
    time.sleep(600)


def second_primary(request):
    send(item(request, primary=True))
    send(item(request, primary=True))
    time.sleep(600)


def late_done(request):
    send(done(request))
    send(done(request))
    time.sleep(600)


def no_hello(request):
    send(item(request))
    time.sleep(600)


def other_language(request):
    send(HELLO | {"language": "typescript"})
    time.sleep(600)


def exits(request):
    os.write(1, b"last words")
    os._exit(7)


def exits_after_done(request):
    os.write(1, b"last words")
    send(done(request))
    os._exit(0)


def dies(request):
    os.kill(os.getpid(), signal.SIGKILL)


def half_a_frame(request):
    send_raw(b"\x10\0\0\0{")
    os._exit(0)


def closes_events(request):
    os.close(5)
    time.sleep(600)


def closes_output(request):
    os.close(1)
    os.close(2)
    send(done(request))
    obedient(read_request())


def stops(request):
    os.kill(os.getpid(), signal.SIGSTOP)


def reads_no_acknowledgements(request):
    while True:
        send(item(request, ack=True))


def floods_items(request):
    value = "x" * (1 << 20)
    while True:
        send(item(request, data={"text/plain": value}))


def floods_items_then_prints(request):
    """Blocks on its events when the host reads nothing; its child still prints, for ever."""
    if os.fork() == 0:
        count = 0
        while True:
            os.write(1, b"y" * 1000)
            count += 1
            if count == 3000:
                open("printed", "w").close()
    floods_items(request)


def floods_output(request):
    for _ in range(200):
        os.write(1, b"x" * 65536)
        os.write(2, b"y" * 65536)
    send(done(request))
    obedient(read_request())


def child_holds_pipes(request):
    """A child in a session of its own keeps all descriptors, and the driver ends."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if os.fork() == 0:
            open("child", "w").write(str(os.getpid()))
            os.rename("child", "child-pid")
            time.sleep(600)
        os._exit(0)
    os.waitpid(pid, 0)
    while not os.path.exists("child-pid"):
        time.sleep(0.001)
    os._exit(0)


def child_floods_after_the_end(request):
    if os.fork() == 0:
        while True:
            os.write(1, b"z" * 4096)
    os._exit(0)


def many_children(request):
    for _ in range(30):
        if os.fork() == 0:
            if os.fork() == 0:
                os.setsid()
            time.sleep(600)
    send(done(request))
    time.sleep(600)


def forks_for_ever(request):
    """A comet: each process forks the next one and ends."""
    send(done(request))
    while True:
        if os.fork() != 0:
            os._exit(0)
        time.sleep(0.0005)


def ignores_signals(request):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    os.write(1, b"ready")
    time.sleep(600)


def split_character(request):
    for byte in "é".encode():
        os.write(1, bytes([byte]))
        send(item(request, ack=True))
        os.read(6, 1)
    os.write(1, b"\xe2\x82")
    send(done(request))
    obedient(read_request())


def printed_before_and_after(request):
    for number in range(20):
        os.write(1, b"<%d" % number)
        send(item(request, data={"text/plain": str(number)}, ack=True))
        os.read(6, 1)
        os.write(1, b">")
    send(done(request))
    obedient(read_request())


def sync_only(request):
    os.write(1, b"a")
    send({"event": "sync", "id": request["id"], "ack": True})
    os.read(6, 1)
    os.write(2, b"b")
    send({"event": "sync", "id": request["id"], "ack": True})
    os.read(6, 1)
    os.write(1, b"c")
    send(done(request))
    obedient(read_request())


def tells_its_descriptors(request):
    fds = [fd for fd in range(1024) if os.path.lexists(f"/proc/self/fd/{fd}")]
    os.write(1, json.dumps({"fds": fds, "group": os.getpgid(0) == os.getpid(), "env": dict(os.environ),
                            "cwd": os.getcwd()}).encode())
    send(done(request))
    obedient(read_request())


class Language:
    name = "python"
    hard_signal = signal.SIGUSR2
    nudge_signal = None
    has_doorbell = False
    runtime_bytes = 0
    environment = {}

    def __init__(self, scenario):
        self._scenario = scenario

    def become_driver(self, environment):
        os.environ.clear()
        os.environ.update(environment)
        read_request()
        if self._scenario not in (no_hello, other_language):
            send(HELLO)
        self._scenario(read_request())


def main():
    scenario, descriptor, home = sys.argv[1:]
    # Kept open: its end would mean that the launcher wants the interpreter to end.
    launcher, control = (end.detach() for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET))
    send_connection(launcher, int(descriptor))
    os.close(int(descriptor))
    os.set_inheritable(launcher, False)
    chain.run(Language(globals()[scenario]), NoWalls(Limits(), os.path.dirname(home)), Home(home), control)


if __name__ == "__main__":
    main()
