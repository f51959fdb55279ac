# %% A full disk
# ends: held kept
def fill(folder):
    path = os.path.join(folder, "fill")
    written = 0
    try:
        with open(path, "wb", buffering=0) as file:
            while written <= FILES:
                written += file.write(bytes(1 << 20))
        return True
    finally:
        os.remove(path)


attempt("home", lambda: fill(os.environ["HOME"]))
attempt("/tmp", lambda: fill("/tmp"))
attempt("/dev/shm", lambda: fill("/dev/shm"))

# %% A disk filled in three places
# ends: held kept
def fill():
    written = 0
    paths = [os.path.join(folder, "part") for folder in (os.environ["HOME"], "/tmp", "/dev/shm")]
    try:
        for path in paths:
            with open(path, "wb", buffering=0) as file:
                for _ in range(100):
                    written += file.write(bytes(1 << 20))
        return written > FILES
    finally:
        for path in paths:
            if os.path.exists(path):
                os.remove(path)


attempt("three parts of one limit", fill)

# %% Space that is only reserved
# ends: held kept
def reserve():
    held = []
    try:
        for number in range(3):
            held.append(f"reserved-{number}")
            with open(held[-1], "wb") as file:
                os.posix_fallocate(file.fileno(), 0, 100 << 20)
        return True
    finally:
        for path in held:
            os.remove(path)


attempt("fallocate", reserve)

# %% More files than the limit
# ends: held kept
def many():
    os.makedirs("many", exist_ok=True)
    directory = os.open("many", os.O_RDONLY)
    made = 0
    try:
        for number in range(65536 + 64):
            os.mknod(str(number), 0o600 | stat.S_IFREG, dir_fd=directory)
            made += 1
        return True
    finally:
        for number in range(made):
            os.unlink(str(number), dir_fd=directory)
        os.close(directory)
        os.rmdir("many")


attempt("inodes", many)

# %% A hole of a terabyte
# ends: held kept
# undemonstrated: a hole holds nothing, with walls or without
with open("hole", "wb") as file:
    try:
        file.truncate(1 << 40)
    except OSError:
        pass
print("HELD", os.stat("hole").st_blocks, "blocks")
os.remove("hole")

# %% A tree deeper than any path
# It has to be gone with the context, which the end of this group looks at.
# ends: done kept
# undemonstrated: depth is nobody's wall; homes that are directories are removed at any depth in every tier
directory = os.open(".", os.O_RDONLY)
for _ in range(2000):
    os.mkdir("d" * 64, dir_fd=directory)
    below = os.open("d" * 64, os.O_RDONLY, dir_fd=directory)
    os.close(directory)
    directory = below
os.close(directory)

# %% Write where the machine keeps its files
# demonstrate: root
# extra: reduced
def write(folder):
    path = os.path.join(folder, "written-by-an-attack")
    with open(path, "w") as file:
        file.write("x")
    os.remove(path)
    return True


for folder in ("/usr", "/usr/bin", "/usr/lib/python3", "/etc", "/var", "/opt"):
    attempt(folder, lambda: write(folder))

# %% Write where a context could hide something from itself
# undemonstrated: the folders of a context's own root do not exist without it
for folder in ("/", "/proc", "/dev", "/sandbox", "/run", "/home"):
    attempt(folder, lambda: open(os.path.join(folder, "written-by-an-attack"), "w").write("x"))

# %% Replace the programs that everybody runs
# demonstrate: root
# extra: reduced
def replace(path):
    os.rename(path, path + "-old")
    os.rename(path + "-old", path)
    return True


attempt("/proc/self/exe", lambda: replace(os.readlink("/proc/self/exe")))
attempt("a library", lambda: replace("/usr/lib/python3/dist-packages/IPython/__init__.py"))
attempt("a mode", lambda: os.chmod("/usr/bin/env", 0o755) is None)

# %% Read what only root may
# demonstrate: root
# extra: reduced
def read(path):
    with open(path, "rb") as file:
        return len(file.read(1)) == 1


attempt("/etc/shadow", lambda: read("/etc/shadow"))
attempt("/root", lambda: os.listdir("/root") is not None)

# %% Read what the machine keeps to itself
# extra: reduced
for path in ("/etc/machine-id", "/etc/fstab", "/var/lib/dpkg/status", "/etc/debian_version"):
    attempt(path, lambda: os.stat(path) and open(path, "rb").read(1))

# %% Devices
# demonstrate: root
# closed: /dev/kmsg, mknod 1:1, mknod 7:0 - only root of the machine may, not root of a namespace
# extra: reduced
for path in ("/dev/kmsg", "/dev/fuse", "/dev/net/tun"):
    attempt(path, lambda: os.close(os.open(path, os.O_RDWR)) is None)
for label, kind, number in (("mknod 1:1", stat.S_IFCHR, os.makedev(1, 1)), ("mknod 7:0", stat.S_IFBLK, os.makedev(7, 0))):
    attempt(label, lambda: os.mknod("device", kind | 0o600, number) is None)

# %% Settings of the kernel
# demonstrate: root
# Opened for writing, and nothing written: it would be this machine's.
# extra: reduced
for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/overcommit_memory",
             "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/sys/fs/binfmt_misc/register"):
    attempt(path, lambda: os.close(os.open(path, os.O_WRONLY)) is None)
for path in ("/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/ping_group_range", "/proc/sys/user/max_user_namespaces"):
    attempt(path, lambda: os.path.exists(path) and os.close(os.open(path, os.O_WRONLY)) is None)

# %% Memory of the machine
# undemonstrated: only root of the machine may, not root of a namespace
# extra: reduced
for path in ("/proc/kcore", "/dev/mem", "/dev/port", "/proc/kmsg"):
    attempt(path, lambda: os.close(os.open(path, os.O_RDONLY)) is None)
attempt("/proc/kallsyms", lambda: any(int(line.split()[0], 16) for line in open("/proc/kallsyms").read(4096).splitlines()[:-1]))

# %% The cgroup's files
# demonstrate: root
# closed: a v1 hierarchy to mount - only root of the machine may, not root of a namespace
# extra: reduced
def writable_groups():
    found = [path for path in glob.glob("/sys/fs/cgroup/**/cgroup.procs", recursive=True) if os.access(path, os.W_OK)]
    return len(found) > 0


def release_agent():
    os.makedirs("cg", exist_ok=True)
    try:
        call("mount", b"cgroup\0", b"cg\0", b"cgroup\0", 0, b"memory\0")
        return os.close(os.open("cg/release_agent", os.O_WRONLY)) is None
    finally:
        if os.path.ismount("cg"):
            call("umount2", b"cg\0", 2)


attempt("groups that can be written", writable_groups)
attempt("a v1 hierarchy to mount", release_agent)

# %% The descriptors of files opened before the walls
# undemonstrated: they are closed in every tier, walls or none
def leads_outside(fd):
    target = os.readlink(f"/proc/self/fd/{fd}")
    return target.startswith("/") and not target.startswith(("/dev/null", "/proc/", "/home/user", "/dev/urandom"))


attempt("an inherited file", lambda: any(leads_outside(int(fd)) for fd in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{fd}")) or None)
attempt("out through ..", lambda: os.path.exists("/proc/self/cwd/../../../../../../root/.bashrc") or None)

# %% A handle in place of a path
# undemonstrated: only root of the machine may, not root of a namespace
# extra: reduced
def by_handle():
    handle = ctypes.create_string_buffer(struct.pack("Ii", 8, 1) + struct.pack("II", 2, 0), 136)
    fd = os.open("/", os.O_RDONLY)
    try:
        return os.close(call("open_by_handle_at", fd, handle, os.O_RDONLY)) is None
    finally:
        os.close(fd)


attempt("open_by_handle_at", by_handle)
