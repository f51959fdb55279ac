# %% Every process of the machine
attempt("a process of nobody's of here", lambda: [pid for pid in others() if pid not in (1, os.getppid())] != [])

# %% What others were started with
# extra: reduced
def read(pid, name):
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return len(file.read(64)) > 0


targets = [os.getppid(), *others()]
for name in ("environ", "maps", "auxv", "mem", "stack"):
    if name in ("environ", "maps", "auxv"):
        attempt(name, lambda: first(lambda pid: read(pid, name), targets))
attempt("cmdline of another", lambda: first(lambda pid: read(pid, "cmdline"), [pid for pid in others() if pid not in (1, os.getppid())]))

# %% What others have open
# extra: reduced
targets = [os.getppid(), *others()]
for name in ("fd", "map_files", "fdinfo"):
    attempt(name, lambda: first(lambda pid: os.listdir(f"/proc/{pid}/{name}") is not None, targets))
for name in ("root", "cwd", "exe"):
    attempt(name, lambda: first(lambda pid: os.readlink(f"/proc/{pid}/{name}") != "", targets))
attempt("files through root", lambda: first(lambda pid: os.listdir(f"/proc/{pid}/root/") != [], targets))

# %% The silo's environment and connection strings
# Wherever they may be: in an environment, or in the memory of any process, this one's included.
# extra: reduced
NEEDLE = re.compile(rb"treasure-of-the-sil[o]")


def in_environment():
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as file:
                if NEEDLE.search(file.read()):
                    return True
        except OSError:
            continue
    return False


def in_memory():
    for path in glob.glob("/proc/[0-9]*/maps"):
        try:
            with open(path) as maps, open(path.replace("/maps", "/mem"), "rb") as memory:
                for line in maps:
                    limits, access = line.split()[:2]
                    start, end = (int(part, 16) for part in limits.split("-"))
                    if not access.startswith("rw") or end - start > 64 << 20:
                        continue
                    try:
                        memory.seek(start)
                        if NEEDLE.search(memory.read(end - start)):
                            return True
                    except (OSError, ValueError, OverflowError):
                        continue
        except OSError:
            continue
    return False


attempt("in an environment", in_environment)
attempt("in memory", in_memory)

# %% A neighbour's files
# extra: reduced
def found(pattern):
    for path in glob.glob(pattern, recursive=True):
        try:
            with open(path) as file:
                if NEEDLE.search(file.read()):
                    return True
        except OSError:
            continue
    return False


NEEDLE = re.compile("treasure-of-the-neighbou[r]")
attempt("by name", lambda: found(os.path.join(os.environ["NEIGHBOUR_HOME"], "treasure")) if os.environ["NEIGHBOUR_HOME"] != os.environ["HOME"] else False)
attempt("beside the own home", lambda: found(os.environ["HOME"] + "/../*/treasure"))
attempt("through /proc", lambda: found("/proc/[0-9]*/cwd/treasure"))
attempt("through /proc/*/root", lambda: found("/proc/[0-9]*/root" + os.environ["NEIGHBOUR_HOME"] + "/treasure"))

# %% A neighbour's memory
# extra: reduced
NEEDLE = re.compile(rb"treasure-of-the-neighbou[r]")


def in_memory():
    for path in glob.glob("/proc/[0-9]*/maps"):
        try:
            if os.path.dirname(path) == f"/proc/{os.getpid()}":
                continue
            with open(path) as maps, open(path.replace("/maps", "/mem"), "rb") as memory:
                for line in maps:
                    limits, access = line.split()[:2]
                    start, end = (int(part, 16) for part in limits.split("-"))
                    if not access.startswith("rw") or end - start > 64 << 20:
                        continue
                    try:
                        memory.seek(start)
                        if NEEDLE.search(memory.read(end - start)):
                            return True
                    except (OSError, ValueError, OverflowError):
                        continue
        except OSError:
            continue
    return False


attempt("through /proc", in_memory)

# %% A neighbour's sockets
# extra: reduced
def connect(family, address):
    with socket.socket(family) as client:
        client.settimeout(2)
        client.connect(address)
        return True


attempt("TCP", lambda: connect(socket.AF_INET, ("127.0.0.1", NEIGHBOUR_PORT)))
attempt("abstract", lambda: connect(socket.AF_UNIX, "\0neighbour"))
attempt("a path", lambda: connect(socket.AF_UNIX, os.path.join(os.environ["NEIGHBOUR_HOME"], "door")))

# %% Shared memory and queues of the machine
# extra: reduced
attempt("shmget", lambda: call("shmget", 0x5EED, 4096, 0o1600) >= 0)
attempt("msgget", lambda: call("msgget", 0x5EED, 0o1600) >= 0)
attempt("mq_open", lambda: call("mq_open", b"attack\0", 0o102, 0o600, None) >= 0)
attempt("/dev/shm of a neighbour", lambda: os.path.exists("/dev/shm/of-the-neighbour"))

# %% Memory that a context shares with its siblings
# What the launcher had mapped as shared would be everybody's blackboard.
# undemonstrated: the launcher maps nothing shared in any tier; this keeps it so
attempt("a mapping that is shared and can be written", lambda: [
    line for line in open("/proc/self/maps") if line.split()[1] == "rw-s"] != [])

# %% The launcher's door
# Whoever is let in can open a home, or enter another's.
# extra: reduced
# closed: a home - the launcher asks in every tier who knocks
def reach(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(path)
    return True


def knock(path):
    """Asks for a home, as a silo does."""
    request = b'{"op":"open"}'
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(path)
        client.sendall(struct.pack("<I", len(request)) + request)
        return b'"home"' in client.recv(4096)


doors = glob.glob("/tmp/**/launcher.sock", recursive=True) + glob.glob("/sandbox/run/*") + glob.glob("/tmp/launcher-*/socket") + [
    os.environ.get("DOOR", "/sandbox/run/launcher.sock")]
attempt("a connection", lambda: first(reach, doors))
attempt("a home", lambda: first(knock, doors))

# %% The supervisor's connection to the silo
# extra: reduced
attempt("its descriptors", lambda: os.listdir(f"/proc/{os.getppid()}/fd") is not None)
attempt("its environment", lambda: len(open(f"/proc/{os.getppid()}/environ", "rb").read()) > 0)
attempt("its memory", lambda: os.close(os.open(f"/proc/{os.getppid()}/mem", os.O_RDWR)) is None)
