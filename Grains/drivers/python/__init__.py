"""The Python driver: IPython's shell behind the protocol of ../PROTOCOL.md. Loaded by the launcher as `sandbox_driver`."""

from .driver import main
from .warm_up import warm_up

__all__ = ["main", "warm_up"]
