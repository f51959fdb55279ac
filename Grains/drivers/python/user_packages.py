"""Packages that a session installs for itself are there at once: Python looks for their folder only when it starts."""

import os
import site
import sys
from importlib.machinery import PathFinder


class LateUserSite:
    """Asked last, for what nobody else has found: by then `pip` may have made the folder."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        folder = site.getusersitepackages()
        if folder in sys.path or not os.path.isdir(folder):
            return None
        sys.path.append(folder)
        # That there was nothing has been remembered.
        PathFinder.invalidate_caches()
        return PathFinder.find_spec(name, path, target)


def look_for_them() -> None:
    # Remembered from the launcher, whose home is another one.
    site.USER_SITE = site.USER_BASE = None
    sys.meta_path.append(LateUserSite)
