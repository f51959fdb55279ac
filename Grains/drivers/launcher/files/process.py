"""One operation on the files of a home, done by a process inside of its walls that runs nothing of a tenant's."""

import os

from .. import processes
from ..frames import FrameError
from .beneath import open_home
from .channel import Channel, Gone
from .failures import reason_of
from .reading import read
from .removing import remove
from .requests import check_request
from .writing import write

_FIRST_TO_DIE = "1000"


def run(walls, home, connection: int) -> None:
    """In a child that `walls.fork` made. Never returns. `connection`: the host's, for this operation alone."""
    try:
        os.setsid()
        processes.reset_signals()
        processes.let_go_of_standard_streams()
        places = walls.surround(home)
        # What a file takes is its context's memory.
        walls.join(home)
        _die_first()
        walls.enclose(home, 0)
        _serve(Channel(connection), places.home)
    except Gone:
        pass
    except FrameError as error:
        processes.log(str(error))
    except BaseException as error:
        processes.log(f"files could not be served: {type(error).__name__}")
    finally:
        os._exit(0)


def _serve(channel: Channel, home_path: str) -> None:
    op, parts, size = check_request(channel.request())
    try:
        home = open_home(home_path)
        if op == "read":
            read(channel, home, parts)
        elif op == "write":
            write(channel, home, parts, size)
        else:
            remove(channel, home, parts)
    except (Gone, FrameError):
        raise
    except Exception as error:
        channel.answer("failed", reason=reason_of(error))


def _die_first() -> None:
    """When memory runs out it is the upload that goes, not the session; what it had written is then gone with it."""
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(_FIRST_TO_DIE)
