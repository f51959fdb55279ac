# %% Calls that are not on the list
# Whatever the kernel answers to nonsense, but ENOSYS, means that its code was reached.
# extra: reduced
NONSENSE = (-1, -1, -1, -1, -1, -1)
for name in ("unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "ptrace", "process_vm_readv", "process_vm_writev",
             "add_key", "request_key", "keyctl", "bpf", "userfaultfd", "perf_event_open", "settimeofday", "clock_settime",
             "adjtimex", "clock_adjtime", "name_to_handle_at", "open_by_handle_at", "init_module", "finit_module",
             "delete_module", "kexec_load", "reboot", "swapon", "swapoff", "acct", "syslog", "sethostname", "setdomainname",
             "shmget", "semget", "msgget", "mq_open", "move_pages", "migrate_pages", "mbind", "set_mempolicy",
             "fanotify_init", "seccomp", "kcmp", "quotactl", "io_uring_setup", "io_uring_enter", "io_uring_register",
             "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "clone3", "pidfd_getfd",
             "process_madvise", "mount_setattr", "quotactl_fd", "landlock_create_ruleset", "memfd_secret",
             "process_mrelease", "set_mempolicy_home_node", "statmount", "listmount", "open_tree_attr"):
    def reached():
        try:
            call(name, *NONSENSE)
        except OSError as error:
            if error.errno == errno.ENOSYS:
                raise
        return True

    attempt(name, reached)

# %% A namespace of one's own
# extra: reduced
KINDS = {"mount": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000, "user": 0x10000000,
         "pid": 0x20000000, "net": 0x40000000, "time": 0x80}
for kind, flag in KINDS.items():
    attempt(f"unshare {kind}", lambda: in_child(lambda: call("unshare", flag) == 0))


def cloned(flags):
    """A child in a new namespace."""
    pid = call("clone", flags | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return True


for kind, flag in KINDS.items():
    if kind != "time":
        attempt(f"clone {kind}", lambda: cloned(flag))


def cloned_by_structure():
    arguments = ctypes.create_string_buffer(struct.pack("QQQQQQQQ", 0x10000000, 0, 0, 0, signal.SIGCHLD, 0, 0, 0), 64)
    pid = call("clone3", arguments, 64)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return True


attempt("clone3 user", cloned_by_structure)

# %% The namespaces of others
# extra: reduced
def enter(pid):
    fd = os.open(f"/proc/{pid}/ns/uts", os.O_RDONLY)
    try:
        return in_child(lambda: call("setns", fd, 0) == 0)
    finally:
        os.close(fd)


attempt("setns", lambda: first(enter, [1, os.getppid(), *others()]))
attempt("setns of a process", lambda: first(
    lambda pid: in_child(lambda: call("setns", os.pidfd_open(pid), 0x4000000) == 0), [1, os.getppid(), *others()]))

# %% Mounts, the old way
# extra: reduced
os.makedirs("mnt", exist_ok=True)
attempt("mount tmpfs", lambda: in_child(lambda: call("mount", b"tmpfs\0", b"mnt\0", b"tmpfs\0", 0, None) == 0))
attempt("mount proc", lambda: in_child(lambda: call("mount", b"proc\0", b"mnt\0", b"proc\0", 0, None) == 0))
attempt("bind mount", lambda: in_child(lambda: call("mount", b"/usr\0", b"mnt\0", None, 0x1000, None) == 0))
attempt("remount /proc/sys", lambda: in_child(
    lambda: call("mount", None, b"/proc\0", None, 0x20 | 0x1000, None) == 0))
attempt("chroot", lambda: in_child(lambda: call("chroot", b"/usr\0") == 0))
attempt("umount", lambda: in_child(
    lambda: call("mount", b"tmpfs\0", b"mnt\0", b"tmpfs\0", 0, None) == 0 and call("umount2", b"mnt\0", 2) == 0))

# %% Mounts, the new way
# extra: reduced
os.makedirs("mnt", exist_ok=True)


def new_mount():
    context = call("fsopen", b"tmpfs\0", 0)
    call("fsconfig", context, 6, None, None, 0)
    tree = call("fsmount", context, 0, 0)
    return call("move_mount", tree, b"\0", -100, b"mnt\0", 4) == 0


attempt("fsopen, fsmount, move_mount", lambda: in_child(new_mount))
attempt("open_tree", lambda: in_child(lambda: call("open_tree", -100, b"/usr\0", 1) >= 0))
NO_ACCESS_TIMES = ctypes.create_string_buffer(struct.pack("QQQQ", 0x10, 0x70, 0, 0), 32)
attempt("mount_setattr", lambda: in_child(lambda: call("mount_setattr", -100, b"/tmp\0", 0, NO_ACCESS_TIMES, 32) == 0))

# %% io_uring
# Its requests pass no filter of system calls.
# extra: reduced
attempt("io_uring_setup", lambda: call("io_uring_setup", 4, ctypes.create_string_buffer(120)) >= 0)

# %% userfaultfd
# extra: reduced
attempt("userfaultfd", lambda: call("userfaultfd", 1) >= 0)

# %% perf
# extra: reduced
def counter(exclude_kernel):
    attributes = ctypes.create_string_buffer(struct.pack("IIQQQQQ", 1, 112, 1, 0, 0, 0, (1 << 5 | 1 << 6) if exclude_kernel else 0), 112)
    return call("perf_event_open", attributes, 0, -1, -1, 0) >= 0


attempt("perf_event_open", lambda: counter(True))

# %% Keys
# extra: reduced
attempt("add_key", lambda: call("add_key", b"user\0", b"attack\0", b"x", 1, -2) > 0)
attempt("the session keyring", lambda: call("keyctl", 0, -3, 1) > 0)

# %% bpf
# undemonstrated: the kernel keeps it from whoever is not root of the machine; that the call is reached without walls is shown above
attempt("a map", lambda: call("bpf", 0, ctypes.create_string_buffer(struct.pack("IIII", 2, 4, 4, 1), 128), 128) >= 0)

# %% Modules, kexec and reboot
# undemonstrated: it would be this machine; that the calls are reached without walls is shown above
attempt("init_module", lambda: call("init_module", b"", 0, b"\0") == 0)
attempt("kexec_load", lambda: call("kexec_load", 0, 0, None, 0) == 0)
attempt("reboot", lambda: call("reboot", 0xfee1dead - (1 << 32), 672274793, 0, None) == 0)

# %% The clock
# undemonstrated: it would be the clock of this machine; that the calls are reached without walls is shown above
now = struct.pack("qq", int(time.time()), 0)
attempt("clock_settime", lambda: call("clock_settime", 0, now) == 0)
attempt("settimeofday", lambda: call("settimeofday", now, None) == 0)

# %% Trace another process
# extra: reduced
def traced(pid):
    call("ptrace", 0x4206, pid, 0, 0)
    return True


victims = [pid for pid in others() if pid != 1]
attempt("ptrace", lambda: in_child(lambda: first(traced, victims)))


def traced_child():
    pid = os.fork()
    if pid == 0:
        time.sleep(600)
    try:
        return traced(pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


attempt("ptrace of a child", lambda: in_child(traced_child))

# %% Trace the supervisor
# extra: reduced
def traced(pid):
    call("ptrace", 0x4206, pid, 0, 0)
    return True


supervisor = os.getppid()
attempt("ptrace", lambda: in_child(lambda: traced(supervisor)))

# %% Memory of another process
# extra: reduced
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def somewhere(pid):
    """An address that a fork of the same launcher has, too."""
    return id(os)


def read_memory(pid):
    buffer = ctypes.create_string_buffer(8)
    mine, theirs = Vector(ctypes.addressof(buffer), 8), Vector(somewhere(pid), 8)
    return LIBC.process_vm_readv(pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) == 8 or fail()


def write_memory(pid):
    buffer = ctypes.create_string_buffer(8)
    ctypes.memmove(buffer, somewhere(pid), 8)
    mine, theirs = Vector(ctypes.addressof(buffer), 8), Vector(somewhere(pid), 8)
    return LIBC.process_vm_writev(pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) == 8 or fail()


def fail():
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))


attempt("process_vm_readv", lambda: first(read_memory, [os.getppid(), *others()]))
attempt("process_vm_writev", lambda: first(write_memory, [os.getppid(), *others()]))
attempt("/proc/*/mem", lambda: first(
    lambda pid: os.close(os.open(f"/proc/{pid}/mem", os.O_RDWR)) is None, [os.getppid(), *others()]))

# %% Descriptors of another process
# extra: reduced
def taken(pid):
    process = os.pidfd_open(pid)
    try:
        return first(lambda fd: os.close(call("pidfd_getfd", process, fd, 0)) is None, range(8))
    finally:
        os.close(process)


attempt("pidfd_getfd", lambda: first(taken, [os.getppid(), *others()]))
attempt("kcmp", lambda: first(lambda pid: call("kcmp", os.getpid(), pid, 0, 0, 0) >= 0, [os.getppid(), *others()]))

# %% The door of 32-bit programs
# The same kernel, with other numbers: a filter that does not look at the architecture lets them pass.
def by_32_bit(number, argument):
    """The call `number` of i386 through int 0x80."""
    code = (b"\x53" + b"\xb8" + struct.pack("<I", number) + b"\xbb" + struct.pack("<I", argument) + b"\xcd\x80" + b"\x5b\xc3")
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    result = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    return True


if os.uname().machine != "x86_64":
    print("HELD there is no such door ENOSYS")
else:
    attempt("unshare by int 0x80", lambda: in_child(lambda: by_32_bit(310, 0x10000000)))
    attempt("unshare of x32", lambda: in_child(lambda: call(0x40000000 | 272, 0x10000000) == 0))

# %% Type for whoever owns the terminal
# undemonstrated: a kernel may have it switched off for all
def typed(request):
    leader, follower = os.openpty()
    try:
        return call("ioctl", follower, request, b"x") == 0
    finally:
        os.close(leader)
        os.close(follower)


attempt("TIOCSTI", lambda: typed(0x5412))
attempt("TIOCSTI with bits above", lambda: typed(0x5412 | 1 << 32))

# %% Capabilities
# extra: reduced
attempt("any capability", lambda: any(
    int(line.split()[1], 16) for line in open("/proc/self/status") if line.startswith(("CapPrm", "CapEff", "CapInh", "CapAmb"))))
attempt("any capability to be had by an exec", lambda: not int(
    next(line.split()[1] for line in open("/proc/self/status") if line.startswith("NoNewPrivs"))))

# %% Become somebody else
# demonstrate: root
# closed: setuid 1 - only one user is known in the namespace
def become(user):
    os.setresuid(user, user, user)
    return os.geteuid() == user


for user in (0, 1):
    attempt(f"setuid {user}", lambda: in_child(lambda: become(user)))
