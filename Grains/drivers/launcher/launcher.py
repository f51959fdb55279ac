"""Entry point of a launcher: the fork server of all interpreters of one language. See ../PROTOCOL.md.

    /usr/bin/python3 -I launcher.py --language python|typescript --socket PATH --homes DIRECTORY [--bun PATH]
                                    [--tier full|reduced|none] [--limits-by cgroup|rlimit] [--user UID] [--pool-minimum N] [--pool-maximum N]
                                    [--lease-seconds N] [limits]
    /usr/bin/python3 -I launcher.py --probe [--user UID]

The first form serves until SIGTERM or the end of stdin. The second prints what walls this machine has, as JSON.
"""

import argparse
import builtins
import gc
import importlib
import importlib.util
import os
import signal
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_DRIVERS = _HERE.parent

# What a driver runs in its process must not change when user code patches `builtins`.
_PRIVATE_BUILTINS = dict(vars(builtins))


class _Loader(SourceFileLoader):
    """Loads modules with builtins of their own and without bytecode, under names that are no paths: users see stacks."""

    def exec_module(self, module):
        module.__dict__["__builtins__"] = _PRIVATE_BUILTINS
        super().exec_module(module)

    def get_code(self, fullname):
        return self.source_to_code(self.get_data(self.path), f"<{fullname}>")


class _Finder:
    """Finds our packages under names that user code cannot import by accident: `sys.path` never sees our folders."""

    def __init__(self):
        self.roots = {}

    def find_spec(self, name, path=None, target=None):
        root, *rest = name.split(".")
        if root not in self.roots:
            return None
        location = self.roots[root].joinpath(*rest)
        is_package = location.is_dir()
        file = location / "__init__.py" if is_package else location.with_suffix(".py")
        folders = [str(location)] if is_package else None
        return importlib.util.spec_from_file_location(
            name, file, loader=_Loader(name, str(file)), submodule_search_locations=folders)


_FINDER = _Finder()


def load_package(name: str, folder: Path):
    """Imports the package in `folder` as `name`."""
    _FINDER.roots[name] = folder
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    return importlib.import_module(name)


def main() -> int:
    load_package("sandbox_launcher", _HERE)
    arguments = _parse_arguments()
    # Ctrl-C in a terminal is meant for the silo, which then ends us in its own way.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    if arguments.probe:
        return _probe(arguments)
    if arguments.tier == "full" and not arguments.inside:
        return _wall_off(arguments)
    if arguments.inside and arguments.language == "typescript" and arguments.zygote is None:
        _become_zygote(arguments)
    return _serve(arguments)


def _probe(arguments) -> int:
    from sandbox_launcher.isolation import probe

    if arguments.inside:
        return probe.try_full(arguments.cgroups)
    print(probe.report(_DRIVERS, arguments.user), flush=True)
    return 0


def _wall_off(arguments) -> int:
    from sandbox_launcher.isolation.outer import BUN, HOMES, RUN, OuterWall
    from sandbox_launcher.processes import log

    inside = ["--language", arguments.language, "--socket", f"{RUN}/{os.path.basename(arguments.socket)}", "--homes", HOMES,
              "--tier", "full", "--pool-minimum", str(arguments.pool_minimum), "--pool-maximum", str(arguments.pool_maximum),
              "--lease-seconds", str(arguments.lease_seconds), *arguments.limits.to_arguments()]
    if arguments.bun is not None:
        inside += ["--bun", BUN]
    try:
        return OuterWall(arguments.user, _DRIVERS, arguments.socket, arguments.bun, arguments.limits_by == "cgroup").run(*inside)
    except OSError as error:
        log(f"the outer wall could not be put up: {error.strerror}")
        return 1
    finally:
        _remove_folders(arguments)


def _become_zygote(arguments) -> None:
    """Comes back only where that is not possible."""
    from sandbox_launcher import zygote
    from sandbox_launcher.environment import of_interpreter
    from sandbox_launcher.isolation import full
    from sandbox_launcher.isolation.limits import Limits, data_limit
    from sandbox_launcher.languages import TypeScript
    from sandbox_launcher.processes import log

    library = zygote.find_library()
    if library is None:
        log("no libpython: every context starts a Bun of its own, which takes longer")
        return
    language = TypeScript(arguments.bun, None)
    # The usual limits, whatever those of the contexts are: what runs here now is theirs to share, and not to pay for.
    zygote.become(language.command, of_interpreter(full.PLACES, language.environment),
                  data_limit(Limits(), language.runtime_bytes), library, [*_command(), *sys.argv[1:], "--zygote"])


def _serve(arguments) -> int:
    from sandbox_launcher import contiguous_memory, joined_mappings
    from sandbox_launcher.isolation import tiers
    from sandbox_launcher.languages import Python, TypeScript
    from sandbox_launcher.lease import Lease
    from sandbox_launcher.pool import PoolBounds
    from sandbox_launcher.server import Server
    from sandbox_launcher.zygote import Zygote

    if arguments.language == "python":
        language = Python(load_package)
    else:
        language = TypeScript(arguments.bun, Zygote(arguments.zygote) if arguments.zygote else None)
    walls = tiers.build(arguments.tier, arguments.limits, arguments.homes, arguments.cgroups, language.files, arguments.user)
    language.warm_up()
    sys.meta_path.remove(_FINDER)

    # Names that importing looked up lie all over the memory; whoever replaces one in the cache writes to its page.
    sys._clear_type_cache()
    # What is alive now stays alive: no collection may touch it, or every fork would get its own copy of those pages.
    gc.collect()
    gc.disable()
    gc.freeze()
    joined_mappings.use()
    contiguous_memory.use()
    Server(language, walls, arguments.socket, PoolBounds(arguments.pool_minimum, arguments.pool_maximum),
           Lease(arguments.lease_seconds)).run()
    _remove_folders(arguments)
    return 0


def _remove_folders(arguments) -> None:
    """Whoever made them may be gone: a silo that crashed leaves nothing in the temporary folder."""
    if os.path.exists(arguments.socket):
        os.unlink(arguments.socket)
    for folder in (arguments.homes, os.path.dirname(arguments.socket)):
        try:
            os.rmdir(folder)
        except OSError:
            pass


def _parse_arguments() -> argparse.Namespace:
    from sandbox_launcher.isolation.limits import Limits

    parser = argparse.ArgumentParser(prog="launcher.py", allow_abbrev=False)
    parser.add_argument("--probe", action="store_true")
    parser.add_argument("--language", choices=("python", "typescript"))
    parser.add_argument("--socket", type=os.path.abspath)
    parser.add_argument("--homes", type=os.path.abspath)
    parser.add_argument("--bun", type=os.path.abspath)
    parser.add_argument("--tier", choices=("full", "reduced", "none"), default="full")
    parser.add_argument("--limits-by", choices=("cgroup", "rlimit"), default="rlimit")
    parser.add_argument("--user", type=int, default=60000)
    parser.add_argument("--pool-minimum", type=int, default=2)
    parser.add_argument("--pool-maximum", type=int, default=8)
    # 0: a silo that says nothing is no reason to stop anything.
    parser.add_argument("--lease-seconds", type=float, default=0.0)
    # Set by the outer wall for the launcher inside of it.
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--cgroups", help=argparse.SUPPRESS)
    # Set by a zygote for the launcher that runs in it; 0: there can be no copies of this Bun.
    parser.add_argument("--zygote", type=int, help=argparse.SUPPRESS)
    Limits.add_arguments(parser)
    arguments = parser.parse_args()
    arguments.limits = Limits.of_arguments(arguments)
    if arguments.probe:
        return arguments
    for name in ("language", "socket", "homes"):
        if getattr(arguments, name) is None:
            parser.error(f"--{name} is required")
    if arguments.language == "typescript" and arguments.bun is None:
        parser.error("--bun is required for typescript")
    if arguments.bun is not None and not os.access(arguments.bun, os.X_OK):
        parser.error("--bun cannot be executed")
    return arguments


# Runs this file as a text, so that no stack names its path either.
_PROGRAM = ("import sys; path = sys.argv.pop(1); "
            "exec(compile(open(path, 'rb').read(), '<sandbox_launcher>', 'exec'), {'__name__': '__launcher__', '__file__': path})")


def _command() -> list[str]:
    return [sys.executable, "-I", "-c", _PROGRAM, os.path.abspath(__file__)]


if __name__ == "__main__":
    os.execv(sys.executable, [*_command(), *sys.argv[1:]])

if __name__ == "__launcher__":
    code = main()
    # Not through the interpreter's own exit: that would run what libraries registered, long after their time.
    sys.stdout.flush()
    os._exit(code)
