"""What differs between the languages: how a driver starts, and how it is interrupted the hard way."""

import os
import signal
from pathlib import Path

_DRIVERS = Path(__file__).resolve().parent.parent


class Python:
    """Everything is imported before the first fork; a driver is a fork of the launcher that goes on from there."""

    name = "python"
    hard_signal = signal.SIGUSR2
    # Ignored by whoever knows nothing of it; the driver has an empty handler for it.
    nudge_signal = signal.SIGURG
    has_doorbell = False
    # A thread a core for each of hundreds of interpreters helps nobody; set before numpy is loaded.
    environment = {"OPENBLAS_NUM_THREADS": "1"}

    def __init__(self, load_package):
        os.environ.update(self.environment)
        self._driver = load_package("sandbox_driver", _DRIVERS / "python")

    def warm_up(self) -> None:
        self._driver.warm_up()

    def become_driver(self, environment: dict) -> None:
        self._driver.main(environment)


class TypeScript:
    """A driver is a Bun of its own."""

    name = "typescript"
    hard_signal = signal.SIGINT
    nudge_signal = None
    has_doorbell = True
    environment = {
        # Bun would otherwise write its cache into the home, and report to its makers.
        "BUN_RUNTIME_TRANSPILER_CACHE_PATH": "0",
        "DO_NOT_TRACK": "1",
        # The driver insists on it and says why: it decides where an interrupt can hit.
        "BUN_JSC_usePollingTraps": "1",
    }

    # A missing import must fail, not be fetched; files in the home must not configure the runtime.
    _FLAGS = ("--no-install", "--no-env-file", "--config=/dev/null")

    def __init__(self, bun: str):
        self._command = [bun, *self._FLAGS, str(_entry_point(_DRIVERS / "typescript"))]

    def warm_up(self) -> None:
        pass

    def become_driver(self, environment: dict) -> None:
        # Python ignores SIGPIPE, which an exec would pass on to the children of user code.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execve(self._command[0], self._command, environment)


def _entry_point(directory: Path) -> Path:
    for name in ("driver.ts", "driver.js"):
        if (directory / name).exists():
            return directory / name
    raise FileNotFoundError(f"no driver in {directory}")
