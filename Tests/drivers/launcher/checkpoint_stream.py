"""The stream of a checkpoint as a host sees it, and as an attacker would write it."""

from sandbox_launcher.frames import HEADER_BYTES, json_bytes, pack, parse


class Parts:
    """header, sections (each the bytes in its chunks) and trailer, None where the stream ends before it."""

    def __init__(self, data: bytes):
        self.header = self.trailer = None
        self.sections = []
        self._data = data
        self._position = 0
        try:
            self.header = parse(self._piece())
            for _ in range(2):
                self.sections.append(self._section())
            self.trailer = parse(self._piece())
            assert self._position == len(data)
        except EOFError:
            pass

    @property
    def lost(self) -> dict:
        return {one["name"]: one["reason"] for one in self.trailer["lost"]}

    def _piece(self) -> bytes:
        start = self._position + HEADER_BYTES
        end = start + int.from_bytes(self._data[self._position:start], "little")
        if len(self._data) < max(start, end):
            raise EOFError
        self._position = end
        return self._data[start:end]

    def _section(self) -> bytes:
        chunks = []
        while chunk := self._piece():
            assert len(chunk) <= 1 << 20
            chunks.append(chunk)
        return b"".join(chunks)


def build(header: dict, sections: list, trailer: dict) -> bytes:
    chunks = b"".join(b"".join(len(chunk).to_bytes(4, "little") + chunk for chunk in _cut(section)) + bytes(4) for section in sections)
    return pack(json_bytes(header)) + chunks + pack(json_bytes(trailer))


def _cut(section: bytes):
    for start in range(0, len(section), 1 << 20):
        yield section[start:start + (1 << 20)]
