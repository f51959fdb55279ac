"""The system calls that Python has no functions for. Each raises OSError, with the call's name, when the kernel refuses."""

import ctypes
import os
import struct
from pathlib import Path

CLONE_NEWTIME = 0x00000080
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID, MS_NODEV = 2, 4
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000

# The same numbers on every architecture since Linux 5.1.
_SYS_OPEN_TREE = 428
_SYS_MOVE_MOUNT = 429
_SYS_FSOPEN = 430
_SYS_FSCONFIG = 431
_SYS_FSMOUNT = 432
_SYS_OPENAT2 = 437
_SYS_MOUNT_SETATTR = 442
_SYS_LANDLOCK_CREATE_RULESET = 444
_SYS_LANDLOCK_ADD_RULE = 445
_SYS_LANDLOCK_RESTRICT_SELF = 446

_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_OPEN_TREE_CLONE = 1
_CLOEXEC = 1
_MOVE_MOUNT_F_EMPTY_PATH = 4
_FSCONFIG_SET_STRING = 1
_FSCONFIG_CMD_CREATE = 6
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NOSUID, _MOUNT_ATTR_NODEV = 1, 2, 4
_MNT_DETACH = 2
_RESOLVE_NO_MAGICLINKS, _RESOLVE_NO_SYMLINKS, _RESOLVE_BENEATH = 2, 4, 8

_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_CAPBSET_DROP = 24
_PR_SET_SECUREBITS = 28
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
# NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE, each of them locked.
_SECUREBITS = 0b11_00_11_11
_SECCOMP_MODE_FILTER = 2
_LINUX_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]

# Found out once, before any fork: a context would pay for it, in time and in memory that it shares with nobody. Buffers
# that the kernel only reads are plain bytes for the same reason: ctypes makes a class for every new length of an array.
for _name in ("capset", "mount", "setns", "sethostname", "umount2", "unshare"):
    getattr(_libc, _name)
_LAST_CAPABILITY = int(Path("/proc/sys/kernel/cap_last_cap").read_bytes())


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _argument(value):
    if isinstance(value, int):
        return ctypes.c_long(value)
    return value if value is None else os.fsencode(value)


def _syscall(what: str, number: int, *arguments) -> int:
    return _check(_libc.syscall(ctypes.c_long(number), *map(_argument, arguments)), what)


def _prctl(what: str, option: int, *arguments: int) -> int:
    return _check(_libc.prctl(option, *(*arguments, 0, 0, 0, 0)[:4]), what)


def write(path: str, text: str) -> None:
    """One write: a file of the kernel's takes each as one command."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def open_beneath(directory: int, path: bytes, flags: int) -> int:
    """Opens what is below `directory`, which no part of the path may leave, nor may any be a symbolic link."""
    if b"\0" in path:
        raise ValueError("a path with a NUL")
    resolve = _RESOLVE_BENEATH | _RESOLVE_NO_SYMLINKS | _RESOLVE_NO_MAGICLINKS
    how = struct.pack("=QQQ", flags, 0, resolve)
    return _syscall("openat2", _SYS_OPENAT2, directory, path, how, len(how))


# --- namespaces

def unshare(flags: int) -> None:
    _check(_libc.unshare(ctypes.c_int(flags)), "unshare")


def set_namespace(fd: int, kind: int) -> None:
    _check(_libc.setns(ctypes.c_int(fd), ctypes.c_int(kind)), "setns")


def set_hostname(name: str) -> None:
    raw = name.encode()
    _check(_libc.sethostname(raw, ctypes.c_size_t(len(raw))), "sethostname")


# --- mounts

def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    raw = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    _check(_libc.mount(raw[0], raw[1], raw[2], ctypes.c_ulong(flags), raw[3]), f"mount {kind or ''} {target}")


def unmount(target: str) -> None:
    """Lazily: what is in use stays alive until its last user is gone."""
    _check(_libc.umount2(os.fsencode(target), _MNT_DETACH), f"umount {target}")


def pivot_into(directory: str) -> None:
    """Makes the mount at `directory` the root of this mount namespace, and lets go of the former one."""
    os.chdir(directory)
    # Both at once in one place: the former root ends up on top of the new one, and is taken off again.
    _check(_libc.syscall(ctypes.c_long(_sys_pivot_root()), b".", b"."), "pivot_root")
    unmount(".")
    os.chdir("/")


def _sys_pivot_root() -> int:
    return {"x86_64": 155, "aarch64": 41}[os.uname().machine]


def clone_tree(path: str) -> int:
    """A descriptor of a copy of the mounts at `path`, which `attach` puts somewhere, also in another mount namespace."""
    return _syscall("open_tree", _SYS_OPEN_TREE, _AT_FDCWD, path, _OPEN_TREE_CLONE | os.O_CLOEXEC | _AT_RECURSIVE)


def new_mount(kind: str, **options: str) -> int:
    """A descriptor of a new file system that is mounted nowhere yet."""
    context = _syscall("fsopen", _SYS_FSOPEN, kind, _CLOEXEC)
    try:
        for name, value in options.items():
            _syscall("fsconfig", _SYS_FSCONFIG, context, _FSCONFIG_SET_STRING, name, value, 0)
        _syscall("fsconfig", _SYS_FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0)
        return _syscall("fsmount", _SYS_FSMOUNT, context, _CLOEXEC, _MOUNT_ATTR_NOSUID | _MOUNT_ATTR_NODEV)
    finally:
        os.close(context)


def attach(tree: int, target: str) -> None:
    """Mounts what `clone_tree` or `new_mount` returned, and closes it."""
    try:
        _syscall("move_mount", _SYS_MOVE_MOUNT, tree, "", _AT_FDCWD, target, _MOVE_MOUNT_F_EMPTY_PATH)
    finally:
        os.close(tree)


def make_read_only(path: str) -> None:
    """The mounts at and below `path`: nothing is written, no device opened, no set-user-id bit honoured."""
    attributes = struct.pack("=QQQQ", _MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID | _MOUNT_ATTR_NODEV, 0, 0, 0)
    _syscall("mount_setattr", _SYS_MOUNT_SETATTR, _AT_FDCWD, path, _AT_RECURSIVE, attributes, len(attributes))


# --- privileges

def map_user(inner: int, outer: int) -> None:
    """In a new user namespace: our user and group `outer` are called `inner` here, and nobody else is known."""
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{inner} {outer} 1")
    write("/proc/self/gid_map", f"{inner} {outer} 1")


def drop_capabilities() -> None:
    """For good: none now, none to be had by an exec."""
    try:
        for capability in range(_LAST_CAPABILITY + 1):
            _prctl("PR_CAPBSET_DROP", _PR_CAPBSET_DROP, capability)
        _prctl("PR_SET_SECUREBITS", _PR_SET_SECUREBITS, _SECUREBITS)
    except PermissionError:
        pass  # An ordinary user may not, and has none to drop; `no_new_privileges` keeps it that way.
    _prctl("PR_CAP_AMBIENT", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    _check(_libc.capset(struct.pack("=Ii", _LINUX_CAPABILITY_VERSION_3, 0), bytes(24)), "capset")


def no_new_privileges() -> None:
    _prctl("PR_SET_NO_NEW_PRIVS", _PR_SET_NO_NEW_PRIVS, 1)


def hide_memory() -> None:
    """Nobody of our user may trace this process or look into its memory, environment and descriptors."""
    _prctl("PR_SET_DUMPABLE", _PR_SET_DUMPABLE, 0)


def show_memory() -> None:
    """The opposite, for a process that lost it by changing its user: its own /proc would be closed to it."""
    _prctl("PR_SET_DUMPABLE", _PR_SET_DUMPABLE, 1)


class Filter:
    """A seccomp filter, `program` as classic BPF."""

    def __init__(self, program: bytes):
        self._instructions = ctypes.create_string_buffer(program, len(program))
        header = struct.pack("=H6xQ", len(program) // 8, ctypes.addressof(self._instructions))
        self._header = ctypes.create_string_buffer(header, len(header))
        self._address = ctypes.addressof(self._header)

    def install(self) -> None:
        _prctl("PR_SET_SECCOMP", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, self._address)


# --- Landlock

def landlock_version() -> int:
    """0 when the kernel has none."""
    version = _libc.syscall(ctypes.c_long(_SYS_LANDLOCK_CREATE_RULESET), None, ctypes.c_size_t(0), ctypes.c_uint(1))
    return max(0, version)


def landlock_ruleset(attributes: bytes) -> int:
    return _syscall("landlock_create_ruleset", _SYS_LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0)


def landlock_allow_beneath(ruleset: int, access: int, directory: int) -> None:
    _syscall("landlock_add_rule", _SYS_LANDLOCK_ADD_RULE, ruleset, 1, struct.pack("=Qi", access, directory), 0)


def landlock_restrict_self(ruleset: int) -> None:
    _syscall("landlock_restrict_self", _SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0)
