"""Prints what a context costs its launcher: processor time until its first result, and memory that it shares with nobody.

    /usr/bin/python3 Tests/drivers/measure_contexts.py [CONTEXTS]

Counts processes and pages, not seconds, so that what else this machine does matters little. As root: /proc shows it all.
"""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "launcher"))
sys.dont_write_bytecode = True

from drivers_under_test import BUN, load_packages  # noqa: E402

load_packages()

from launcher_process import LauncherProcess, descendants  # noqa: E402

SETTLING_SECONDS = 3
LANGUAGES = {
    "python": ([], "import pandas, matplotlib.pyplot, numpy\nlen(pandas.DataFrame({'a': numpy.arange(10)}))"),
    "typescript": (["--bun", str(BUN)], "const list = [1, 2]; list.length"),
}


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    for language, (arguments, code) in LANGUAGES.items():
        with LauncherProcess(*arguments, language=language) as launcher:
            contexts = [_begin(launcher, code)]
            time.sleep(SETTLING_SECONDS)
            before = _tree(launcher)
            processor, memory, tables = _measure(before)
            contexts += [_begin(launcher, code) for _ in range(count)]
            time.sleep(SETTLING_SECONDS)
            after = _tree(launcher)
            processor, memory, tables = (now - then for now, then in zip(_measure(after), (processor, memory, tables)))
            # Each has two processes; those that wait in the pool count as well.
            made = (len(after) - len(before)) / 2
            print(f"{language:<12} {processor / made:7.1f} ms of processor   {memory / made:7.0f} KiB of memory   "
                  f"{tables / made:5.0f} KiB of page tables   n {made:.0f}", flush=True)
            supervisors = [pid for pid in after if pid not in before and descendants(pid)]
            drivers = [pid for pid in after if pid not in before and pid not in supervisors]
            for name, pids in (("supervisor", supervisors), ("driver", drivers)):
                print(f"  {name:<10} {sum(map(_processor, pids)) / len(pids):7.1f} ms of processor   "
                      f"{sum(_rollup(pid, 'Private_Dirty') for pid in pids) / len(pids):7.0f} KiB its own", flush=True)
            for context in contexts:
                context.close()


def _begin(launcher: LauncherProcess, code: str):
    context = launcher.start()
    assert context.run(code, patience=60).error is None
    return context


def _tree(launcher: LauncherProcess) -> list[int]:
    return [launcher.process.pid, *descendants(launcher.process.pid)]


def _measure(pids: list[int]) -> tuple[float, int, int]:
    """Milliseconds; KiB of anonymous memory, each page counted once; KiB of page tables."""
    return (sum(map(_processor, pids)), sum(_rollup(pid, "Pss_Anon") for pid in pids),
            sum(_number(f"/proc/{pid}/status", "VmPTE") for pid in pids))


def _processor(pid: int) -> float:
    return sum(int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0]) / 1e6
               for task in os.listdir(f"/proc/{pid}/task"))


def _rollup(pid: int, name: str) -> int:
    return _number(f"/proc/{pid}/smaps_rollup", name)


def _number(path: str, name: str) -> int:
    for line in Path(path).read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0


if __name__ == "__main__":
    main()
