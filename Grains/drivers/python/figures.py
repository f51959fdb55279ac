"""Figures that are still open when a cell ends, whatever backend drew them."""

from weakref import WeakSet

import matplotlib
from IPython.display import display
from matplotlib._pylab_helpers import Gcf

_shown = WeakSet()


def show_left_open() -> None:
    """The inline backend shows and closes its own. Others' (`matplotlib.use("Agg")`) are shown once and stay."""
    if "inline" in matplotlib.get_backend():
        return
    for manager in Gcf.get_all_fig_managers():
        figure = manager.canvas.figure
        if figure not in _shown:
            _shown.add(figure)
            display(figure)
