# What the kernel counts for a user or for the whole machine, and not for a context: whoever takes all of it takes it from others.

# %% The machine's asynchronous reads
def taken():
    """All of fs.aio-max-nr that is left, in pieces."""
    limit, got = int(open("/proc/sys/fs/aio-max-nr").read()), 0
    piece = limit // 2
    while piece >= 64 and got < limit // 2:
        try:
            call("io_setup", piece, ctypes.create_string_buffer(8))
            got += piece
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise
            piece //= 2
    return got >= limit // 8


attempt("an eighth of them", taken)

# %% The user's file watchers
# A user of the machine has so many; contexts share a user.
def taken():
    limit = int(open("/proc/sys/fs/inotify/max_user_instances").read())
    held = []
    try:
        while len(held) < limit:
            fd = LIBC.inotify_init1(0)
            if fd < 0:
                break
            held.append(fd)
        return len(held) >= limit // 2
    finally:
        for fd in held:
            os.close(fd)


attempt("half of them", taken)

# %% Watch what others read
# Folders that all contexts see are the same for all: who watches one sees others open its files.
def seen():
    watcher = LIBC.inotify_init1(os.O_NONBLOCK)
    if watcher < 0:
        raise OSError(ctypes.get_errno(), "inotify_init1")
    LIBC.inotify_add_watch(watcher, b"/usr/share/zoneinfo", 0x20)
    until = time.monotonic() + float(os.environ.get("PATIENCE", 2))
    while time.monotonic() < until:
        if select.select([watcher], [], [], 0.1)[0]:
            return True
    return False


attempt("a file that was opened", seen)

# %% Lock a file that all can read
# ends: done kept
# undemonstrated: a lock on a file that nobody locks hurts nobody; it is written down as a channel, not a wall
with open("/usr/bin/env") as file:
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
