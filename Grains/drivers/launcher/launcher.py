"""Entry point of a launcher: the fork server of all interpreters of one language. See ../PROTOCOL.md.

    /usr/bin/python3 -I launcher.py --language python|typescript --socket PATH --homes DIRECTORY [--bun PATH]
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

# What a driver runs in its process must not change when user code patches `builtins`.
_PRIVATE_BUILTINS = dict(vars(builtins))


class _Loader(SourceFileLoader):
    """Loads modules with builtins of their own, and writes no bytecode beside the sources."""

    def exec_module(self, module):
        module.__dict__["__builtins__"] = _PRIVATE_BUILTINS
        super().exec_module(module)

    def set_data(self, path, data, *, _mode=0o666):
        pass


class _Finder:
    """Finds our packages under names that user code cannot import by accident: `sys.path` never sees our folders."""

    def __init__(self):
        self.roots = {}

    def find_spec(self, name, path=None, target=None):
        root, *rest = name.split(".")
        if root not in self.roots:
            return None
        location = self.roots[root].joinpath(*rest)
        file = location.with_suffix(".py") if rest else location / "__init__.py"
        folders = None if rest else [str(location)]
        return importlib.util.spec_from_file_location(
            name, file, loader=_Loader(name, str(file)), submodule_search_locations=folders)


_FINDER = _Finder()


def load_package(name: str, folder: Path):
    """Imports the package in `folder` as `name`."""
    _FINDER.roots[name] = folder
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    return importlib.import_module(name)


def main() -> None:
    arguments = _parse_arguments()
    load_package("sandbox_launcher", _HERE)
    from sandbox_launcher.languages import Python, TypeScript
    from sandbox_launcher.server import Server

    # Ctrl-C in a terminal is meant for the silo, which then ends us in its own way.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    language = Python(load_package) if arguments.language == "python" else TypeScript(arguments.bun)
    language.warm_up()
    sys.meta_path.remove(_FINDER)

    # What is alive now stays alive: no collection may touch it, or every fork would get its own copy of those pages.
    gc.collect()
    gc.disable()
    gc.freeze()
    Server(language, arguments.socket, arguments.homes).run()


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="launcher.py", allow_abbrev=False)
    parser.add_argument("--language", required=True, choices=("python", "typescript"))
    parser.add_argument("--socket", required=True, type=os.path.abspath)
    parser.add_argument("--homes", required=True, type=os.path.abspath)
    parser.add_argument("--bun", type=os.path.abspath)
    arguments = parser.parse_args()
    if arguments.language == "typescript" and arguments.bun is None:
        parser.error("--bun is required for typescript")
    if arguments.bun is not None and not os.access(arguments.bun, os.X_OK):
        parser.error("--bun cannot be executed")
    return arguments


if __name__ == "__main__":
    main()
    # Not through the interpreter's own exit: that would run what libraries registered, long after their time.
    os._exit(0)
