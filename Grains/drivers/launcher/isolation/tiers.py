"""Which walls belong to which tier."""

from .cgroups import Cgroups
from .full import Full
from .limits import Limits
from .none import NoWalls
from .reduced import Reduced

FULL, REDUCED, NONE = "full", "reduced", "none"


def build(tier: str, limits: Limits, homes: str, cgroups: str | None, files: list[str], first_user: int):
    """The walls of a tier, as a launcher needs them.

    `cgroups`: where groups may be made, None: nowhere. `files`: files and folders that the language's runtime needs to see.
    """
    if tier == FULL:
        return Full(limits, homes, Cgroups(cgroups) if cgroups else None, files)
    if tier == REDUCED:
        return Reduced(limits, homes, files, first_user)
    return NoWalls(limits, homes)
