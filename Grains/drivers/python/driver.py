"""The driver: takes requests one after the other until there are no more."""

import os
import platform
import sys

from sandbox_launcher.checkpoints.stream import bounded

from . import environment, inherited
from .channel import Channel
from .execution import Executor
from .interrupts import Gate
from .items import Items
from .outlet import Outlet
from .streams import StandardStream
from .warm_up import warm_checkpoint, warm_inquiries, warm_shell

_PROTOCOL = 1
_exit = os._exit


def main(variables: dict) -> None:
    """In a fork of the launcher, with the protocol's descriptors in their places. Never returns."""
    inherited.renew(variables)
    channel = Channel()
    gate = Gate(channel.request_waiting)
    outlet = Outlet(channel, gate)
    output = sys.stdout = sys.__stdout__ = StandardStream(outlet, 1, "<stdout>")
    errors = sys.stderr = sys.__stderr__ = StandardStream(outlet, 2, "<stderr>")
    os.register_at_fork(before=outlet.before_fork, after_in_child=outlet.after_fork_in_child)
    items = Items(outlet)
    shell = warm_shell()
    shell.display_pub.items = shell.displayhook.items = items
    shell.gate = gate
    shell.user_ns["_dh"][:] = [os.getcwd()]
    executor = Executor(shell, gate, outlet, items, output, errors)
    inquiries = warm_inquiries()
    checkpoint = warm_checkpoint()
    gate.install()
    gate.begin()
    executor.ask(shell.rehearse)

    while (request := channel.receive()) is not None:
        if request["op"] == "execute":
            gate.begin()
            channel.begun()
            executor.execute(request)
        elif request["op"] in ("complete", "inspect"):
            gate.begin()
            channel.begun()
            inquiry = inquiries[request["op"]]
            outlet.end(inquiry.answer(request, executor.ask(inquiry.look, request["code"], request["cursor"])))
        elif request["op"] == "start":
            environment.apply(request["env"])
            checkpoint.begin(os.getcwd(), request.get("cwd", ""), {"stdin": sys.stdin, "stdout": output, "stderr": errors})
            items.limit(request["limits"]["item_bytes"])
            hello = {"event": "hello", "protocol": _PROTOCOL, "language": "python", "version": platform.python_version()}
            if request.get("restore"):
                hello["restored"] = bounded(checkpoint.restore(channel.attachments))
            else:
                checkpoint.settings.enter_directory()
            channel.begun()
            outlet.send(hello)
        elif request["op"] == "save":
            channel.begun()
            checkpoint.save(channel.attachments, channel.request_waiting)
    # Not by way of atexit: the supervisor is about to end everything anyway.
    _exit(0)
