"""Puts what the launcher has side by side in the machine's memory: a fork looks up what the kernel notes of each page.

Those notes lie in the order of the machine's memory, and a processor reads ahead in it: scattered, each one has to be waited for.
The pages are small ones again afterwards: whoever asks the kernel whether one part of a large page was used has all of them looked
up, in every process that shares it (deploy/docs/decisions/0011).
"""

from time import monotonic

from . import large_pages

# A machine that has to make room first can take long, and a silo waits for its launchers.
_SECONDS = 1.0


def use() -> None:
    """For all that it has now. Where the kernel does not want to, all stays as it is."""
    deadline = monotonic() + _SECONDS
    try:
        for address in large_pages.make(lambda: monotonic() < deadline):
            large_pages.split(address)
    except OSError:
        pass
