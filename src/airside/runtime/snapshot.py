"""The server's side of SnapStart: an initialised function that environments are forked from."""

import asyncio
from typing import Any

from airside.kernel.clock import Clock
from airside.runtime.environment import Environment
from airside.runtime.loglines import LogLines
from airside.runtime.spec import FunctionSpec, Outcome
from airside.runtime.template import Forker, Template

INIT_SECONDS_MAX = 130.0
"""https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html"""


class Snapshot(Forker):
    """One function after its INIT and its before-snapshot hooks."""

    def __init__(self, spec: FunctionSpec, clock: Clock, stream: tuple[str, LogLines]) -> None:
        super().__init__()
        self._ready: asyncio.Future[bool] = self._loop.create_future()
        self._environment = Environment(spec, self, clock, stream[1])
        self._environment.stream = stream
        self._environment.initialization = "snap-start"
        self._retirement: asyncio.TimerHandle | None = None

    async def take(self, template: Template, config: dict[str, Any]) -> bool:
        """Run INIT; whether there is a snapshot now."""
        given = {**config, "snapshot": True, "background": False}
        given["variables"] = {
            **config["variables"], "AWS_LAMBDA_RUNTIME_API": self._environment.listen(),
        }  # fmt: skip
        self._environment.launch(
            lambda fds, on_exit: template.start(given, [*fds, self._theirs], on_exit), template
        )
        made = await asyncio.shield(self._ready)
        self.rooted = template.rooted
        return made

    def prioritize(self, environment_id: int, *, background: bool) -> bool:
        """Copies keep the priority that they begin with."""
        _ = environment_id, background
        return False

    def retire_after(self, seconds: float) -> None:
        """Go away unless another environment is wanted in time."""
        self.keep()
        self._retirement = self._loop.call_later(seconds, self.close)

    def keep(self) -> None:
        """Stay."""
        if self._retirement:
            self._retirement.cancel()
            self._retirement = None

    def close(self) -> None:
        """End it, and whatever was forked from it."""
        self.keep()
        super().close()
        self._environment.kill()

    # What its environment tells (airside.runtime.environment.Owner).

    def on_started(self, environment: Environment) -> None:
        """INIT has begun."""
        environment.limit_init(INIT_SECONDS_MAX)

    def on_ready(self, _: Environment) -> None:
        """It can be copied."""
        if not self._ready.done():
            self._ready.set_result(True)

    def on_dead(self, _: Environment, __: Outcome | None) -> None:
        """INIT has failed, or it was killed."""
        if not self._ready.done():
            self._ready.set_result(False)
        if not self.closed:
            self.close()
