"""What walls this machine has: found out by putting each of them up, in a child, and never by looking at a version."""

import json
import os
from pathlib import Path

from .. import processes
from . import cgroups, delegation, landlock, linux, outer
from .full import Full
from .limits import Limits
from .system_calls import allow_list
from .tiers import FULL, NONE, REDUCED


def report(drivers: Path, user: int) -> str:
    """JSON: the best `tier`, how `limits` are kept (`cgroup` or `rlimit`), and what is `missing` for better ones, by name."""
    missing = {}
    if failure := _failure(processes.fork, lambda: _try_delegation(user)):
        missing["cgroup"] = failure
    tier = FULL
    if failure := _failure_of_full(drivers, user, with_cgroups="cgroup" not in missing):
        missing[FULL] = failure
        tier = REDUCED
        if failure := _failure(processes.fork, _try_reduced):
            missing[REDUCED] = failure
            tier = NONE
    if tier != FULL:
        missing.setdefault("cgroup", "cgroups are kept in the tier full alone")
    return json.dumps({"tier": tier, "limits": "rlimit" if "cgroup" in missing else "cgroup", "missing": missing})


def try_full(groups: str | None) -> int:
    """Inside the outer wall: everything about a context but its driver. Prints what is missing, if anything."""
    def put_up() -> str:
        walls = Full(Limits(), outer.HOMES, cgroups.Cgroups(groups) if groups else None, [])
        home = walls.open_home()
        return _failure(walls.fork, lambda: _try_context(walls, home))

    failure = _words_of_failure(put_up)
    if failure:
        print(failure, flush=True)
    return 1 if failure else 0


def _try_context(walls: Full, home) -> None:
    walls.surround(home)
    failure = _failure(processes.fork, lambda: (walls.join(home), walls.enclose(home, 0), os.chdir("/home/user")))
    if failure:
        raise OSError(0, failure)
    walls.settle()


def _failure_of_full(drivers: Path, user: int, with_cgroups: bool) -> str:
    if not outer.is_installed():
        return "bubblewrap is not installed; run deploy/prerequisites.sh"

    def run() -> None:
        # The outer wall ends when its stdin does.
        stdin, _ = os.pipe()
        os.dup2(stdin, 0)
        os._exit(outer.OuterWall(user, drivers, None, None, with_cgroups).run("--probe"))

    return _failure(processes.fork, run)


def _try_reduced() -> None:
    # Made before anything is closed: it takes a temporary file.
    program = allow_list(with_internet=False)
    linux.no_new_privileges()
    landlock.restrict(["/"], [], without_tcp=True)
    linux.Filter(program).install()


def _try_delegation(user: int) -> None:
    parents = delegation.find()
    delegation.make_room(parents)
    delegated = delegation.Delegation(parents)
    try:
        delegated.make(user if os.geteuid() == 0 else os.geteuid())
    finally:
        delegated.remove()


def _failure(fork, action) -> str:
    """Does it in a child; why it failed there, in words; empty when it did not."""
    reader, writer = os.pipe()
    pid = fork()
    if pid == 0:
        code = 1
        try:
            processes.reset_signals()
            os.dup2(writer, 1)
            os.dup2(writer, 2)
            failure = _words_of_failure(action)
            os.write(1, (failure or "").encode())
            code = 1 if failure else 0
        finally:
            os._exit(code)
    os.close(writer)
    with open(reader, encoding="utf-8", errors="replace") as output:
        words = output.read()
    _, status = os.waitpid(pid, 0)
    if status == 0:
        return ""
    return " ".join(words.split()) or f"a trial ended with status {os.waitstatus_to_exitcode(status)}"


def _words_of_failure(action) -> str:
    """What `action` returns, if that is a text, or why it failed."""
    try:
        result = action()
    except (OSError, RuntimeError, ImportError) as error:
        return getattr(error, "strerror", None) or str(error) or type(error).__name__
    return result if isinstance(result, str) else ""
