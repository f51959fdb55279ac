"""The file system that a context sees: what it may read, and nothing of anybody's else.

Built once, in a mount namespace that is kept as a template. A context gets a copy, and in it a /proc of its own processes
and its own /home/user, /tmp and /dev/shm.
"""

import os

from . import linux

HOME = "/home/user"
TEMPORARY = "/tmp"

# Where a context's files are mounted; the name is the directory in the context's own tmpfs.
FILES = {"home": HOME, "tmp": TEMPORARY, "shm": "/dev/shm"}

_MOUNT_POINT = "/tmp/root"
_FOLDERS = ("usr", "etc", "proc", "dev", "dev/shm", "tmp", "home", "home/user", "run", "var", "sandbox")
_ALIASES = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64", "var/tmp": "../tmp",
            "dev/fd": "/proc/self/fd", "dev/stdin": "/proc/self/fd/0", "dev/stdout": "/proc/self/fd/1",
            "dev/stderr": "/proc/self/fd/2"}
_DEVICES = ("null", "zero", "full", "random", "urandom")


class Template:
    """`extra`: folders and files to be seen besides, where the launcher sees them. `namespace`: its descriptor."""

    def __init__(self, extra: list[str]):
        own = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        try:
            linux.unshare(linux.CLONE_NEWNS)
            self.namespace = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
            _build(extra)
        finally:
            linux.set_namespace(own, linux.CLONE_NEWNS)
            os.close(own)

    def enter_copy(self, files: dict[str, int]) -> None:
        """In the first process of a new pid namespace: leaves the launcher's mounts for a copy of these.

        `files`: mount point -> descriptor of `clone_tree`.
        """
        # Before the launcher's /proc is out of sight: the kernel gives a new one only to who sees a whole one.
        processes = linux.new_mount("proc", hidepid="2")
        linux.set_namespace(self.namespace, linux.CLONE_NEWNS)
        os.close(self.namespace)
        linux.unshare(linux.CLONE_NEWNS)
        linux.attach(processes, "/proc")
        # Settings of our own namespaces belong to our user, so their files would let themselves be written.
        linux.mount("/proc/sys", "/proc/sys", None, linux.MS_BIND)
        linux.make_read_only("/proc/sys")
        for target, tree in files.items():
            linux.attach(tree, target)
        os.chdir("/")


def _build(extra: list[str]) -> None:
    linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
    os.makedirs(_MOUNT_POINT, exist_ok=True)
    linux.mount("tmpfs", _MOUNT_POINT, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "size=1m,mode=755")
    for folder in _FOLDERS:
        os.mkdir(_inside(folder))
    for name in _DEVICES:
        _make_mount_point(_inside(f"dev/{name}"), is_folder=False)
    for name, target in _ALIASES.items():
        if name.startswith(("var", "dev")) or os.path.islink("/" + name):
            os.symlink(target, _inside(name))
    for folder in ("usr", "etc"):
        linux.mount("/" + folder, _inside(folder), None, linux.MS_BIND | linux.MS_REC)
    for path in extra:
        _make_mount_point(_inside(path.lstrip("/")), os.path.isdir(path))
        linux.mount(path, _inside(path.lstrip("/")), None, linux.MS_BIND | linux.MS_REC)
    linux.make_read_only(_MOUNT_POINT)
    # After that: they are devices, and can be written to.
    for name in _DEVICES:
        linux.mount(f"/dev/{name}", _inside(f"dev/{name}"), None, linux.MS_BIND)
    linux.pivot_into(_MOUNT_POINT)


def _make_mount_point(path: str, is_folder: bool) -> None:
    if is_folder:
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "x").close()


def _inside(path: str) -> str:
    return os.path.join(_MOUNT_POINT, path)
