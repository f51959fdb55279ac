"""The system calls that user code may make. A list of what is allowed: a call that is not on it does not exist (ENOSYS).

Left out on purpose: new namespaces and mounts, tracing and reading other processes, loading anything into the kernel
(bpf, modules, kexec), keys, io_uring, userfaultfd, perf, handles of files, the clock, System V IPC and POSIX queues; and
what the kernel counts for the whole machine (io_setup) or for a user that all contexts share (inotify, whose watches also
tell what others read).
"""

import errno
import socket
import stat
import tempfile

import seccomp

from .linux import (CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWTIME, CLONE_NEWUSER,
                    CLONE_NEWUTS)

_ALLOWED = """
access faccessat faccessat2 open openat openat2 creat close close_range read write readv writev pread64 pwrite64 preadv
pwritev preadv2 pwritev2 lseek stat fstat lstat newfstatat statx statfs fstatfs readlink readlinkat getdents getdents64
getcwd chdir fchdir dup dup2 dup3 fcntl flock fsync fdatasync sync syncfs sync_file_range fallocate ftruncate truncate
fadvise64 readahead copy_file_range sendfile splice tee rename renameat renameat2 link linkat symlink symlinkat unlink
unlinkat mkdir mkdirat rmdir chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat umask utime utimes utimensat
futimesat getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr setxattr lsetxattr fsetxattr removexattr
lremovexattr fremovexattr pipe pipe2 poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_ctl_old
epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime
timerfd_gettime memfd_create

brk mmap munmap mremap mprotect madvise mincore msync mlock mlock2 munlock mlockall munlockall pkey_alloc pkey_free
pkey_mprotect membarrier rseq map_shadow_stack

fork vfork execve execveat exit exit_group wait4 waitid kill tkill tgkill pidfd_open pidfd_send_signal
getpid getppid gettid getpgid getpgrp getsid setpgid setsid set_tid_address set_robust_list get_robust_list
futex futex_waitv futex_wake futex_wait futex_requeue prctl arch_prctl set_thread_area get_thread_area
rt_sigaction rt_sigprocmask rt_sigpending rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
sigaltstack pause alarm getitimer setitimer restart_syscall
sched_yield sched_getaffinity sched_getparam sched_getscheduler sched_getattr sched_get_priority_max
sched_get_priority_min sched_rr_get_interval getpriority ioprio_get getrlimit setrlimit getrusage times capget getcpu

getuid geteuid getgid getegid getresuid getresgid getgroups setuid setgid setreuid setregid setresuid setresgid setfsuid
setfsgid

clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time timer_create timer_settime timer_gettime
timer_getoverrun timer_delete uname sysinfo getrandom

bind listen accept accept4 getsockname getpeername getsockopt setsockopt recvfrom sendmsg recvmsg sendmmsg recvmmsg shutdown
""".split()

# Nothing but the right user is asked of who changes these of another process, and a supervisor has the user of its context.
_OF_THE_CALLER_ALONE = ("prlimit64", "sched_setaffinity", "sched_setparam", "sched_setscheduler", "sched_setattr")
_PRIO_PROCESS, _IOPRIO_WHO_PROCESS = 0, 1

_NAMESPACES = (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET
               | CLONE_NEWTIME)
_LOCAL = (socket.AF_UNIX,)
_WITH_INTERNET = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6)
_NODES_THAT_ARE_NO_DEVICE = (0, stat.S_IFREG, stat.S_IFIFO, stat.S_IFSOCK)
_FORMAT_BITS = 0o170000
_QUERY = 0xFFFFFFFF

# Terminals, pipes, sockets and file attributes; never TIOCSTI, which types for whoever owns the terminal.
_REQUESTS = (
    0x5401, 0x5402, 0x5403, 0x5404,  # TCGETS, TCSETS, TCSETSW, TCSETSF
    0x5409, 0x540A, 0x540B,  # TCSBRK, TCXONC, TCFLSH
    0x540F, 0x5410, 0x5413, 0x5414,  # TIOCGPGRP, TIOCSPGRP, TIOCGWINSZ, TIOCSWINSZ
    0x541B, 0x5421, 0x5422, 0x5429,  # FIONREAD, FIONBIO, TIOCNOTTY, TIOCGSID
    0x5450, 0x5451, 0x5452, 0x5460,  # FIONCLEX, FIOCLEX, FIOASYNC, FIOQSIZE
    0x80045430, 0x40045431, 0x540E, 0x5441,  # TIOCGPTN, TIOCSPTLCK, TIOCSCTTY, TIOCGPTPEER
    0x8910, 0x8912, 0x8913, 0x8915, 0x8919, 0x891B, 0x8921, 0x8927, 0x8933,  # SIOCGIF*: NAME, CONF, FLAGS, ADDR ...
    0x80086601, 0x801C581F, 0x40049409, 0x4020940D,  # FS_IOC_GETFLAGS, FS_IOC_FSGETXATTR, FICLONE, FICLONERANGE
)


def allow_list(with_internet: bool) -> bytes:
    """The filter as classic BPF. `with_internet`: sockets of IPv4 and IPv6, for whoever has a network namespace of its own."""
    calls = seccomp.SyscallFilter(seccomp.ERRNO(errno.ENOSYS))
    for name in _ALLOWED:
        _allow(calls, name)
    for name in _OF_THE_CALLER_ALONE:
        _allow(calls, name, seccomp.Arg(0, seccomp.EQ, 0))
    for name, kind in (("setpriority", _PRIO_PROCESS), ("ioprio_set", _IOPRIO_WHO_PROCESS)):
        _allow(calls, name, seccomp.Arg(0, seccomp.EQ, kind), seccomp.Arg(1, seccomp.EQ, 0))
    # clone3 hands its flags over in memory, where no filter can see them; libraries then fall back to clone.
    _allow(calls, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _NAMESPACES, 0))
    if with_internet:
        _allow(calls, "connect")
        _allow(calls, "sendto")
    else:
        # Without a file system of its own a context sees the doors of its user's other processes, the launcher's among them,
        # and Landlock does not keep them: no socket reaches another that was not made with it.
        _allow(calls, "sendto", seccomp.Arg(4, seccomp.EQ, 0))
    for family in _WITH_INTERNET if with_internet else _LOCAL:
        _allow(calls, "socket", seccomp.Arg(0, seccomp.EQ, family))
    _allow(calls, "socketpair", seccomp.Arg(0, seccomp.EQ, socket.AF_UNIX))
    for request in _REQUESTS:
        # The kernel looks at 32 bits of it; what a caller puts above them must not matter either.
        _allow(calls, "ioctl", seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, request))
    for kind in _NODES_THAT_ARE_NO_DEVICE:
        _allow(calls, "mknod", seccomp.Arg(1, seccomp.MASKED_EQ, _FORMAT_BITS, kind))
        _allow(calls, "mknodat", seccomp.Arg(2, seccomp.MASKED_EQ, _FORMAT_BITS, kind))
    for persona in (0, _QUERY):
        _allow(calls, "personality", seccomp.Arg(0, seccomp.EQ, persona))
    with tempfile.TemporaryFile() as file:
        calls.export_bpf(file)
        file.seek(0)
        return file.read()


def _allow(calls, name: str, *conditions) -> None:
    if _is_known(name):
        calls.add_rule(seccomp.ALLOW, name, *conditions)


def _is_known(name: str) -> bool:
    """Not every call exists on every architecture, nor in every version of the library; what it does not know stays out."""
    try:
        return seccomp.resolve_syscall(seccomp.Arch(), name) >= 0
    except (RuntimeError, ValueError):
        return False
