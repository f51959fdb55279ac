# What every attack in Python begins with. An attack says what it got: BREACH, or HELD and why not.
import ctypes, errno, fcntl, glob, json, mmap, os, re, resource, select, signal, socket, stat, struct, subprocess, sys, threading, time

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long

MEMORY, FILES, PROCESSES, OPEN_FILES = 512 << 20, 256 << 20, 128, 1024
NEIGHBOUR_PORT = 47111

# Calls that have been there for long have other numbers on every architecture.
_X86_64, _AARCH64 = 0, 1
_OLD = {
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280), "userfaultfd": (323, 282),
    "perf_event_open": (298, 241), "clone": (56, 220), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "adjtimex": (159, 171), "clock_adjtime": (305, 266), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "syslog": (103, 116),
    "sethostname": (170, 161), "setdomainname": (171, 162), "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186),
    "mq_open": (240, 180), "move_pages": (279, 239), "migrate_pages": (256, 238), "mbind": (237, 235),
    "set_mempolicy": (238, 237), "fanotify_init": (300, 262), "seccomp": (317, 277), "kcmp": (312, 272),
    "quotactl": (179, 60), "rt_sigqueueinfo": (129, 138), "tgkill": (234, 131), "memfd_create": (319, 279),
    "io_setup": (206, 0), "mknodat": (259, 33), "socket": (41, 198), "ioctl": (16, 29),
}
_NEW = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_open": 434, "clone3": 435,
    "pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443, "landlock_create_ruleset": 444,
    "memfd_secret": 447, "process_mrelease": 448, "set_mempolicy_home_node": 450, "statmount": 457, "listmount": 458,
    "open_tree_attr": 467,
}
_COLUMN = _X86_64 if os.uname().machine == "x86_64" else _AARCH64


def call(name, *arguments):
    """A system call by its name, or its number, past every library."""
    number = name if type(name) is int else _NEW.get(name) or _OLD[name][_COLUMN]
    values = [argument if isinstance(argument, (bytes, ctypes.Array, ctypes.Structure)) or argument is None
              else ctypes.c_long(argument) for argument in arguments]
    result = LIBC.syscall(ctypes.c_long(number), *values)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def attempt(what, action):
    """BREACH when it yields anything but False or None; HELD when it does not, or raises."""
    try:
        got = action()
    except (OSError, MemoryError, RuntimeError, ValueError) as error:
        print("HELD", what, errno.errorcode.get(getattr(error, "errno", None), type(error).__name__))
        return None
    if got is None or got is False:
        print("HELD", what, "nothing")
    else:
        print("BREACH", what)
    return got


def in_child(action):
    """What `action` does to its process is done to a child. True when it returned true there; raises what it raised."""
    pid = os.fork()
    if pid == 0:
        code = 250
        try:
            code = 0 if action() else 251
        except OSError as error:
            code = error.errno
        except ValueError:
            code = errno.EPERM
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code < 0:
        raise RuntimeError(f"ended by signal {-code}")
    assert code != 250, "the attack itself is at fault"
    if code == 251:
        return False
    if code > 0:
        raise OSError(code, os.strerror(code))
    return True


def others():
    """Every process that can be seen and is neither this one nor its child."""
    own = {os.getpid(), *children()}
    try:
        seen = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        seen = range(1, 1000)
    return [pid for pid in seen if pid not in own]


def children():
    found = []
    for task in os.listdir(f"/proc/{os.getpid()}/task"):
        with open(f"/proc/{os.getpid()}/task/{task}/children") as file:
            found += map(int, file.read().split())
    return found


def first(action, things):
    """True when `action` succeeds with one of them; raises the last error when it fails with all of them."""
    last = None
    for thing in things:
        try:
            if action(thing):
                return True
        except OSError as error:
            last = error
    if last is not None:
        raise last
    return False


def name_process(name):
    with open("/proc/self/comm", "w") as file:
        file.write(name)


def own_id():
    """The driver shares this process: what it knows can be found."""
    frame = sys._getframe()
    while frame is not None:
        for value in frame.f_locals.values():
            if type(value) is dict and value.get("op") == "execute":
                return value["id"]
        frame = frame.f_back


def send(body):
    """A frame on the driver's own descriptor."""
    frame = struct.pack("<I", len(body)) + body
    while frame:
        frame = frame[os.write(5, frame):]
