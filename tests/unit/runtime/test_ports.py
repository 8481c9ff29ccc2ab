"""Environments listen on the same ports and do not find each other."""

import asyncio
import json
import socket
import sys

import pytest
from tests.unit.runtime.conftest import call

from airside.runtime import sandbox
from airside.runtime.peers import hosts_of

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")

SERVER = """
import asyncio, json, os, socket, threading, time

def serve(listener):
    while True:
        connection, peer = listener.accept()
        connection.sendall(json.dumps([os.environ["WHO"], peer[0]]).encode())
        connection.close()

def ask(address, family=socket.AF_INET):
    with socket.socket(family) as asking:
        asking.settimeout(2)
        try:
            asking.connect(address)
            return json.loads(asking.recv(1000) or b"null")
        except OSError as error:
            return type(error).__name__

def handler(event, context):
    if "listen" in event:
        family = socket.AF_INET6 if ":" in event["listen"] else socket.AF_INET
        listener = socket.socket(family)
        if event.get("only6"):
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((event["listen"], event["port"]))
        listener.listen()
        threading.Thread(target=serve, args=[listener], daemon=True).start()
        port = listener.getsockname()[1]
        time.sleep(event.get("sleep", 0))
        return [listener.getsockname()[0], ask(("127.0.0.1", port)), ask(("::1", port), socket.AF_INET6)]
    if "asyncio" in event:
        async def run():
            async def answer(reader, writer):
                writer.write(json.dumps([os.environ["WHO"], ""]).encode())
                writer.close()
            server = await asyncio.start_server(answer, event["asyncio"] or None, event["port"])
            await asyncio.sleep(event["sleep"])
            reader, _ = await asyncio.open_connection("localhost", event["port"])
            found = json.loads(await reader.read())
            server.close()
            return found
        return asyncio.run(run())
    if "datagram" in event:
        with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as two:
            one.bind(("127.0.0.1", event["datagram"]))
            time.sleep(event["sleep"])
            two.sendto(os.environ["WHO"].encode(), ("127.0.0.1", event["datagram"]))
            one.settimeout(2)
            text, sender = one.recvfrom(100)
            one.sendto(text + b"!", sender)
            two.settimeout(2)
            return [text.decode(), two.recv(100).decode()]
    return ask(tuple(event["ask"]))
"""


@pytest.fixture
def own_ports():
    """Skips where the kernel does not have it."""
    part = next(part for part in sandbox.probe() if part.name == "ports of its own")
    if not part.in_force:
        pytest.skip(part.why)


@pytest.fixture
async def pair(own_ports, runner):
    """Asks two environments at once; each has a name of its own."""
    pool = runner.pool("import os\nos.environ['WHO'] = os.urandom(8).hex()\n" + SERVER)

    async def ask(event, **more):
        waiting = [call(pool, json.dumps({**event, "sleep": 0.3, **more}).encode())
                   for _ in range(2)]  # fmt: skip
        outcomes = await asyncio.gather(*waiting)
        return [json.loads(outcome.payload) for outcome in outcomes]

    return ask


async def test_two_listen_on_one_port_and_find_themselves(pair):
    addresses = ["127.0.0.1", "0.0.0.0", "::", "::1", "::ffff:127.0.0.1"]
    for port, address in enumerate(addresses, 8080):
        found = await pair({"listen": address, "port": port})
        for name, by_v4, by_v6 in found:
            assert name in {"127.0.0.1", "::ffff:127.0.0.1"}, address
            assert by_v4 == by_v6, address
            assert by_v4[1].endswith("127.0.0.1")
        assert len({by_v4[0] for _, by_v4, _ in found}) == 2
    found = await pair({"listen": "127.0.0.1", "port": 0})  # one that the system chooses
    assert len({by_v4[0] for _, by_v4, _ in found}) == 2


async def test_servers_of_asyncio_and_datagrams(pair):
    for port, host in enumerate(["", "localhost", "0.0.0.0", "127.0.0.1"], 9229):
        found = await pair({"asyncio": host, "port": port})
        assert len({who for who, _ in found}) == 2, host
    for first, second in await pair({"datagram": 8125}):
        assert second == first + "!"


async def test_what_listens_inside_is_out_of_reach_for_others(own_ports, runner):
    pools = [runner.pool("import os\nos.environ['WHO'] = 'x'\n" + SERVER) for _ in range(2)]
    sleeping = asyncio.ensure_future(
        call(pools[0], json.dumps({"listen": "127.0.0.1", "port": 8081, "sleep": 1}).encode())
    )
    while not any(environment.state.value == "busy" for environment in pools[0]._all):
        await asyncio.sleep(0.02)
    (environment,) = pools[0]._all
    own = hosts_of(environment._find_born())[0]
    await asyncio.sleep(0.2)
    for address, answer in (("127.0.0.1", "ConnectionRefusedError"), (own, "PermissionError")):
        outcome = await call(pools[1], json.dumps({"ask": [address, 8081]}).encode())
        assert json.loads(outcome.payload) == answer
    await sleeping


async def test_what_the_machine_serves_is_reached_as_ever(own_ports, runner):
    with socket.create_server(("127.0.0.1", 0)) as server:
        pool = runner.pool("import os\nos.environ['WHO'] = 'x'\n" + SERVER)
        asking = asyncio.ensure_future(
            call(pool, json.dumps({"ask": ["127.0.0.1", server.getsockname()[1]]}).encode())
        )
        connection, _ = await asyncio.get_running_loop().run_in_executor(None, server.accept)
        connection.sendall(b'"machine"')
        connection.close()
        assert json.loads((await asking).payload) == "machine"
