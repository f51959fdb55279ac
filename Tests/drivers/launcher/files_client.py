"""The host's side of files, as a test wants it: one connection for each operation."""

import socket
from base64 import b64encode

from interpreter_client import PATIENCE, Home
from sandbox_launcher.frames import json_bytes, pack, parse


class FilesConnection:
    """Every wait is bounded."""

    def __init__(self, path: str, home: str):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(path)
        self.ask({"op": "files", "home": home})

    def ask(self, request: dict) -> None:
        try:
            self._socket.sendall(pack(json_bytes(request)))
        except BrokenPipeError:
            pass  # Refused before it was asked: the answer lies there to be read.

    def request(self, op: str, path: bytes, **members) -> dict | None:
        self.ask({"op": op, "path": b64encode(path).decode()} | members)
        return self.answer()

    def answer(self) -> dict | None:
        """None at the end of the stream."""
        header = self._read(4)
        return parse(self._read(int.from_bytes(header, "little"))) if header else None

    def send_chunk(self, data: bytes) -> None:
        self._socket.sendall(len(data).to_bytes(4, "little") + data)

    def chunk(self, offset: int, length: int) -> bytes:
        self.ask({"op": "send", "offset": offset, "length": length})
        length = self._read(4)
        assert length, "nobody answers any more"
        return self._read(int.from_bytes(length, "little"))

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            try:
                part = self._socket.recv(size - len(data))
            except ConnectionResetError:
                return b""
            if not part:
                return b""
            data += part
        return bytes(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()


class Files:
    """The operations, each to its end. What fails is returned as its reason."""

    def __init__(self, path: str, home: Home):
        self._path = path
        self._home = home.name

    def connect(self) -> FilesConnection:
        return FilesConnection(self._path, self._home)

    def read(self, path: bytes):
        """Bytes of a file, fewer than it had when it was opened if it is cut meanwhile; entries of a directory."""
        with self.connect() as files:
            answer = files.request("read", path)
            if answer["event"] == "file":
                data = bytearray()
                while len(data) < answer["size"] and (part := files.chunk(len(data), 1 << 18)):
                    data += part
                return bytes(data)
            if answer["event"] == "directory":
                entries = []
                while True:
                    files.ask({"op": "next"})
                    answer = files.answer()
                    entries += answer["entries"]
                    if answer["last"]:
                        return entries
            return answer["reason"]

    def write(self, path: bytes, data: bytes, **members) -> str:
        with self.connect() as files:
            answer = files.request("write", path, **members)
            for start in range(0, len(data), 1 << 18):
                if answer["event"] == "failed":
                    break
                files.send_chunk(data[start:start + (1 << 18)])
                answer = files.answer()
            if answer["event"] == "failed":
                return answer["reason"]
            files.send_chunk(b"")
            answer = files.answer()
            return answer.get("reason") or ("created" if answer["created"] else "replaced")

    def delete(self, path: bytes) -> str:
        with self.connect() as files:
            answer = files.request("delete", path)
            return answer.get("reason") or answer["event"]
