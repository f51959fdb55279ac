"""The tier `full`: every wall. The launcher is inside the outer wall already, as the root of a user namespace of its own."""

import os

from .. import processes
from ..environment import Places
from . import cgroups, landlock, linux, network, root
from .home import Home
from .limits import Limits, apply_resource_limits
from .system_calls import allow_list

# What the launcher's user is called in a context.
_USER = 1000
_LAUNCHER = 0
# The same for every context.
PLACES = Places(root.HOME, root.TEMPORARY)
_WRITABLE = [*root.FILES.values(), "/proc", "/dev/null", "/dev/zero", "/dev/full"]
_FOLDERS = {"home": 0o700, "tmp": 0o1777, "shm": 0o1777}


class Full:
    """Namespaces of everything, a root of its own, no capabilities, an allow-list of system calls, Landlock, limits."""

    tier = "full"
    dies_with_supervisor = True
    removal_is_quick = True

    def __init__(self, limits: Limits, homes: str, groups: cgroups.Cgroups | None, extra: list[str]):
        """`extra`: files and folders that a context sees besides."""
        self._limits = limits
        self._homes = homes
        self._groups = groups
        self._homes_made = 0
        self._filter = linux.Filter(allow_list(with_internet=True))
        self._template = root.Template(extra)
        self._own_processes = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self._joins = []

    # --- in the launcher

    def open_home(self) -> Home:
        self._homes_made += 1
        home = Home(os.path.join(self._homes, str(self._homes_made)))
        try:
            os.mkdir(home.path)
            linux.attach(linux.new_mount("tmpfs", size=str(self._limits.file_bytes), nr_inodes=str(self._limits.files),
                                         mode="700"), home.path)
            for name, mode in _FOLDERS.items():
                path = os.path.join(home.path, name)
                os.mkdir(path)
                os.chmod(path, mode)
            if self._groups is not None:
                home.group = self._groups.create(f"context-{self._homes_made}", self._limits)
        except OSError:
            self.remove_home(home)
            raise
        return home

    def remove_home(self, home: Home) -> bool:
        """True when nothing of it is left; a cgroup may still be dying, then it has to be tried again."""
        if os.path.ismount(home.path):
            linux.unmount(home.path)
        if os.path.isdir(home.path):
            os.rmdir(home.path)
        return all([group.remove() for group in (home.group, home.room) if group is not None])

    def forget_home(self, home: Home) -> None:
        """Nothing of the launcher's belonged to it."""

    def open_room(self, home: Home) -> bool:
        """Beside its cgroup, and as wide; False where there are none. A home keeps its own: what a copy leaves in memory that
        outlives it, shared or in files, stays counted there, and the next copy has less.
        """
        if home.group is None:
            return False
        if home.room is None:
            home.room = self._groups.create(f"room-{os.path.basename(home.path)}", self._limits)
        home.room.limit_processes(self._limits.processes)
        return True

    def fork(self) -> int:
        """Like `os.fork`; the child is the first process of a new pid namespace, whose end ends all others in it."""
        linux.unshare(linux.CLONE_NEWPID)
        pid = None
        try:
            pid = processes.fork()
            return pid
        finally:
            if pid != 0:
                linux.set_namespace(self._own_processes, linux.CLONE_NEWPID)

    @property
    def descriptors(self) -> list[int]:
        """What `surround` will need."""
        return [self._template.namespace]

    # --- in the supervisor

    def surround(self, home: Home) -> Places:
        """Before the driver is forked."""
        home.watch_memory()
        self._joins = home.group.joins() if home.group else []
        files = {target: linux.clone_tree(os.path.join(home.path, name)) for name, target in root.FILES.items()}
        self._template.enter_copy(files)
        linux.unshare(linux.CLONE_NEWNET | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS)
        network.bring_up_loopback()
        linux.set_hostname("sandbox")
        return PLACES

    def settle(self) -> None:
        """Once the driver is forked."""
        for fd in self._joins:
            os.close(fd)
        linux.drop_capabilities()
        linux.no_new_privileges()
        linux.hide_memory()

    # --- in the driver, and in a process that serves files

    def join(self, home: Home) -> None:
        """First of all: whatever memory it touches is its context's."""
        cgroups.join(self._joins)
        for fd in self._joins:
            os.close(fd)

    def enclose(self, home: Home, runtime_bytes: int) -> None:
        """Last of all, before anything of a tenant's can run."""
        linux.unshare(linux.CLONE_NEWCGROUP)
        linux.unshare(linux.CLONE_NEWUSER)
        linux.map_user(_USER, _LAUNCHER)
        # Not before: a new user namespace holds all processes of its maker's user, so of all contexts, to the limit then set.
        apply_resource_limits(self._limits, runtime_bytes)
        linux.drop_capabilities()
        linux.no_new_privileges()
        linux.show_memory()
        landlock.restrict(["/"], _WRITABLE, without_tcp=False)
        self._filter.install()
