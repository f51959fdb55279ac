# %% os._exit
# ends: InterpreterExited lost
# undemonstrated: no wall stands here: it is its own process
os._exit(3)

# %% A segmentation fault
# ends: InterpreterExited lost
# undemonstrated: no wall stands here: it is its own process
ctypes.string_at(1)

# %% abort
# ends: InterpreterExited lost
# undemonstrated: no wall stands here: it is its own process
os.abort()

# %% Another program in its place
# ends: InterpreterExited lost
# undemonstrated: no wall stands here: it is its own process
os.execv("/bin/sh", ["/bin/sh", "-c", "exit 3"])

# %% Another program in its place that stays
# ends: InterpreterExited,TimeoutError lost
# timeout: 1000
# undemonstrated: no wall stands here: it is its own process
os.execv("/bin/sh", ["/bin/sh", "-c", "trap '' INT TERM USR2; while :; do :; done"])

# %% sys.exit
# ends: SystemExit kept
# undemonstrated: no wall stands here: it is an exception
sys.exit(3)

# %% A patched json
# ends: done kept
# undemonstrated: no wall stands here: it is its own process, and the driver does not rely on what can be patched
import json
for name in list(vars(json)) + list(vars(json.encoder)) + list(vars(json.decoder)):
    if not name.startswith("__"):
        for module in (json, json.encoder, json.decoder):
            if hasattr(module, name):
                setattr(module, name, None)

# %% A patched builtin
# ends: done kept
# undemonstrated: no wall stands here: it is its own process, and the driver does not rely on what can be patched
import builtins
builtins.print = builtins.repr = builtins.open = None

# %% Patched builtins
# The shell that runs user code is user code's to break; the answer still has a name.
# ends: done,TypeError,InterpreterExited kept,lost
# then: done,TypeError,NameError,ContextLost
# undemonstrated: no wall stands here: it is its own process, and the driver does not rely on what can be patched
import builtins
for name in ("print", "len", "repr", "str", "open", "isinstance", "dict", "type", "getattr", "Exception", "BaseException", "__import__"):
    setattr(builtins, name, None)

# %% A patched sys
# ends: done,TypeError kept
# undemonstrated: no wall stands here: it is its own process, and the driver does not rely on what can be patched
sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = None
sys.displayhook = sys.excepthook = None
sys.modules.clear()
sys.meta_path.clear()
sys.path.clear()

# %% A patched os
# ends: done kept,lost
# undemonstrated: no wall stands here: it is its own process, and the driver does not rely on what can be patched
for name in ("write", "read", "close", "_exit", "fork", "getpid"):
    setattr(os, name, None)

# %% A trace function that raises
# ends: done,SystemError,RuntimeError kept
# undemonstrated: no wall stands here: it is its own process, and the driver does not rely on what can be patched
def trace(frame, event, argument):
    raise RuntimeError("traced")


sys.setprofile(None)
threading.settrace(trace)
sys.settrace(trace)

# %% What runs at the end
# ends: done kept
# undemonstrated: no wall stands here: it is its own process
import atexit
atexit.register(lambda: time.sleep(600))
atexit.register(os.abort)
threading.Thread(target=time.sleep, args=(600,)).start()

# %% Recursion without end
# ends: RecursionError kept
# undemonstrated: no wall stands here: it is its own process
def recurse():
    return recurse()


recurse()

# %% Recursion without a limit
# ends: InterpreterExited,RecursionError,MemoryLimitExceeded,MemoryError kept,lost
# undemonstrated: no wall stands here: it is its own process
sys.setrecursionlimit(1 << 30)


class Deep:
    def __repr__(self):
        return repr(self)


repr(Deep())

# %% Signals turned against the driver
# ends: TimeoutError,InterpreterExited,done,KeyboardInterrupt kept,lost
# timeout: 1000
# undemonstrated: no wall stands here: it is its own process
for number in sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}):
    try:
        os.kill(os.getpid(), number)
    except BaseException:
        pass

# %% A timer that interrupts what comes later
# ends: done kept
# undemonstrated: no wall stands here: it is its own process
signal.signal(signal.SIGALRM, lambda number, frame: None)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
