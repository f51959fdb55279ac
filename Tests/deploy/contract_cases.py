"""Cases of the contract, asked of a program that this starts: what the container's image has to be able to do.

contract_cases.py ADDRESS PROGRAM ARGUMENT...     one line a case; the exit code is the number of those that failed
"""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request

PATIENCE = 180


class Api:
    def __init__(self, address: str):
        self._address = address

    def ask(self, method: str, path: str, body=None):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self._address + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.headers, refusal.read()

    def execute(self, code: str, context: str, language: str = "python", **members):
        status, headers, body = self.ask("POST", "/execute", {"code": code, "context_id": context, "language": language, **members})
        return status, headers, json.loads(body)


def text(answer) -> str | None:
    return next((item["text"] for item in answer[2].get("items", []) if item["is_primary"]), None)


def error(answer) -> str | None:
    return answer[2].get("error", {}).get("name")


# A name, what to do, and whether what came is right. In this order: later ones rely on earlier ones.
CASES = [
    ("python answers", lambda api: api.execute("6 * 7", "p"), lambda a: (a[0], text(a), a[1]["Context-State"]) == (200, "42", "new")),
    ("python keeps state", lambda api: (api.execute("x = 41", "p"), api.execute("x + 1", "p"))[1], lambda a: (text(a), a[1]["Context-State"]) == ("42", "kept")),
    ("print is in the logs", lambda api: api.execute("print('a'); print('b')", "p"), lambda a: a[2]["logs"]["stdout"] == ["a", "b"]),
    ("an exception is data", lambda api: api.execute("1 / 0", "p"), lambda a: (a[0], error(a)) == (200, "ZeroDivisionError")),
    ("pandas and numpy are there", lambda api: api.execute("import pandas, numpy; int(pandas.Series(numpy.arange(7)).sum() * 2)", "p"), lambda a: text(a) == "42"),
    ("a figure is shown", lambda api: api.execute("import matplotlib.pyplot as plt; plt.plot([1, 2]); None", "p"), lambda a: any("png" in item for item in a[2]["items"])),
    ("a deadline interrupts and keeps state", lambda api: (api.execute("while True: pass", "p", timeout_ms=500), api.execute("x", "p"))[1], lambda a: text(a) == "41"),
    ("env_vars last for one execution", lambda api: (api.execute("import os; os.environ['K']", "p", env_vars={"K": "v"}), api.execute("os.environ.get('K')", "p"))[1], lambda a: text(a) in (None, "None")),
    ("child processes run", lambda api: api.execute("import subprocess; subprocess.run(['echo', 'child'], check=True); None", "p"), lambda a: a[2]["logs"]["stdout"] == ["child"]),
    ("the home can be written to", lambda api: api.execute("open('f.txt', 'w').write('1'); __import__('os').getcwd()", "p"), lambda a: text(a) == "'/home/user'"),
    ("nothing else can", lambda api: api.execute("open('/usr/f', 'w')", "p"), lambda a: error(a) in ("OSError", "PermissionError")),
    ("the program's files are not there", lambda api: api.execute("__import__('os').path.exists('/data') or __import__('os').path.exists('/app/Sandbox.Cluster.Api')", "p"), lambda a: text(a) == "False"),
    ("there is no network", lambda api: api.execute("import socket; socket.create_connection(('192.0.2.1', 443), 5)", "p"), lambda a: error(a) == "OSError"),
    ("memory has a limit", lambda api: api.execute("b = bytearray(1 << 30)", "p"), lambda a: error(a) == "MemoryLimitExceeded"),
    ("typescript answers", lambda api: api.execute("const n: number = 6; n * 7", "t", "typescript"), lambda a: (a[0], text(a)) == (200, "42")),
    ("typescript keeps state and awaits", lambda api: api.execute("await Promise.resolve(n + 36)", "t", "typescript"), lambda a: text(a) == "42"),
    ("typescript raises", lambda api: api.execute("missing", "t", "typescript"), lambda a: (a[0], error(a)) == (200, "ReferenceError")),
    ("another language is refused", lambda api: api.execute("1", "t", "python"), lambda a: (a[0], a[2]["errors"][0]["field"]) == (400, "language")),
    ("files go up and come down", lambda api: (api.ask("PUT", "/contexts/p/files/up.bin", b"bytes"), api.ask("GET", "/contexts/p/files/up.bin"))[1], lambda a: (a[0], a[2]) == (200, b"bytes")),
    ("a deleted context is gone", lambda api: (api.ask("DELETE", "/contexts/p"), api.ask("GET", "/contexts/p"))[1], lambda a: a[0] == 404),
]


def wait_until_ready(api: Api, program: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and program.poll() is None:
        try:
            if api.ask("GET", "/readyz")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("contract_cases: the program did not become ready")


def main(address: str, *command: str) -> int:
    api = Api(address)
    program = subprocess.Popen(command)
    try:
        wait_until_ready(api, program)
        failed = 0
        for number, (name, act, is_right) in enumerate(CASES, 1):
            answer = act(api)
            passed = is_right(answer)
            failed += not passed
            print(f"{'ok' if passed else 'NOT OK'} {number} {name}{'' if passed else f': {answer[0]} {answer[2]}'}", flush=True)
        print(f"{len(CASES) - failed} of {len(CASES)} cases passed", flush=True)
        return failed
    finally:
        program.terminate()
        program.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
