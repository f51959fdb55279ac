"""The Python driver: IPython's shell behind ../PROTOCOL.md. The launcher loads it as `sandbox_driver`."""

import sys

# IPython would load it for completions, which ours do without: 10 MiB that every fork would cost time for.
sys.modules["jedi"] = None
from .driver import main  # noqa: E402
from .warm_up import warm_up  # noqa: E402
del sys.modules["jedi"]

__all__ = ["main", "warm_up"]
