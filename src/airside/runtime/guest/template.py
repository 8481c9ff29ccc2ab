"""A template: an interpreter with the runtime loaded, from which environments are forked.

Its conversation with the server is on descriptor 3.

    server -> template   {"op": "start", "id", "config": {...}, "fds": 2}   event socket, log pipe
                         {"op": "kill", "id"}
    template -> server   {"ready": {"version", "boto3": bool, "parts": [...]}}
                         {"exited": id, "status": wait status}
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from typing import Any

from airside.runtime.guest import client, system
from airside.runtime.guest.agent import CONTROL, Children, drain, place, wake_on_child
from airside.runtime.guest.channel import Channel, close_all


def preload(config: dict[str, Any]) -> bool:
    """Load what environments will share; whether boto3 is among it."""
    import site

    site.setquit()
    site.setcopyright()
    site.sethelper()
    if not config["boto3"]:
        return False
    sys.path.append(config["bundle"])
    try:
        import boto3
        import botocore.session  # noqa: F401
    except ImportError:
        return False
    return bool(boto3)


def start(message: dict[str, Any], fds: list[int], parent: int) -> int:
    """Fork an environment; its process id."""
    child = os.fork()
    if child:
        return child
    try:
        system.die_with_parent(parent)
        system.default_signals()
        os.setsid()
        place(fds)
        client.begin(message["config"], CONTROL, CONTROL + 1)
    except BaseException as error:
        os.write(2, f"airside template: {error!r}\n".encode())
    finally:
        os._exit(126)


def serve(channel: Channel) -> None:
    """Fork environments until the server hangs up."""
    children = Children()
    wake = wake_on_child()
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    poll.register(wake, select.POLLIN)
    pid = os.getpid()
    gc.collect()
    gc.freeze()
    while True:
        ready = dict(poll.poll())
        if wake in ready:
            drain(wake)
            for child_id, status in children.reap():
                channel.send({"exited": child_id, "status": status})
        if channel.fileno() in ready and not channel.fill():
            return
        while (received := channel.take()) is not None:
            message, fds = received
            if message["op"] == "start":
                children.add(start(message, fds, pid), message["id"])
                close_all(fds)
            elif message["op"] == "kill":
                children.kill(message["id"])


def main() -> None:
    """Run the template; its configuration is the first argument, as JSON."""
    config = json.loads(sys.argv[1])
    sys.argv = [""]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = Channel(socket.socket(fileno=CONTROL))
    boto3 = preload(config)
    version = ".".join(map(str, sys.version_info[:3]))
    channel.send({"ready": {"version": version, "boto3": boto3}})
    with contextlib.suppress(BrokenPipeError, ConnectionError):
        serve(channel)
    os._exit(0)
