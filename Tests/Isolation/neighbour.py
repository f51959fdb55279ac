# What the neighbour of every attack is: it has something to lose, and doors that are open to whoever can reach them.
import os, socket, threading, time
open("treasure", "w").write("treasure-of-the-" + "neighbour")
treasure = open("treasure").read()
os.environ["TREASURE"] = treasure
try:
    open("/dev/shm/of-the-neighbour", "w").close()
    tcp = socket.create_server(("127.0.0.1", 47111), backlog=1024)
except OSError:
    pass  # In the tier reduced there is no such thing.
abstract = socket.socket(socket.AF_UNIX)
abstract.bind("\0neighbour")
abstract.listen(64)
door = socket.socket(socket.AF_UNIX)
door.bind("door")
door.listen(64)
print(os.getcwd())


def read():
    """What it reads is nobody's affair."""
    while True:
        open("/usr/share/zoneinfo/tzdata.zi", "rb").close()
        time.sleep(0.05)


threading.Thread(target=read, daemon=True).start()
