"""What this process has mapped, and how much of it is in memory."""

import mmap
from collections.abc import Iterator
from typing import NamedTuple


class Mapping(NamedTuple):
    """A line of `maps`. `file` is the device and inode of what is mapped, None for memory of no file."""

    start: int
    end: int
    rights: str
    offset: int
    file: tuple[str, str] | None
    name: str

    def goes_on_in(self, other: "Mapping") -> bool:
        """Whether both show one file, and the other begins where this one ends, here and there."""
        return self.file is not None and self.file == other.file and self.end == other.start \
            and self.offset + self.end - self.start == other.offset


def mappings() -> Iterator[Mapping]:
    """One after the other: there may be tens of thousands. Whoever changes them meanwhile makes a list of them first."""
    # Of all ends of a line, the kernel escapes only this one in the name of a file.
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        yield from map(_parse, file)


def _parse(line: str) -> Mapping:
    addresses, rights, offset, device, inode, *name = line.split(maxsplit=5)
    start, _, end = addresses.partition("-")
    return Mapping(int(start, 16), int(end, 16), rights, int(offset, 16), None if inode == "0" else (device, inode),
                   name[0].strip() if name else "")


def anonymous_bytes() -> int:
    """What is in memory and of no file."""
    with open("/proc/self/statm", encoding="ascii") as file:
        _, resident, shared, *_ = map(int, file.read().split())
    return (resident - shared) * mmap.PAGESIZE


def large_bytes() -> int:
    """What is in large pages, and of no file."""
    with open("/proc/self/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) << 10 for line in file if line.startswith("AnonHugePages:"))
