"""Prints what saving and restoring a session costs, by size and language. Asserts nothing.

    /usr/bin/python3 Tests/drivers/measure_checkpoints.py
"""

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

# A thread sees for how long the main thread keeps everything else from running, and that is the session's pause.
WATCH = """
import threading, time
def watch():
    global longest
    last = time.perf_counter()
    while watching:
        now = time.perf_counter()
        longest = max(longest, now - last)
        last = now
watching, longest = True, 0.0
threading.Thread(target=watch).start()
"""


def measure_python(launcher, code: str) -> list[str]:
    home = launcher.open()
    interpreter = home.enter().start()
    assert interpreter.run(code).error is None
    pauses = []
    for _ in range(ROUNDS):
        interpreter.run(WATCH)
        assert interpreter.run("longest = 0.0").error is None
        assert Parts(home.save()).trailer is not None
        pauses.append(float(interpreter.run("watching = False; longest").text))
    interpreter.run("del threading, time, watch, watching, longest")
    return [pause(pauses), *measure(launcher, home)]


def measure_typescript(launcher, code: str) -> list[str]:
    home = launcher.open()
    interpreter = home.enter().start()
    assert interpreter.run(code).error is None
    pauses = [Parts(home.save()).trailer["pause_ms"] / 1000 for _ in range(ROUNDS)]
    return [pause(pauses), *measure(launcher, home)]


def pause(seconds: list[float]) -> str:
    """The longest would be what else the machine has done meanwhile."""
    return f"pause {statistics.median(seconds) * 1000:5.1f} ms"


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
    with LauncherProcess("--pool-minimum", "2", "--pool-maximum", "2") as launcher:
        for name, code in PYTHON.items():
            print(f"python      {name:22}", *measure_python(launcher, code), sep="  ", flush=True)
    with LauncherProcess("--bun", str(BUN), "--pool-minimum", "2", "--pool-maximum", "2", language="typescript") as launcher:
        for name, code in TYPESCRIPT.items():
            print(f"typescript  {name:22}", *measure_typescript(launcher, code), sep="  ", flush=True)


main()
