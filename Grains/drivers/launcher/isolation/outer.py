"""The outer wall: a launcher, and so every context, lives inside one bubblewrap, as an ordinary user of this machine.

Runs outside, as whoever the silo is. As root it first becomes a user of its own: what is root inside is never root here.
"""

import os
import select
import signal
import stat
import time
from pathlib import Path

from .. import processes
from . import delegation, linux

DRIVERS = "/sandbox/drivers"
BUN = "/sandbox/bun"
RUN = "/sandbox/run"
CGROUPS = "/sandbox/cgroups"
HOMES = "/homes"

_BWRAP = "/usr/bin/bwrap"
_STAGE = "/run"
# More than the launcher gives its interpreters; with what follows less than the silo gives us.
_GRACE_SECONDS = 17.0
_KILL_SECONDS = 2.0
_ENDED_BY_SIGNAL = 128

# What of /etc programs need, and tells nothing about this machine or its users.
_ETC = ("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "magic", "magic.mime", "matplotlibrc",
        "mime.types", "python3", "python3.11", "python3.12", "python3.13", "ssl", "ca-certificates", "ImageMagick-6", "terminfo")
_ETC_FILES = {
    "passwd": "root:x:0:0::/root:/usr/sbin/nologin\nuser:x:1000:1000::/home/user:/bin/bash\n"
              "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n",
    "group": "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
    "hostname": "sandbox\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    "resolv.conf": "",
}


class OuterWall:
    """`user`: who a launcher is when we are root. `socket`: where the host connects; its folder is the launcher's own.

    `with_cgroups`: whether there has to be a cgroup for the contexts.
    """

    def __init__(self, user: int, drivers: Path, socket: str | None, bun: str | None, with_cgroups: bool):
        self._is_root = os.geteuid() == 0
        self._user = user if self._is_root else os.geteuid()
        self._sources = {DRIVERS: str(drivers)}
        if bun is not None:
            self._sources[BUN] = os.path.realpath(bun)
        self._socket = socket
        if socket is not None:
            self._sources[RUN] = os.path.dirname(socket)
        self._with_cgroups = with_cgroups
        self._delegation: delegation.Delegation | None = None

    def run(self, *arguments: str) -> int:
        """Runs the launcher inside until it ends, or our stdin does, or SIGTERM comes. Returns its exit code."""
        signals = processes.SignalPipe()
        # Of bubblewrap's two processes the inner one outlives the other by a moment.
        processes.adopt_orphans()
        try:
            if self._with_cgroups:
                self._own_a_cgroup()
                arguments += ("--cgroups", CGROUPS)
            if self._socket is not None and self._is_root:
                os.chown(os.path.dirname(self._socket), self._user, self._user)
            command = self._command(self._stage() if self._is_root else self._sources, arguments)
            theirs, ours = os.pipe2(os.O_CLOEXEC)
            outside = os.getpid()
            pid = processes.fork()
            if pid == 0:
                self._become_launcher(theirs, command, outside)
            os.close(theirs)
            os.set_blocking(ours, False)
            code = _wait(pid, ours, signals)
            processes.kill_descendants(signals, _KILL_SECONDS, lambda pid, status: None)
            return code
        finally:
            if self._delegation is not None and not self._delegation.remove():
                processes.log("a cgroup could not be removed")

    def _own_a_cgroup(self) -> None:
        parents = delegation.find()
        delegation.make_room(parents)
        # Also when it is only half made: it is ours to remove.
        self._delegation = delegation.Delegation(parents)
        self._delegation.make(self._user)
        self._sources |= {f"{CGROUPS}/{name}": path for name, path in self._delegation.paths.items()}

    def _stage(self) -> dict[str, str]:
        """Puts what the launcher needs where its user can reach it, which may not be so where it lies, for us alone."""
        trees = {place: linux.clone_tree(source) for place, source in self._sources.items()}
        linux.unshare(linux.CLONE_NEWNS)
        linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
        linux.mount("tmpfs", _STAGE, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "size=1m,mode=755")
        staged = {}
        for place, tree in trees.items():
            path = staged[place] = os.path.join(_STAGE, place.strip("/").replace("/", "-"))
            if stat.S_ISDIR(os.fstat(tree).st_mode):
                os.mkdir(path)
            else:
                open(path, "x").close()
            linux.attach(tree, path)
        return staged

    def _command(self, places: dict[str, str], arguments: tuple[str, ...]) -> list[str]:
        command = [_BWRAP, "--unshare-all", "--uid", "0", "--gid", "0", "--cap-add", "ALL", "--die-with-parent", "--clearenv",
                   "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LANG", "C.UTF-8", "--setenv", "HOME", "/tmp",
                   "--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", HOMES]
        for name in ("bin", "sbin", "lib", "lib64"):
            if os.path.islink(f"/{name}"):
                command += ["--symlink", f"usr/{name}", f"/{name}"]
        for name in _ETC:
            command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
        for name, text in _ETC_FILES.items():
            command += ["--ro-bind-data", str(_readable(text)), f"/etc/{name}"]
        for place, source in places.items():
            command += ["--bind" if place.startswith((RUN, CGROUPS)) else "--ro-bind", source, place]
        return [*command, "--chdir", "/", "--", "/usr/bin/python3", "-I", f"{DRIVERS}/launcher/launcher.py", "--inside", *arguments]

    def _become_launcher(self, stdin: int, command: list[str], outside: int) -> None:
        try:
            processes.reset_signals()
            os.dup2(stdin, 0)
            if self._is_root:
                os.setgroups([])
                os.setresgid(self._user, self._user, self._user)
                os.setresuid(self._user, self._user, self._user)
            processes.die_with_parent(outside, signal.SIGKILL)
            os.execve(command[0], command, {"PATH": "/usr/bin:/bin"})
        except OSError as error:
            processes.log(f"the outer wall could not be put up: {error.strerror}")
        finally:
            os._exit(127)


def is_installed() -> bool:
    return os.access(_BWRAP, os.X_OK)


def _readable(text: str) -> int:
    """A descriptor that survives an exec and yields `text`, which fits a pipe."""
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    os.set_inheritable(reader, True)
    return reader


def _wait(pid: int, stdin: int, signals: processes.SignalPipe) -> int:
    """`stdin`: our end of the launcher's; closing it asks it to end."""
    poll = select.poll()
    poll.register(signals.fd, select.POLLIN)
    poll.register(0, select.POLLIN)
    deadline = None
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
        reported = [fd for fd, _ in poll.poll(left)]
        signals.drain()
        for child, status in processes.reap():
            if child == pid:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else _ENDED_BY_SIGNAL - code
        word = _read(0) if deadline is None and 0 in reported else None
        if word:
            _pass_on(stdin)
        elif deadline is None and (signals.terminated or word == b""):
            os.close(stdin)
            poll.unregister(0)
            deadline = time.monotonic() + _GRACE_SECONDS
        elif deadline is not None and time.monotonic() >= deadline:
            processes.kill(pid, signal.SIGKILL)
            deadline = time.monotonic() + _GRACE_SECONDS


def _pass_on(stdin: int) -> None:
    """The silo spoke. Never waits: a launcher that has unread words has enough of them."""
    try:
        os.write(stdin, b".")
    except OSError:
        pass


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 4096)
    except OSError:
        return b""
