# %% A fork bomb, with a fuse
# Every process forks for as long as it can. Without a wall it would not stop at this many.
tally, tally_in = os.pipe()
release, hold = os.pipe()
FUSE = 2 * PROCESSES


def counted():
    return struct.unpack("i", fcntl.ioctl(tally, 0x541B, bytes(4)))[0]


def explode():
    while counted() < FUSE:
        try:
            if os.fork() == 0:
                os.write(tally_in, b"x")
                try:
                    os.close(hold)
                except OSError:
                    pass
        except OSError:
            return False
    return True


starter = os.getpid()
exploded = explode()
if os.getpid() != starter:
    os.read(release, 1)
    os._exit(0)
os.close(hold)
attempt("more processes than the limit", lambda: exploded and counted() > PROCESSES)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break

# %% A fork bomb that never stops
# ends: TimeoutError,InterpreterExited kept,lost
# timeout: 1500
# undemonstrated: it would not end with its demonstration; the one with a fuse is the same without the fuse
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        if os.fork() == 0:
            os.setsid()
    except BaseException:
        pass

# %% A thread bomb
def threads():
    stop = threading.Event()
    started = []
    try:
        for _ in range(2 * PROCESSES):
            thread = threading.Thread(target=stop.wait, daemon=True)
            thread.start()
            started.append(thread)
        return True
    finally:
        stop.set()
        for thread in started:
            thread.join()


attempt("more threads than the limit", threads)

# %% Kill everybody
attempt("SIGKILL to -1 reaches another", lambda: os.kill(-1, signal.SIGKILL) and False)

# %% Kill the own process group
# ends: InterpreterExited lost
# undemonstrated: it is its own group's affair; that a supervisor is not in it is shown by the others
os.kill(0, signal.SIGKILL)

# %% Kill the supervisor
# extra: reduced
supervisor = os.getppid()


def kill_supervisor():
    for number in sorted(signal.valid_signals() - {signal.SIGKILL}):
        os.kill(supervisor, number)
    os.kill(supervisor, signal.SIGKILL)
    return os.getppid() != supervisor


attempt("every signal to the supervisor", kill_supervisor)

# %% Stop the supervisor
# extra: reduced
def stopped(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "T"


def stop_supervisor():
    supervisor = os.getppid()
    os.kill(supervisor, signal.SIGSTOP)
    # A signal is taken when its process has its turn.
    got = any(stopped(supervisor) or time.sleep(0.01) for _ in range(300))
    os.kill(supervisor, signal.SIGCONT)
    return got


attempt("SIGSTOP to the supervisor", stop_supervisor)

# %% Signal every process there is
# extra: reduced
attempt("signal 0 to another process", lambda: first(lambda pid: os.kill(pid, 0) is None and pid != os.getppid(), others()))
attempt("a signal by number", lambda: first(
    lambda pid: os.kill(pid, 0) is None, [pid for pid in range(1, 20000) if pid not in (os.getpid(), os.getppid())]))

# %% Signal through a descriptor, a queue, a thread
# extra: reduced
def by_pidfd(pid):
    fd = os.pidfd_open(pid)
    try:
        return call("pidfd_send_signal", fd, 0, None, 0) == 0
    finally:
        os.close(fd)


def by_queue(pid):
    information = ctypes.create_string_buffer(struct.pack("iii", 0, 0, -1), 128)
    return call("rt_sigqueueinfo", pid, 0, information) == 0


for label, send in {"pidfd_send_signal": by_pidfd, "rt_sigqueueinfo": by_queue,
                    "tgkill": lambda pid: call("tgkill", pid, pid, 0) == 0}.items():
    attempt(label, lambda: first(send, others()))

# %% Have the kernel signal another process
# extra: reduced
def by_owner(pid):
    """SIGURG, by way of a socket whose owner is said to be the other process; the answer is whether it was taken."""
    one, other = socket.socketpair()
    with one, other:
        fcntl.fcntl(one, fcntl.F_SETOWN, pid)
        return fcntl.fcntl(one, fcntl.F_GETOWN) == pid and os.kill(pid, 0) is None


attempt("F_SETOWN", lambda: first(by_owner, others()))

# %% A daemon that is nobody's child
# Two forks, a session of its own, deaf to every signal. It has to be gone when the context is.
# leaves: a-daemon
# demonstrate: plain
if os.fork() == 0:
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    for fd in range(3):
        os.close(fd)
    name_process("a-daemon")
    while True:
        time.sleep(600)
os.wait()
print("HELD until the end")

# %% Stop itself
# ends: TimeoutError kept
# timeout: 500
# undemonstrated: no wall stands here but the clock
os.kill(os.getpid(), signal.SIGSTOP)
while True:
    pass

# %% Stop itself and all children, again and again
# ends: TimeoutError kept,lost
# timeout: 500
# undemonstrated: no wall stands here but the clock
for _ in range(8):
    if os.fork() == 0:
        while True:
            os.kill(os.getpid(), signal.SIGSTOP)
while True:
    os.kill(0, signal.SIGSTOP)

# %% Spin, deaf to every signal
# ends: TimeoutError lost
# timeout: 500
# undemonstrated: no wall stands here but the clock
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        pass

# %% Hold the interpreter's lock in C
# ends: TimeoutError lost
# timeout: 500
# undemonstrated: no wall stands here but the clock
sum(range(1 << 60))

# %% Sleep in C with the interpreter's lock
# ends: TimeoutError kept,lost
# timeout: 500
# undemonstrated: no wall stands here but the clock
while True:
    ctypes.PyDLL(None).sleep(600)

# %% A pattern that never ends
# ends: TimeoutError kept,lost
# timeout: 500
# undemonstrated: no wall stands here but the clock
re.match(r"(a+)+$", "a" * 64 + "b")

# %% More than one core
# From outside, the time of all processes together is what counts.
def burn():
    begun = time.monotonic()
    pids = []
    release, hold = os.pipe()
    for _ in range(24):
        pid = os.fork()
        if pid == 0:
            # Schedulers that are fair between sessions get as many as there are processes.
            os.setsid()
            os.close(hold)
            while not select.select([release], [], [], 0)[0]:
                sum(range(10000))
            os._exit(0)
        pids.append(pid)
    patience = float(os.environ.get("PATIENCE", 2))
    share = 0
    while time.monotonic() - begun < patience and share < 1.2:
        time.sleep(0.5)
        total = 0
        for pid in pids:
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        share = total / (time.monotonic() - begun)
    os.close(hold)
    for pid in pids:
        os.waitpid(pid, 0)
    return share >= 1.2


if len(os.sched_getaffinity(0)) == 1:
    print("HELD there is only one core ENOSYS")
else:
    attempt("more than one core", burn)

# %% A real-time thread
# undemonstrated: only root of the machine may, not root of the namespace that could be thrown away
attempt("SCHED_FIFO", lambda: in_child(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)) is None))
attempt("nice -20", lambda: in_child(lambda: os.setpriority(os.PRIO_PROCESS, 0, -20) is None))

# %% Survive the end of memory in place of others
# undemonstrated: only root of the machine may, not root of the namespace that could be thrown away
attempt("oom_score_adj -1000", lambda: open("/proc/self/oom_score_adj", "w").write("-1000") and
        open("/proc/self/oom_score_adj").read() == "-1000\n")

# %% Raise the own limits
# closed: processes, files, locked - the machine has limits of its own, which only root of the machine may raise
for label, kind in {"data": resource.RLIMIT_DATA, "processes": resource.RLIMIT_NPROC, "files": resource.RLIMIT_NOFILE,
                    "file size": resource.RLIMIT_FSIZE, "locked": resource.RLIMIT_MEMLOCK}.items():
    ceiling = resource.getrlimit(kind)[1]
    attempt(label, lambda: ceiling == resource.RLIM_INFINITY or
            in_child(lambda: resource.setrlimit(kind, (ceiling + 4096, ceiling + 4096)) is None))

# %% Hundreds of descriptors
def hoard(open_one):
    held = []
    try:
        while len(held) <= OPEN_FILES:
            held += open_one()
        return True
    finally:
        for fd in held:
            os.close(fd)


attempt("files", lambda: hoard(lambda: [os.open("/dev/null", os.O_RDONLY)]))
attempt("pipes", lambda: hoard(os.pipe))
attempt("sockets", lambda: hoard(lambda: [end.detach() for end in socket.socketpair()]))

# %% Move the supervisor's limits and priorities
# It is not signalled, and not traced; but the kernel lets one process of a user set more than that for another.
supervisor = os.getppid()
attempt("its limits", lambda: resource.prlimit(supervisor, resource.RLIMIT_NOFILE, resource.prlimit(supervisor, resource.RLIMIT_NOFILE)) is not None)
attempt("its limits by a number with bits above", lambda: call(
    {"x86_64": 302}.get(os.uname().machine, 261), supervisor | 1 << 32, 7, None, ctypes.create_string_buffer(16)) == 0)
attempt("its priority", lambda: os.setpriority(os.PRIO_PROCESS, supervisor, 19) is None)
attempt("the priority of all of its user's", lambda: os.setpriority(os.PRIO_USER, 0, 19) is None and os.getpriority(os.PRIO_PROCESS, supervisor) == 19)
attempt("its processors", lambda: os.sched_setaffinity(supervisor, os.sched_getaffinity(0)) is None)
attempt("its scheduler", lambda: os.sched_setscheduler(supervisor, os.SCHED_IDLE, os.sched_param(0)) is None)
