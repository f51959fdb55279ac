# %% The metadata service
# extra: reduced
def connect(family, address):
    with socket.socket(family) as client:
        client.settimeout(5)
        client.connect(address)
        return True


attempt("169.254.169.254", lambda: connect(socket.AF_INET, ("169.254.169.254", 80)))
attempt("fd00:ec2::254", lambda: connect(socket.AF_INET6, ("fd00:ec2::254", 80)))
attempt("::ffff:169.254.169.254", lambda: connect(socket.AF_INET6, ("::ffff:169.254.169.254", 80)))

# %% Services of the host
# extra: reduced
HOST_PORT = int(os.environ["HOST_PORT"])


def talk(family, address):
    """As Redis is spoken to."""
    with socket.socket(family) as client:
        client.settimeout(5)
        client.connect(address)
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")


for address in filter(None, os.environ["HOST_ADDRESSES"].split(",")):
    attempt(address, lambda: talk(socket.AF_INET6 if ":" in address else socket.AF_INET, (address, HOST_PORT)))
attempt("0.0.0.0", lambda: talk(socket.AF_INET, ("0.0.0.0", HOST_PORT)))

# %% Any port of loopback
# The silo's, Redis', whoever else's.
# extra: reduced
def open_ports():
    found = []
    for port in range(1, 65536):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0 and client.getsockname() != client.getpeername():
                found.append(port)
                break
    return found


attempt("a listener", lambda: open_ports() != [])

# %% Sockets of the host
# extra: reduced
for label, address in (("abstract", "\0" + os.environ["HOST_ABSTRACT"]), ("a path", os.environ["HOST_SOCKET"])):
    def knock():
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(address)
            return True

    attempt(label, knock)

# %% Names
# closed: example.test - the resolver's configuration may lie where the demonstration cannot put its own
def resolved():
    try:
        return socket.getaddrinfo("example.test", 80) != []
    except socket.gaierror as error:
        raise OSError(errno.ENETUNREACH, str(error))


def asked():
    """The question of a resolver, by hand."""
    question = b"\x12\x34\x01\x00\x00\x01" + bytes(6) + b"\x07example\x04test\x00\x00\x01\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(1)
        client.connect(("127.0.0.1", 53))
        client.send(question)
        return client.recv(512)[:2] == b"\x12\x34"


attempt("example.test", resolved)
attempt("a server of the machine", asked)

# %% A way out
# closed: 192.0.2.1, 2001:db8::1 - nothing may leave this machine, and the demonstration has no network either
# undemonstrated: nothing may leave this machine
def send(family, address):
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        return client.sendto(b"x", address) == 1


attempt("192.0.2.1", lambda: send(socket.AF_INET, ("192.0.2.1", 9)))
attempt("2001:db8::1", lambda: send(socket.AF_INET6, ("2001:db8::1", 9)))
attempt("a broadcast", lambda: send(socket.AF_INET, ("255.255.255.255", 9)))
attempt("an interface", lambda: [name for _, name in socket.if_nameindex() if name != "lo"] != [])

# %% Families of sockets
# extra: reduced
ALLOWED = {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6}
for family in range(1, 46):
    if family not in ALLOWED:
        kinds = (socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET)
        attempt(f"family {family}", lambda: first(lambda kind: os.close(call("socket", family, kind, 0)) is None, kinds))
attempt("bits above the family", lambda: os.close(call("socket", 16 | 1 << 32, socket.SOCK_RAW, 0)) is None)

# %% Raw packets
# extra: reduced
for label, family, kind, protocol in (("ICMP", socket.AF_INET, socket.SOCK_RAW, 1), ("ICMPv6", socket.AF_INET6, socket.SOCK_RAW, 58),
                                      ("any IP", socket.AF_INET, socket.SOCK_RAW, 255),
                                      ("all packets", socket.AF_PACKET, socket.SOCK_RAW, 0x0300)):
    attempt(label, lambda: os.close(call("socket", family, kind, protocol)) is None)

# %% Change the network
# extra: reduced
def set_address():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        address = struct.pack("16sHH4s8x", b"lo:7", socket.AF_INET, 0, socket.inet_aton("127.7.7.7"))
        return fcntl.ioctl(control, 0x8916, address) is not None


attempt("an address", set_address)
attempt("the host's name", lambda: in_child(lambda: call("sethostname", b"attack", 6) == 0))

# %% Internet sockets
# In the tier full they are harmless: there is nothing but the own loopback. In reduced they must not exist.
# undemonstrated: it is no attack in the tier full
# only: reduced
for family in (socket.AF_INET, socket.AF_INET6):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        attempt(f"{family.name} {kind.name}", lambda: socket.socket(family, kind).close() is None)

# %% Thousands of connections to itself
# ends: held kept
listener = socket.create_server(("127.0.0.1", 0), backlog=1024)


def hoard():
    held = []
    try:
        while len(held) <= OPEN_FILES:
            held.append(socket.create_connection(listener.getsockname()))
        return True
    finally:
        for one in held:
            one.close()


attempt("connections", hoard)
listener.close()
