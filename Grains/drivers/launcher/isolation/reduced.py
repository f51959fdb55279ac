"""The tier `reduced`: what a process can do to itself where no user namespace is to be had, as in many a pod."""

import errno
import os

from . import landlock, linux
from .home import Home
from .limits import Limits, apply_resource_limits
from .none import NoWalls
from .system_calls import allow_list

_READABLE = ["/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/ssl", "/etc/fonts", "/etc/alternatives",
             "/etc/localtime", "/etc/passwd", "/etc/group", "/etc/mime.types", "/etc/matplotlibrc", "/dev/null", "/dev/zero",
             "/dev/full", "/dev/random", "/dev/urandom"]
_WRITABLE_DEVICES = ["/dev/null", "/dev/zero", "/dev/full"]

# The launchers of a silo each have as many, the first one for the launcher.
_USERS = 2500


class Reduced(NoWalls):
    """Landlock, an allow-list of system calls without internet sockets, limits, and, as root, a user for each context."""

    tier = "reduced"

    def __init__(self, limits: Limits, homes: str, extra: list[str], first_user: int):
        super().__init__(limits, homes)
        self._filter = linux.Filter(allow_list(with_internet=False))
        self._extra = extra
        self._first_user = first_user
        self._users: set[int] = set()

    def open_home(self) -> Home:
        home = super().open_home()
        if os.geteuid() == 0:
            try:
                self._give_away(home)
            except OSError:
                self.remove_home(home)
                self.forget_home(home)
                raise
        return home

    def forget_home(self, home: Home) -> None:
        # A user is free again only when nothing of its former context is left.
        self._users.discard(home.user)

    def enclose(self, home: Home, runtime_bytes: int) -> None:
        apply_resource_limits(self._limits, runtime_bytes)
        if home.user is not None:
            os.setgroups([])
            os.setresgid(home.user, home.user, home.user)
            os.setresuid(home.user, home.user, home.user)
        linux.drop_capabilities()
        linux.no_new_privileges()
        own = [f"/proc/{os.getpid()}"]
        landlock.restrict([*_READABLE, *self._extra, *own], [home.path, *_WRITABLE_DEVICES], without_tcp=True)
        self._filter.install()

    def _give_away(self, home: Home) -> None:
        home.user = self._take_user()
        os.chown(home.path, home.user, home.user)
        # The homes of all are in there: to be passed through, not to be listed.
        os.chmod(self._homes, 0o711)
        os.chmod(os.path.dirname(self._homes), 0o711)

    def _take_user(self) -> int:
        numbers = range(self._first_user + 1, self._first_user + _USERS)
        user = next((number for number in numbers if number not in self._users), None)
        if user is None:
            raise OSError(errno.EAGAIN, "as many contexts as there are users for")
        self._users.add(user)
        return user
