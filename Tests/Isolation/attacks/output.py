# %% A flood of lines
# ends: done kept
# undemonstrated: output is cut in every tier
for _ in range(100):
    os.write(1, b"x" * 65535 + b"\n" + b"y\n" * 8192)

# %% A flood without an end
# ends: TimeoutError kept
# timeout: 1500
# undemonstrated: output is cut in every tier
while True:
    os.write(1, b"x" * 65536)
    os.write(2, b"y" * 65536)

# %% A flood of children
# ends: done kept
# undemonstrated: output is cut in every tier
pids = []
for _ in range(8):
    pid = os.fork()
    if pid == 0:
        for _ in range(500):
            os.write(1, b"x" * 4096)
        os._exit(0)
    pids.append(pid)
for pid in pids:
    os.waitpid(pid, 0)

# %% Bytes that are no text
# ends: done kept
# undemonstrated: output is checked in every tier
os.write(1, bytes(range(256)) * 64)
os.write(2, b"\xff\xfe\x00\xed\xa0\x80\xf4\x90\x80\x80\n")
print("\0", "\ud800", "\x1b[31mred\x1b[0m\x1b]0;title\x07", "\u202e", "\r\n\r")
print("\ud800" * 1000, file=sys.stderr)

# %% A value that cannot be text
# ends: done kept
# undemonstrated: output is checked in every tier
"\ud800\udfff\0\x1b[2J"

# %% A hundred megabytes of JSON
# ends: done kept
# undemonstrated: output is cut in every tier
from IPython.display import JSON, display
display(JSON({"block": ["x" * (1 << 20)] * 100}))

# %% Numbers that are no JSON
# ends: done kept
# undemonstrated: output is checked in every tier
from IPython.display import JSON, display
display(JSON({"nan": float("nan"), "inf": [float("inf"), -float("inf")], "big": 10 ** 4000}))
display({"application/json": {"nan": float("nan"), "key": {1: 2}}, "text/plain": "n"}, raw=True)

# %% A circle
# ends: done kept
# undemonstrated: output is checked in every tier
from IPython.display import JSON, display
circle = {}
circle["self"] = circle
display(JSON(circle))
circle

# %% Representations that raise, lie, exit and never end
# ends: done,SystemExit,ZeroDivisionError kept
# undemonstrated: output is checked in every tier
from IPython.display import display


class Hostile:
    def __init__(self, action):
        self.action = action

    def __repr__(self):
        return self.action()

    def _repr_html_(self):
        return self.action()

    def _repr_mimebundle_(self, **_):
        return self.action()


for action in (lambda: 1 / 0, lambda: None, lambda: 3, lambda: b"\xff", lambda: {"text/html": object()}, lambda: "x" * (64 << 20),
               lambda: {"../../etc/passwd": "x", "\ud800": "\ud800", "a" * 100000: "b"}, lambda: sys._getframe(), lambda: [] * 10):
    display(Hostile(action))

# %% A representation that never ends
# ends: TimeoutError kept
# timeout: 1000
# undemonstrated: no wall stands here but the clock
class Hostile:
    def __repr__(self):
        while True:
            pass


Hostile()

# %% A representation that ends everything
# ends: InterpreterExited lost
# undemonstrated: no wall stands here: it is its own process
class Hostile:
    def __repr__(self):
        os._exit(3)


Hostile()

# %% An error whose text is hostile
# ends: Hostile kept
# undemonstrated: output is checked in every tier
class Hostile(Exception):
    def __str__(self):
        raise Hostile("again")

    __repr__ = __str__


raise Hostile("\ud800\0" * 1000)

# %% An error of a hundred megabytes
# ends: ValueError kept
# undemonstrated: output is cut in every tier
raise ValueError("x" * (100 << 20))

# %% An error with a forged name
# ends: ContextLost,TimeoutError kept
# undemonstrated: it is the code's own word, with status 200; what the platform says has another status
raise type("ContextLost", (Exception,), {})("forged")

# %% Thousands of displays
# ends: done kept
# undemonstrated: output is cut in every tier
from IPython.display import display
for number in range(2000):
    display({"text/plain": "x" * 16384, "text/html": "y" * 16384}, raw=True, display_id=str(number % 100))

# %% Print after the end
# What belongs to no execution is shown by none; the next answer of this context is looked at.
# ends: done kept
# undemonstrated: output between two executions is dropped in every tier
def print_late():
    while True:
        time.sleep(0.05)
        print("late", flush=True)


threading.Thread(target=print_late, daemon=True).start()
