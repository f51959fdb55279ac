"""The files of one context, and its cgroups."""

from dataclasses import dataclass

from . import cgroups


@dataclass(eq=False)
class Home:
    """Outlives the interpreters that work in it. `path`: where the launcher sees it. `user`: whose it is, None: ours."""

    path: str
    group: cgroups.Group | None = None
    room: cgroups.Group | None = None  # Where copies of its sessions work; made for the first of them.
    user: int | None = None
    _kills: int | None = None

    def watch_memory(self) -> None:
        """In the supervisor, while the cgroup can still be seen."""
        if self.group is not None:
            self._kills = self.group.open_kill_count()

    def kill_count(self) -> int:
        """How many processes the kernel has ended here because the memory limit was reached."""
        return 0 if self._kills is None else cgroups.kill_count(self._kills)
