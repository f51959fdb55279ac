"""The Python driver: IPython's shell behind ../PROTOCOL.md. The launcher loads it as `sandbox_driver`."""

from .driver import main
from .warm_up import warm_up

__all__ = ["main", "warm_up"]
