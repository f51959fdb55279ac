"""Puts what the launcher has side by side in the machine's memory: a fork looks up what the kernel notes of each page.

Those notes lie in the order of the machine's memory, and a processor reads ahead in it: scattered, each one has to be waited for.
The pages are small ones again afterwards: whoever asks the kernel whether one part of a large page was used has all of them looked
up, in every process that shares it (deploy/docs/decisions/0011).
"""

from time import monotonic

from . import large_pages
from .own_memory import large_bytes

# A machine that has to make room first can take long, and a silo waits for its launchers.
_SECONDS = 1.0
# The kernel takes none apart that somebody looks at just then. Some may be large for other reasons, and stay so.
_ATTEMPTS = 5


def use() -> None:
    """For all that it has now. Where the kernel does not want to, all stays as it is."""
    deadline = monotonic() + _SECONDS
    made = []
    try:
        for address in large_pages.make(lambda: monotonic() < deadline):
            made.append(address)
            large_pages.split(address)
        for _ in range(_ATTEMPTS):
            if large_bytes() == 0:
                break
            for address in made:
                large_pages.split(address)
    except OSError:
        pass
