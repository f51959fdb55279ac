"""Prints what saving and restoring a session costs, by size and language. Asserts nothing.

    /usr/bin/python3 Tests/drivers/measure_checkpoints.py
"""

import mmap
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "launcher"))
sys.dont_write_bytecode = True

from drivers_under_test import BUN, load_packages  # noqa: E402

load_packages()

from checkpoint_stream import Parts  # noqa: E402
from launcher_process import LauncherProcess  # noqa: E402

ROUNDS = 15
# Saves of which the `pause_ms` is looked at: short ones, and the longest is of interest.
PAUSES = 60
# What an empty session has in memory, and what passes between two of its saves.
SESSION_BYTES = 85 << 20
BETWEEN_SAVES_SECONDS = 0.05

PYTHON = {
    "empty": "x = 1",
    "40 variables, 14 MB": "import numpy as np\nfor n in range(20): globals()[f'a{n}'] = np.full(50_000, n, float)\n"
                           "for n in range(20): globals()[f'r{n}'] = [{'n': i, 's': f'name{n}-{i}'} for i in range(5_000)]",
    "array of 100 MB": "import numpy as np\narray = np.ones(100 * 131072)",
    "1,000,000 objects": "rows = [{'n': n, 's': str(n)} for n in range(330_000)]",
    "3,000,000 objects": "rows = [{'n': n, 's': str(n)} for n in range(990_000)]",
    # Nearly all that a context may have. Its copy cannot be packed, which is what `save` then takes; the pause is the same.
    "4,500,000 objects": "rows = [{'n': n, 's': str(n)} for n in range(1_480_000)]",
    "10,000 files": "for n in range(10_000): open(f'{n}', 'w').write(str(n))",
    "64 MB of files": "import os\nfor n in range(64): open(f'{n}', 'wb').write(os.urandom(1 << 20))",
}

TYPESCRIPT = {
    "empty": "let x = 1",
    "40 variables, 8 MB": "for (let n = 0; n < 40; n++) globalThis[`v${n}`] = Array.from({ length: 4000 }, (_, i) => ({ i, s: `name${n}-${i}`, t: [i] }))",
    "array of 100 MB": "const array = new Float64Array(100 * 131072).fill(1)",
    "10,000 files": "for (let n = 0; n < 10000; n++) require('fs').writeFileSync(`${n}`, `${n}`)",
}


def measure_plain_fork() -> None:
    """What this machine takes to copy a process that is as large as an empty session, and has nothing else to do with one."""
    memory = mmap.mmap(-1, SESSION_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    for address in range(0, SESSION_BYTES, mmap.PAGESIZE):
        memory[address] = 1
    forks = []
    for _ in range(PAUSES * len(PYTHON)):
        time.sleep(BETWEEN_SAVES_SECONDS)
        begun = time.perf_counter()
        child = os.fork()
        if child == 0:
            os._exit(0)
        forks.append((time.perf_counter() - begun) * 1000)
        os.waitpid(child, 0)
    memory.close()
    print(f"{'plain fork':12}{'85 MB':22}", spread(forks), sep="  ", flush=True)


def spread(milliseconds: list[float]) -> str:
    return f"pause {statistics.median(milliseconds):5.1f} ms, longest {max(milliseconds):5.1f} ms"


def measure_language(launcher, language: str, cases: dict) -> None:
    for name, code in cases.items():
        print(f"{language:12}{name:22}", *measure_session(launcher, code), sep="  ", flush=True)


def measure_session(launcher, code: str) -> list[str]:
    home = launcher.open()
    interpreter = home.enter().start()
    assert interpreter.run(code).error is None
    pauses = []
    for _ in range(PAUSES):
        # As between any two saves: something has changed.
        assert interpreter.run("1").error is None
        pauses.append(Parts(home.save()).trailer["pause_ms"])
    return [spread(pauses), *measure(launcher, home)]


def measure(launcher, home) -> list[str]:
    saves, restores = [], []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        checkpoint = home.save()
        saves.append(time.perf_counter() - begun)
        other = launcher.open()
        begun = time.perf_counter()
        restored = other.restore(checkpoint)
        restored.hello()
        restores.append(time.perf_counter() - begun)
        other.close()
    home.close()
    return [f"save {statistics.median(saves) * 1000:6.0f} ms", f"restore {statistics.median(restores) * 1000:6.0f} ms",
            f"{len(checkpoint) / 1e6:6.1f} MB"]


def main() -> None:
    measure_plain_fork()
    with LauncherProcess("--pool-minimum", "2", "--pool-maximum", "2") as launcher:
        measure_language(launcher, "python", PYTHON)
    with LauncherProcess("--bun", str(BUN), "--pool-minimum", "2", "--pool-maximum", "2", language="typescript") as launcher:
        measure_language(launcher, "typescript", TYPESCRIPT)


main()
