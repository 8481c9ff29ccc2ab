"""`python -m airside.serve [SETTINGS AS JSON]`: the server process.

Started by `airside up`. The agent that makes execution environments is spawned first, before this
process has threads, a loop or much memory. Prints one line of JSON when it is ready.
"""

import asyncio
import contextlib
import gc
import json
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from airside import bytecode

if TYPE_CHECKING:
    from airside.runtime import Agent
    from airside.settings import Settings

SWITCH_INTERVAL_SECONDS = 0.0005
COLLECT_AFTER = 20_000, 20, 20
"""Containers made between two collections; a request makes and drops about a hundred."""


def main() -> int:
    """Serve until SIGTERM or SIGINT; the exit status."""
    gc.disable()  # what is made at start stays; `settle` takes over
    bytecode.keep()
    from airside.runtime import Agent  # airside's own modules only from here on
    from airside.settings import Settings

    given = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    if "data_dir" in given:
        given["data_dir"] = Path(given["data_dir"])
    settings = Settings.load(**given)
    logging.basicConfig(
        level=settings.log_level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    agent = Agent.spawn(settings)
    # The commit thread hands the interpreter back and forth with the loop: 5 ms would be an age.
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    try:
        return _run(settings, agent)
    except OSError as error:
        sys.stderr.write(f"airside: {error.strerror or error}\n")
        return 1


def settle() -> None:
    """Leave what was made at start out of every garbage collection to come, and collect rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()


def _run(settings: "Settings", agent: "Agent") -> int:
    from airside.server import Server  # after the agent was spawned

    async def serve() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        server = Server(settings, agent)
        state = await server.start()
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.write(json.dumps(state) + "\n")
            sys.stdout.flush()
        settle()
        await stopped.wait()
        await server.stop()

    try:
        import uvloop  # not on every platform
    except ImportError:
        asyncio.run(serve())
    else:
        uvloop.run(serve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
