"""Makes room in the cgroups of this machine for a launcher, which as an ordinary user could not make it itself."""

import os
import time

from . import linux
from .cgroups import CONTROLLERS

_REMOVAL_SECONDS = 4.0
_PREFIX = "sandbox-"
# Where those go that stand in the way of groups below their own.
_LEAF = "silo"


class Delegation:
    """Cgroups of our own, below `parents`. `paths`: the name that `Cgroups` knows them by -> directory."""

    def __init__(self, parents: dict[str, str]):
        name = f"{_PREFIX}{os.getpid()}"
        self.paths = {kind: os.path.join(parent, name) for kind, parent in parents.items()}

    def make(self, owner: int) -> None:
        """For user `owner`, who may then make groups inside and move its own processes there."""
        for path in self.paths.values():
            _sweep(os.path.dirname(path))
            os.mkdir(path, 0o755)
            for entry in ("", "cgroup.procs", "cgroup.subtree_control", "tasks"):
                target = os.path.join(path, entry)
                if os.path.exists(target) and os.stat(target).st_uid != owner:
                    os.chown(target, owner, owner)
        if "unified" in self.paths:
            _enable(self.paths["unified"])

    def remove(self) -> bool:
        """Whatever is left inside, once the processes are gone; False when they are not gone in time."""
        deadline = time.monotonic() + _REMOVAL_SECONDS
        left = [path for path in self.paths.values() if not _remove_tree(path)]
        while left and time.monotonic() < deadline:
            time.sleep(0.02)
            left = [path for path in left if not _remove_tree(path)]
        return not left


def find() -> dict[str, str]:
    """Where groups can be made: {"unified": path}, or the paths of all v1 controllers. Raises OSError saying why nowhere."""
    own = _own_groups()
    mounts = _mounts()
    if "" in own and "" in mounts:
        path = _inside(mounts[""], own[""])
        # Another launcher of this silo has made room already.
        if os.path.basename(path) == _LEAF:
            path = os.path.dirname(path)
        if _has_controllers(path):
            return {"unified": path}
    missing = [name for name in CONTROLLERS if name not in own or name not in mounts]
    if missing:
        raise OSError(f"no cgroup controller for {', '.join(missing)}")
    paths = {name: _inside(mounts[name], own[name]) for name in CONTROLLERS}
    closed = [name for name, path in paths.items() if not os.access(path, os.W_OK)]
    if closed:
        raise OSError(f"no right to make cgroups for {', '.join(closed)}")
    return paths


def _has_controllers(path: str) -> bool:
    try:
        with open(os.path.join(path, "cgroup.controllers"), encoding="ascii") as file:
            available = file.read().split()
    except OSError:
        return False
    return set(CONTROLLERS) <= set(available) and os.access(path, os.W_OK)


def make_room(paths: dict[str, str]) -> None:
    """A v2 group that holds processes cannot have controlled children: those in ours move to one beside them."""
    if "unified" not in paths:
        return
    parent = paths["unified"]
    if os.path.exists(os.path.join(parent, "cgroup.type")):
        leaf = os.path.join(parent, _LEAF)
        os.makedirs(leaf, exist_ok=True)
        with open(os.path.join(parent, "cgroup.procs"), encoding="ascii") as file:
            pids = file.read().split()
        for pid in pids:
            try:
                linux.write(os.path.join(leaf, "cgroup.procs"), pid)
            except ProcessLookupError:
                continue
    _enable(parent)


def _sweep(parent: str) -> None:
    """What launchers have left that were killed: the number in the name is their pid."""
    for entry in os.scandir(parent):
        pid = entry.name.removeprefix(_PREFIX)
        is_stale = entry.name.startswith(_PREFIX) and (pid == str(os.getpid()) or not os.path.exists(f"/proc/{pid}"))
        if is_stale and entry.is_dir(follow_symlinks=False):
            _remove_tree(entry.path)


def _enable(group: str) -> None:
    linux.write(os.path.join(group, "cgroup.subtree_control"), " ".join(f"+{name}" for name in CONTROLLERS))


def _own_groups() -> dict[str, str]:
    """Controller -> path; the unified hierarchy's controller is called ''."""
    groups = {}
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        for line in file:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            for controller in controllers.split(","):
                groups[controller] = path
    return groups


def _mounts() -> dict[str, tuple[str, str]]:
    """Controller -> (root of the mount inside its hierarchy, mount point)."""
    mounts = {}
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            left, _, right = line.rstrip("\n").partition(" - ")
            root, point = left.split()[3:5]
            kind, _, options = right.split(" ", 2)
            if kind == "cgroup2":
                mounts.setdefault("", (root, point))
            elif kind == "cgroup":
                for option in options.split(","):
                    mounts.setdefault(option, (root, point))
    return mounts


def _inside(mount: tuple[str, str], path: str) -> str:
    root, point = mount
    relative = os.path.relpath(path, root)
    return point if relative == "." else os.path.normpath(os.path.join(point, relative))


def _remove_tree(path: str) -> bool:
    try:
        for entry in os.scandir(path):
            if entry.is_dir(follow_symlinks=False):
                _remove_tree(entry.path)
        os.rmdir(path)
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True
