"""Runs attacks where there is less of a wall, and nothing to lose: in namespaces of their own, made by whoever starts this.

    disposable.py <plan         as the first process of new mount, pid, network, ipc, uts and cgroup namespaces, and mostly a user one

The plan is JSON: {"language", "tier", "disposable", "arguments", "bun", "neighbour", "attacks": [{"name", "code", "how", "leaves"}]};
`disposable`: the machine is thrown away afterwards. Prints a line of JSON for each attack: {"name", "output", "end", "neighbour",
"left", "detail"}.
"""

import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_REPOSITORY = _HERE.parents[1]
_PATIENCE = 60.0
_METADATA = "169.254.169.254", "fd00:ec2::254"
_OWN_FOLDERS = ("etc", "usr", "var", "opt", "root", "home", "srv", "mnt")

_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 0x20, 0x1000, 0x4000, 0x40000
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    plan = json.loads(sys.stdin.read())
    if plan["disposable"]:
        _own_the_files()
        _own_the_network()
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(_REPOSITORY / "Tests/drivers/launcher"))
    from drivers_under_test import load_packages
    load_packages()
    host = _Host()
    house = _House(plan)
    for attack in plan["attacks"]:
        print(json.dumps({"name": attack["name"]} | house.suffer(attack, host)), flush=True)
    house.close()


# --- a machine of its own

def _mount(source, target, kind, flags, data=None) -> None:
    raw = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    if _libc.mount(raw[0], raw[1], raw[2], ctypes.c_ulong(flags), raw[3]) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {target}: {os.strerror(number)}")


def _own_the_files() -> None:
    """Nothing that is written reaches the machine's disk: folders are overlays in memory, or cannot be written."""
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)
    repository = os.open(_REPOSITORY, os.O_PATH)
    _mount("tmpfs", "/tmp", "tmpfs", 0, "size=3g")
    _mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=1g")
    for name in _OWN_FOLDERS:
        if not os.path.isdir(f"/{name}") or os.path.islink(f"/{name}"):
            continue
        upper, work = f"/tmp/.overlay/{name}/upper", f"/tmp/.overlay/{name}/work"
        os.makedirs(upper)
        os.makedirs(work)
        try:
            _mount("overlay", f"/{name}", "overlay", 0, f"lowerdir=/{name},upperdir={upper},workdir={work}")
        except OSError:
            _mount(f"/{name}", f"/{name}", None, _MS_BIND | _MS_REC)
            _mount(None, f"/{name}", None, _MS_BIND | _MS_REMOUNT | _MS_RDONLY)
    if not _HERE.exists() or str(_REPOSITORY).startswith("/tmp/"):
        os.makedirs(_REPOSITORY, exist_ok=True)
        _mount(f"/proc/self/fd/{repository}", str(_REPOSITORY), None, _MS_BIND | _MS_REC)
    _mount(None, "/", None, _MS_BIND | _MS_REMOUNT | _MS_RDONLY)
    os.environ["TMPDIR"] = tempfile.tempdir = "/tmp"
    os.chdir("/tmp")


def _own_the_network() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sH14x", b"lo", 0x41))
        fcntl.ioctl(control, 0x8916, struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(_METADATA[0])))
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
            address = struct.pack("16sIi", socket.inet_pton(socket.AF_INET6, _METADATA[1]), 128, socket.if_nametoindex("lo"))
            fcntl.ioctl(control, 0x8916, address)
    except OSError:
        pass  # A machine without IPv6 has nothing there to be reached.
    try:
        os.unlink("/etc/resolv.conf")
        Path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    except OSError:
        pass


class _Host:
    """What a machine has that no context may reach: services, a resolver, the metadata service."""

    def __init__(self):
        folder = tempfile.mkdtemp(prefix="host-")
        os.chmod(folder, 0o755)
        self._listeners = []
        self.port = self._listen(socket.AF_INET, ("127.0.0.1", 0)).getsockname()[1]
        for family, address in ((socket.AF_INET6, ("::1", self.port)), (socket.AF_INET, (_METADATA[0], 80)),
                                (socket.AF_INET6, (_METADATA[1], 80)), (socket.AF_UNIX, "\0of-the-host"),
                                (socket.AF_UNIX, f"{folder}/socket")):
            try:
                self._listen(family, address)
            except OSError:
                continue
        self.environment = {
            "HOST_PORT": str(self.port), "HOST_ADDRESSES": "127.0.0.1,::1", "HOST_ABSTRACT": "of-the-host",
            "HOST_SOCKET": f"{folder}/socket", "PATIENCE": "40",
        }
        threading.Thread(target=self._resolve, daemon=True).start()

    def _listen(self, family, address) -> socket.socket:
        listener = socket.socket(family)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(64)
        self._listeners.append(listener)
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()
        return listener

    @staticmethod
    def _serve(listener) -> None:
        while True:
            connection, _ = listener.accept()
            try:
                connection.settimeout(5)
                if request := connection.recv(4096):
                    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" if request.startswith(b"GET") else b"+PONG\r\n")
            except OSError:
                pass
            connection.close()

    @staticmethod
    def _resolve() -> None:
        """Every name is 127.0.0.1."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            try:
                server.bind(("127.0.0.1", 53))
            except OSError:
                return
            while True:
                question, peer = server.recvfrom(512)
                end = question.index(b"\0", 12) + 5
                is_address = question[end - 4:end - 2] == b"\0\x01"
                answer = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01" if is_address else b""
                header = question[:2] + b"\x81\x80\0\x01" + (b"\0\x01" if is_address else b"\0\0") + bytes(4)
                server.sendto(header + question[12:end] + answer, peer)


# --- who is attacked

class _House:
    """A launcher, with a neighbour in it; built anew when an attack has torn it down."""

    def __init__(self, plan: dict):
        self._plan = plan
        self._launchers = {}
        self._neighbour = None

    def suffer(self, attack: dict, host: _Host) -> dict:
        if attack["how"] == "plain":
            return self._suffer_plain(attack)
        self._prepare()
        home = self._launcher(self._plan["language"]).open()
        attacker = home.enter(is_held=False).start()
        environment = host.environment | {"NEIGHBOUR_HOME": self._neighbour_home, "DOOR": self._launcher("python").socket}
        execution = attacker.begin(attack["code"], environment)
        from interpreter_client import Outcome
        outcome, end = Outcome(), "broken"
        try:
            attacker.finish(execution, into=outcome, patience=_PATIENCE)
            end = outcome.ended["reason"] if outcome.ended else (outcome.error or {"name": "done"})["name"]
        except (AssertionError, OSError) as error:
            end = "timeout" if isinstance(error, TimeoutError) else "broken"
        error = outcome.error
        result = {"output": outcome.stdout, "end": end, "neighbour": self._neighbour_answers(),
                  "left": False, "detail": f"{error['traceback'][-2000:]}" if error else outcome.stderr[-1000:]}
        attacker.close()
        return result

    def _suffer_plain(self, attack: dict) -> dict:
        """Without a launcher: the code, and nothing that cleans up after it."""
        ended = subprocess.run(["/usr/bin/python3", "-I", "-c", attack["code"]], stdin=subprocess.DEVNULL, capture_output=True,
                               timeout=_PATIENCE, text=True)
        left = [path for path in Path("/proc").glob("[0-9]*/comm") if path.read_text().strip() == attack["leaves"]]
        for path in left:
            os.kill(int(path.parent.name), signal.SIGKILL)
        return {"output": ended.stdout, "end": "done", "neighbour": True, "left": bool(left), "detail": ended.stderr[-1000:]}

    def close(self) -> None:
        for launcher in self._launchers.values():
            launcher.__exit__()
        self._launchers = {}
        self._neighbour = None

    def _prepare(self) -> None:
        if self._neighbour is not None and self._neighbour_answers():
            return
        self.close()
        self._neighbour = self._launcher("python").start()
        outcome = self._neighbour.run(self._plan["neighbour"])
        assert outcome.error is None, outcome.error
        self._neighbour_home = outcome.stdout.strip()

    def _neighbour_answers(self) -> bool:
        try:
            return self._neighbour.run("1 + 1").text == "2"
        except (AssertionError, OSError):
            return False

    def _launcher(self, language: str):
        launcher = self._launchers.get(language)
        if launcher is not None and launcher.process.poll() is None:
            return launcher
        from launcher_process import LauncherProcess
        arguments = list(self._plan["arguments"])
        if language == "typescript":
            arguments += ["--bun", self._plan["bun"]]
        launcher = self._launchers[language] = LauncherProcess(*arguments, language=language, tier=self._plan["tier"])
        threading.Thread(target=_drain, args=(launcher.process.stderr,), daemon=True).start()
        return launcher


def _drain(stream) -> None:
    try:
        while stream.read1():
            pass
    except (OSError, ValueError):
        pass


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
