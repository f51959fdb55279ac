# The walls here are the supervisor's checks, which stand in every tier: there is no taking them away. What the silo does with
# a frame that they let through is in Tests/Grains/Interpreters, where the supervisor itself misbehaves.

# %% A frame of another execution
# ends: InterpreterExited lost
# undemonstrated: the supervisor checks frames in every tier
send(json.dumps({"event": "done", "id": "another"}).encode())
time.sleep(600)

# %% An answer forged, and then the true one
# Its own execution is all that it can answer for; the next one hears that the interpreter is gone, or goes with it.
# ends: done kept
# then: ContextLost,InterpreterExited
# undemonstrated: the supervisor checks frames in every tier
send(json.dumps({"event": "done", "id": own_id()}).encode())

# %% A second primary item
# ends: InterpreterExited lost
# undemonstrated: the supervisor checks frames in every tier
frame = json.dumps({"event": "item", "id": own_id(), "primary": True, "data": {"text/plain": "forged"}}).encode()
send(frame)
send(frame)
time.sleep(600)

# %% A frame after the end
# It comes between two executions, or, if the next one is quicker, into that one, which then ends with its interpreter.
# ends: done kept
# then: ContextLost,InterpreterExited
# undemonstrated: the supervisor checks frames in every tier
if LIBC.fork() == 0:
    # Past what the driver does in its children. A request of the driver's own pipe is read, so this one is over, when the driver waits in poll (x86-64: 7, elsewhere ppoll).
    while open(f"/proc/{os.getppid()}/syscall").read().split()[0] not in ("7", "73"):
        time.sleep(0.01)
    send(json.dumps({"event": "done", "id": "late"}).encode())
    os._exit(0)

# %% Half a frame
# What follows is read as the rest of it.
# ends: InterpreterExited,TimeoutError lost
# timeout: 500
# undemonstrated: the supervisor checks frames in every tier
os.write(5, b"\x10\x00")

# %% A frame that never ends
# ends: TimeoutError lost
# timeout: 500
# undemonstrated: the supervisor checks frames in every tier
os.write(5, struct.pack("<I", 32 << 20) + b"{")

# %% A frame of a gigabyte
# ends: InterpreterExited lost
# undemonstrated: the supervisor checks frames in every tier
os.write(5, struct.pack("<I", 1 << 30) + bytes(4096))
time.sleep(600)

# %% A frame of no byte
# ends: InterpreterExited lost
# undemonstrated: the supervisor checks frames in every tier
os.write(5, bytes(4))
time.sleep(600)

# %% A frame that is no JSON
# ends: InterpreterExited lost
# undemonstrated: the supervisor checks frames in every tier
os.write(5, struct.pack("<I", 4) + b"\xff\xfe\xfd\xfc")
time.sleep(600)

# %% A frame nested a million times
# ends: InterpreterExited lost
# undemonstrated: the supervisor checks frames in every tier
send(b'{"event":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}")
time.sleep(600)

# %% A flood of rightful frames
# ends: done,TimeoutError,InterpreterExited kept,lost
# timeout: 3000
# undemonstrated: the supervisor checks frames in every tier
body = json.dumps({"event": "item", "id": own_id(), "data": {"text/plain": "x" * (1 << 20)}}).encode()
for _ in range(200):
    send(body)

# %% Close every descriptor
# ends: InterpreterExited lost
# undemonstrated: the descriptors are the context's own
os.closerange(0, 1024)

# %% Write to every descriptor
# ends: InterpreterExited lost
# undemonstrated: the descriptors are the context's own
for fd in range(3, 1024):
    try:
        os.write(fd, bytes(range(256)) * 16)
    except OSError:
        pass
time.sleep(600)

# %% Other descriptors in their places
# ends: InterpreterExited lost
# undemonstrated: the descriptors are the context's own
null = os.open("/dev/null", os.O_RDWR)
for fd in range(3, 7):
    os.dup2(null, fd)

# %% Take the next request away
# ends: done kept
# then: TimeoutError,InterpreterExited,ContextLost
# undemonstrated: the descriptors are the context's own
if LIBC.fork() == 0:
    while os.read(3, 65536):
        pass
    os._exit(0)
