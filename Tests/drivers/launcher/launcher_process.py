"""A real launcher, in a directory of its own."""

import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from drivers_under_test import LAUNCHER
from interpreter_client import PATIENCE, Home, Interpreter


class LauncherProcess:
    """Ends, and with it everything it started, when the test lets go of it."""

    def __init__(self, *arguments: str, language: str = "python", tier: str = "full", launcher: Path = LAUNCHER):
        self.directory = Path(tempfile.mkdtemp(prefix="launcher-"))
        self.homes = self.directory / "homes"
        self.homes.mkdir()
        self.socket = str(self.directory / "socket")
        self.process = subprocess.Popen(
            ["/usr/bin/python3", "-I", str(launcher), "--language", language, "--socket", self.socket,
             "--homes", str(self.homes), "--tier", tier,
             "--limits-by", "cgroup" if os.geteuid() == 0 else "rlimit", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "SECRET_OF_THE_SILO": "1"})
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        assert ready and self.process.stdout.readline() == b"ready\n", self.process.stderr.read1()

    def open(self) -> Home:
        return Home(self.socket)

    def connect(self) -> Interpreter:
        """An interpreter that has not been started, in a home of its own."""
        return self.open().enter(is_held=False)

    def start(self, env=None, **limits) -> Interpreter:
        return self.connect().start(env, **limits)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()
        shutil.rmtree(self.directory, ignore_errors=True)


def cgroups(launcher: LauncherProcess, kind: str) -> list[Path]:
    """Those of its own whose names begin with `kind`, of all controllers."""
    # One that goes meanwhile is passed over here, and a fault of `Path.glob`.
    return [Path(folder, name) for folder, names, _ in os.walk("/sys/fs/cgroup")
            if os.path.basename(folder) == f"sandbox-{launcher.process.pid}" for name in names if name.startswith(kind)]


def is_alive(pid: int) -> bool:
    """False for a zombie too: its memory is gone, somebody only has not looked."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition, patience: float = PATIENCE) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def descendants(pid: int) -> list[int]:
    from sandbox_launcher.processes import descendants_of
    return descendants_of(pid)


def end(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
