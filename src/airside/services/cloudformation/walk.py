"""Visiting a dependency graph, as many nodes at a time as it allows."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from airside.services.cloudformation.graph import Graph

log = logging.getLogger("airside.cloudformation")

PARALLEL_MAX = 24
"""Resources in the making at once, over which there is nothing to gain on one machine."""


async def walk(
    graph: Graph, visit: Callable[[str], Awaitable[str | None]], *, go_on: bool = False
) -> dict[str, str]:
    """Visit every node after those it needs.

    `visit` returns None, or why it failed. After a failure no visit starts any more (with `go_on`:
    only those that need the failed node are left out); those under way are awaited. Returns the
    failures. An exception in a visit is a bug in it: it counts as a failure and names itself.
    """
    waiting = dict(graph)
    done: set[str] = set()
    failed: dict[str, str] = {}
    tasks: dict[asyncio.Future[str | None], str] = {}
    try:
        while True:
            if not failed or go_on:
                ready = [
                    name for name, needed in waiting.items() if not (needed & graph.keys()) - done
                ]
                for name in ready[: PARALLEL_MAX - len(tasks)]:
                    del waiting[name]
                    tasks[asyncio.ensure_future(visit(name))] = name
            if not tasks:
                return failed
            over, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in over:
                name = tasks.pop(task)
                reason = _outcome(task)
                if reason is None:
                    done.add(name)
                else:
                    failed[name] = reason
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def _outcome(task: asyncio.Future[str | None]) -> str | None:
    if task.cancelled():
        raise asyncio.CancelledError
    error = task.exception()
    if error is None:
        return task.result()
    log.error("a resource type failed unexpectedly", exc_info=error)
    return f"Internal failure: {type(error).__name__}: {error}"
