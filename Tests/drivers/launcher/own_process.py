"""Code that changes, or looks at, the whole process that it runs in."""

import subprocess
import sys
from pathlib import Path

_PROGRAM = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
sys.dont_write_bytecode = True
from drivers_under_test import load_packages
load_packages()

def kilobytes(name):
    for line in open('/proc/self/smaps_rollup'):
        if line.startswith(name + ':'):
            return int(line.split()[1])

"""


def run(code: str) -> list[int]:
    """The numbers that `code` prints in a process of its own, which has the packages of the drivers, and `kilobytes` of itself."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM + code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]
