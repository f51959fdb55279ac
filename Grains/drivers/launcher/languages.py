"""What differs between the languages: how a driver starts, and how it is interrupted the hard way."""

import os
import signal
from pathlib import Path

from . import bundle
from .environment import of_every_interpreter
from .zygote import Zygote

_DRIVERS = Path(__file__).resolve().parent.parent


class Python:
    """Everything is imported before the first fork; a driver is a fork of the launcher that goes on from there."""

    name = "python"
    hard_signal = signal.SIGUSR2
    # Ignored by whoever knows nothing of it; the driver has an empty handler for it.
    nudge_signal = signal.SIGURG
    has_doorbell = False
    # Growth of its heap is what the limit is about.
    runtime_bytes = 0
    files: list[str] = []
    # A thread a core for each of hundreds of interpreters helps nobody; set before numpy is loaded.
    environment = {
        "OPENBLAS_NUM_THREADS": "1",
        # Debian's pip refuses to install anywhere else, and there is nowhere else.
        "PIP_USER": "1",
        "PIP_BREAK_SYSTEM_PACKAGES": "1",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }

    def __init__(self, load_package):
        os.environ.update(self.environment)
        self._driver = load_package("sandbox_driver", _DRIVERS / "python")

    def warm_up(self) -> None:
        self._driver.warm_up()
        # So that a driver has little to change. Nothing of the launcher's own is wanted any more.
        os.environ.clear()
        os.environ.update(of_every_interpreter(self.environment))

    def become_driver(self, environment: dict) -> None:
        self._driver.main(environment)


class TypeScript:
    """A driver is a fork of the launcher, where that runs in a zygote, and otherwise a Bun of its own."""

    name = "typescript"
    hard_signal = signal.SIGINT
    nudge_signal = None
    has_doorbell = True
    # Bun reserves far more than it uses, and does not survive a refusal: the cgroup is its limit. One GiB is for its heap and
    # one for compiled code; without the latter it would not even say so, and interpret everything, ten times slower.
    _RESERVED_BYTES = 2 << 30
    environment = {
        # With `bun` on it, for `bun add` and whatever user code starts.
        "PATH": "/sandbox:/usr/bin:/bin",
        # Bun would otherwise write its cache into the home, and report to its makers.
        "BUN_RUNTIME_TRANSPILER_CACHE_PATH": "0",
        "DO_NOT_TRACK": "1",
        # The driver insists on it and says why: it decides where an interrupt can hit.
        "BUN_JSC_usePollingTraps": "1",
        # A fork has none of these threads, be it a driver or the copy that saves one; and a context has one processor.
        "BUN_JSC_useConcurrentJIT": "0",
        "BUN_JSC_useConcurrentGC": "0",
        "BUN_JSC_useWarmUpMarkedBlocks": "0",
        "BUN_JSC_numberOfGCMarkers": "1",
    }

    # A missing import must fail, not be fetched; files in the home must not configure the runtime.
    _FLAGS = ("--no-install", "--no-env-file", "--config=/dev/null")

    def __init__(self, bun: str, zygote: Zygote | None):
        """`bun`: where it is, behind the outer wall and in a context, as are the driver, and the launcher beside it."""
        self._bun = bun
        self._zygote = zygote
        # A copy has inherited it, and what is inherited counts besides.
        self.runtime_bytes = self._RESERVED_BYTES if zygote is None else 0
        driver = _DRIVERS / "typescript"
        bundled = bundle.find(driver)
        # Its packages are below it; the launcher's, which helps with checkpoints, are beside it.
        self.files = [bun, str(driver), str(_DRIVERS / "launcher")]
        self.command = [bun, *self._FLAGS, str(driver / "driver.js"), str(driver / bundled) if bundled else ""]

    def warm_up(self) -> None:
        if self._zygote is not None:
            self._zygote.share_compiled_code()

    def become_driver(self, environment: dict) -> None:
        if self._zygote is not None:
            # With the environment that it was started with: in the tier `full` each context has the same.
            self._zygote.become_driver()
        # Python ignores SIGPIPE, which an exec would pass on to the children of user code.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execve(self._bun, self.command, environment)
