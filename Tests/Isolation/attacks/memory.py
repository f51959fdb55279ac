# %% A heap that grows
# ends: MemoryLimitExceeded kept
block = []
for _ in range((MEMORY >> 20) + 64):
    block.append(b"x" * (1 << 20))
print("BREACH more heap than the limit")

# %% One allocation of everything
# ends: MemoryLimitExceeded kept
block = bytearray(MEMORY + (64 << 20))
print("BREACH more heap than the limit")

# %% A mapping past the allocator
# ends: MemoryLimitExceeded,OSError kept
block = mmap.mmap(-1, MEMORY + (64 << 20), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for at in range(0, len(block), 4096):
    block[at] = 1
print("BREACH more memory than the limit")

# %% Shared memory of no file
# ends: MemoryLimitExceeded lost
block = mmap.mmap(-1, MEMORY + (64 << 20))
for at in range(0, len(block), 4096):
    block[at] = 1
print("BREACH more memory than the limit")

# %% Files of no file system
# ends: MemoryLimitExceeded lost
held = []
for number in range(5):
    fd = os.memfd_create(f"hoard-{number}")
    held.append(fd)
    for _ in range(128):
        os.write(fd, bytes(1 << 20))
print("BREACH more memory than the limit in memfds")

# %% One file of no file system
attempt("a gigabyte in one memfd", lambda: os.ftruncate(os.memfd_create("one"), 1 << 30) is None)

# %% Locked memory
def locked():
    block = mmap.mmap(-1, 1 << 20)
    address = ctypes.addressof(ctypes.c_char.from_buffer(block))
    if LIBC.mlock(ctypes.c_void_p(address), ctypes.c_size_t(len(block))) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return True


attempt("a mebibyte that cannot be swapped", locked)

# %% Many children, each below the limit
# The kernel ends one of them; the session goes on.
# ends: held kept
SHARE = MEMORY // 4
told, telling = os.pipe()
release, hold = os.pipe()
pids = []
for _ in range(6):
    pid = os.fork()
    if pid == 0:
        os.close(hold)
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
        block = mmap.mmap(-1, SHARE)
        for at in range(0, SHARE, 4096):
            block[at] = 1
        os.write(telling, b"x")
        os.read(release, 1)
        os._exit(0)
    pids.append(pid)
grown, dead = 0, []
while grown + len(dead) < len(pids):
    if select.select([told], [], [], 0.05)[0]:
        grown += len(os.read(told, 1))
    dead += [pid for pid in pids if pid not in dead and os.waitpid(pid, os.WNOHANG)[0]]
attempt("six quarters of the limit", lambda: not dead and grown * SHARE > MEMORY)
os.close(hold)
for pid in pids:
    if pid not in dead:
        os.waitpid(pid, 0)

# %% A child that outgrows the limit
def outgrow():
    def grow():
        block = mmap.mmap(-1, MEMORY + (64 << 20))
        for at in range(0, len(block), 4096):
            block[at] = 1
        return True
    return in_child(grow)


attempt("a child beyond the limit", outgrow)

# %% A child whose own runtime refuses
def outgrow():
    def grow():
        try:
            block = b"x" * (MEMORY + (64 << 20))
        except MemoryError:
            return False
        return True
    return in_child(grow)


attempt("a child's heap beyond the limit", outgrow)

# %% Files and heap together
# What lies in files is memory of the context, too.
# ends: MemoryLimitExceeded lost
with open("/dev/shm/part", "wb") as file:
    for _ in range(240):
        file.write(bytes(1 << 20))
block = []
for _ in range((MEMORY >> 20) - 100):
    block.append(b"x" * (1 << 20))
print("BREACH more files and heap than the limit")

# %% Kernel memory: pipes full of bytes
# undemonstrated: the kernel keeps all pipes of one user small, with walls or without
def fill():
    held = 0
    for _ in range(OPEN_FILES):
        reader, writer = os.pipe()
        fcntl.fcntl(writer, 1031, 1 << 20)
        os.set_blocking(writer, False)
        held += os.write(writer, bytes(1 << 20))
        if held > MEMORY:
            return True
    return False


opened = set(os.listdir("/proc/self/fd"))
attempt("pipes beyond the limit", fill)
for name in set(os.listdir("/proc/self/fd")) - opened:
    try:
        os.close(int(name))
    except OSError:
        pass

# %% The page cache
# Reading the machine's files fills memory that the kernel takes back: nobody may be ended for it.
# ends: done kept
# undemonstrated: what the kernel takes back at will is no breach; the promise is that nothing comes of it
total = 0
for folder, _, names in os.walk("/usr/lib"):
    for name in names:
        path = os.path.join(folder, name)
        try:
            if stat.S_ISREG(os.lstat(path).st_mode):
                with open(path, "rb") as file:
                    while data := file.read(1 << 20):
                        total += len(data)
        except OSError:
            continue
    if total > MEMORY + (128 << 20):
        break
