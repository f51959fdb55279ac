"""Which walls belong to which tier."""

from .cgroups import Cgroups
from .full import Full
from .limits import Limits
from .none import NoWalls
from .reduced import Reduced

FULL, REDUCED, NONE = "full", "reduced", "none"


def build(tier: str, limits: Limits, homes: str, cgroups: str | None, files: dict[str, str], first_user: int):
    """The walls of a tier, as a launcher needs them.

    `cgroups`: where groups may be made, None: nowhere. `files`: what the language's runtime needs to see, the path that a
    context of the tier `full` sees it at -> the launcher's.
    """
    if tier == FULL:
        return Full(limits, homes, Cgroups(cgroups) if cgroups else None, files)
    if tier == REDUCED:
        return Reduced(limits, homes, list(files.values()), first_user)
    return NoWalls(limits, homes)
