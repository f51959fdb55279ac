"""What a thread writes without a line end is seen soon, too: a row of dots."""

from _signal import SIG_BLOCK, pthread_sigmask, valid_signals
from _thread import allocate_lock, start_new_thread
from time import sleep

_SECONDS = 0.02


class Flusher:
    """Calls `flush` a moment after `schedule`. Its thread starts with the first use; a fork has none of its own."""

    def __init__(self, flush):
        self._flush = flush
        self._wake = allocate_lock()
        self._wake.acquire()
        self._started = False
        self._scheduled = False

    def schedule(self) -> None:
        if self._scheduled:
            return
        if not self._started:
            try:
                start_new_thread(self._run, ())
            except RuntimeError:
                self._flush()  # No thread can be had: user code has them all.
                return
            self._started = True
        self._scheduled = True
        self._wake.release()

    def _run(self) -> None:
        # A signal that this thread took would not wake the main thread from its system call.
        pthread_sigmask(SIG_BLOCK, valid_signals())
        while True:
            self._wake.acquire()
            sleep(_SECONDS)
            self._scheduled = False
            try:
                self._flush()
            except OSError:
                pass  # The main thread meets the same error with its next line, and can tell it to somebody.
