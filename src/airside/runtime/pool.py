"""All environments of one version of one function: scaling out, reuse, going away."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, NamedTuple, Protocol

from airside.kernel.clock import Clock
from airside.kernel.waits import Wait
from airside.runtime.agent import Agent, template_kind
from airside.runtime.environment import Environment
from airside.runtime.extensions import external_names
from airside.runtime.freezer import Freezer
from airside.runtime.interpreters import WRAPPER, program_config
from airside.runtime.lifecycle import State
from airside.runtime.loglines import LogLines
from airside.runtime.program import ProgramEnvironment
from airside.runtime.snapshot import Snapshot
from airside.runtime.spec import Event, FunctionSpec, Outcome
from airside.runtime.template import Forker, Template

INIT_SECONDS_MAX = 10.0
"""https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""


class Host(Protocol):
    """What the service behind a pool provides."""

    async def variables(self, spec: FunctionSpec, log_stream: str) -> Mapping[str, str]:
        """Every environment variable of a new environment."""
        ...

    def open_log(self, spec: FunctionSpec) -> tuple[str, LogLines]:
        """A new log stream: its name and where its events go."""
        ...

    def interpreter(self, spec: FunctionSpec) -> str:
        """The program that runs it."""
        ...


class Broken(NamedTuple):
    """What is left of an environment that an event, or its INIT, has ended.

    It is the same environment that comes back, as on AWS: same log stream, same /tmp.
    """

    log: tuple[str, LogLines]
    source: Forker | None
    """What keeps its /tmp, under this id; None when nothing does."""
    environment_id: int
    at: float
    tail: str = ""
    """What its INIT said, for the caller."""
    announced: bool = False
    """Whether INIT_START was logged for the INIT that is to come."""

    def drop(self) -> None:
        """It will not come back."""
        if self.source is not None:
            self.source.drop(self.environment_id)


class Retry(NamedTuple):
    """An event that waits for INIT in what is left of an environment."""

    event: Event
    future: "asyncio.Future[Outcome]"
    broken: Broken


class Pool:
    """Serves events; makes an environment for each that finds none free."""

    def __init__(self, spec: FunctionSpec, host: Host, agent: Agent, clock: Clock,
                 idle_seconds: float) -> None:  # fmt: skip
        self.spec = spec
        self._host = host
        self._agent = agent
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._idle: list[Environment] = []
        self._all: set[Environment] = set()
        self._freezer = Freezer(self._idle, clock, agent.settings.function_freeze_seconds)
        self._broken: list[Broken] = []
        self._starting = 0
        self._waiting: deque[tuple[Event, asyncio.Future[Outcome]]] = deque()
        self._loop = asyncio.get_running_loop()
        self._reaper: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = False
        self._kept = 0
        self._snapshot: asyncio.Task[Snapshot | None] | None = None
        self.on_empty: Callable[[], None] | None = None
        self.used_at = clock.monotonic()

    @property
    def size(self) -> int:
        """Environments that live or are being made."""
        return len(self._all)

    @property
    def ready(self) -> int:
        """Environments that have ended their INIT."""
        return len(self._all) - self._starting

    @property
    def idle(self) -> int:
        """Those that wait for an event."""
        return len(self._idle)

    def invoke(self, event: Event) -> Awaitable[Outcome]:
        """Serve one event. Abandoning the result does not stop the event."""
        future: Wait[Outcome] = Wait(loop=self._loop)
        if event.stream is not None:
            end = event.stream.end
            future.add_done_callback(lambda _: end())
        if event.background:
            self._agent.background.began(future)
        else:
            self._agent.background.caller(self._loop)
        while self._idle:
            environment = self._take_idle(background=event.background)
            if environment.state is State.IDLE:
                environment.run(event, future)
                return future
        if self._broken:
            again = Retry(event, future, self._broken.pop())
            _ = self._spawn(self._launch(again, background=event.background))
            return future
        self._waiting.append((event, future))
        if self._starting < len(self._waiting):
            _ = self._grow(background=event.background)
        return future

    def _take_idle(self, *, background: bool) -> Environment:
        """The last to become idle, of this priority if there is one: a change takes a moment."""
        idle = self._idle
        if idle[-1].background is not background:
            for at in range(len(idle) - 2, -1, -1):
                if idle[at].background is background:
                    return idle.pop(at)
        return idle.pop()

    async def keep(self, count: int) -> None:
        """Have at least this many environments from now on, and none of those go idle."""
        self._kept = count
        provisioned = "provisioned-concurrency"
        made = [self._grow(initialization=provisioned) for _ in range(count - self.size)]
        if made:
            await asyncio.wait(made)
            deadline = self._clock.monotonic() + INIT_SECONDS_MAX
            while self._starting and self._clock.monotonic() < deadline:
                await asyncio.sleep(0.005)
        self._reap()

    def release(self) -> None:
        """Let all go idle again."""
        self._kept = 0
        self._reap()

    def drain(self) -> None:
        """Take no more events than those that are here; then go away."""
        self._draining = True
        self._drop_broken()
        for environment in self._idle:
            environment.retire()
        self._idle.clear()
        if not self._all:
            self._retire_snapshot(0.0)

    def kill(self) -> None:
        """End every environment now."""
        self._drop_broken()
        for environment in list(self._all):
            environment.kill()
        self._retire_snapshot(0.0)

    def _grow(
        self, *, background: bool = False, initialization: str = "on-demand"
    ) -> asyncio.Task[None]:
        self._starting += 1
        launch = self._launch(background=background, initialization=initialization)
        return self._spawn(launch)

    def _spawn(self, launch: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(launch)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _launch(
        self, again: Retry | None = None, *, background: bool = False,
        initialization: str = "on-demand",
    ) -> None:  # fmt: skip
        spec = self.spec
        stream, log = again.broken.log if again else self._host.open_log(spec)
        variables = await self._host.variables(spec, stream)
        external = external_names(spec.opt)
        interpreter = self._host.interpreter(spec)
        forked = spec.runtime.startswith("python") and not spec.variables.get(WRAPPER)
        kind = Environment if forked else ProgramEnvironment
        environment = kind(spec, self, self._clock, log, external)
        environment.stream = (stream, log)
        environment.initialization = initialization
        environment.background = background
        given = {
            **variables, "AWS_LAMBDA_RUNTIME_API": environment.listen(),
            "AWS_LAMBDA_INITIALIZATION_TYPE": initialization,
        }  # fmt: skip
        config = self._config(given, external, background=background)
        if kind is ProgramEnvironment:
            config.update(program_config(spec.runtime, interpreter, spec.memory_mb))
        template = self._template(interpreter)
        source: Forker = template
        if again:
            broken = again.broken
            environment.adopt(again.event, again.future, broken.tail, announced=broken.announced)
            if broken.source is template:
                config["inherits"] = broken.environment_id
            else:
                broken.drop()
        elif spec.snap_start and kind is Environment and not external:
            config["variables"]["AWS_LAMBDA_INITIALIZATION_TYPE"] = "snap-start"
            snapshot = await self._take_snapshot(template, config)
            environment.restored = snapshot is not None
            source = snapshot or template
        self._all.add(environment)
        environment.launch(lambda fds, on_exit: source.start(config, fds, on_exit), source)

    def _config(
        self, variables: Mapping[str, str], external: list[str], *, background: bool = False
    ) -> dict[str, Any]:
        """What a new process is told."""
        spec = self.spec
        return {
            "handler": spec.handler, "runtime": spec.runtime, "task": str(spec.task),
            "opt": str(spec.opt or ""), "memory_mb": spec.memory_mb, "tmp_mb": spec.tmp_mb,
            "limit_memory": self._agent.settings.sandbox, "extensions": external,
            "function": spec.arn, "background": background, "variables": dict(variables),
        }  # fmt: skip

    def _template(self, interpreter: str) -> Template:
        boto3 = self.spec.uses_boto3 and not self.spec.own_boto3
        return self._agent.template(template_kind(self.spec.runtime, interpreter, boto3=boto3))

    async def prepare(self) -> bool:
        """Have a snapshot ready before anybody calls, where there is to be one.

        False when INIT, or a hook that runs before the snapshot, failed.
        """
        spec = self.spec
        forked = spec.runtime.startswith("python") and not spec.variables.get(WRAPPER)
        if not spec.snap_start or not forked or external_names(spec.opt):
            return True
        variables = dict(await self._host.variables(spec, ""))
        variables["AWS_LAMBDA_INITIALIZATION_TYPE"] = "snap-start"
        template = self._template(self._host.interpreter(spec))
        snapshot = await self._take_snapshot(template, self._config(variables, []))
        if snapshot is not None and not self._all:
            snapshot.retire_after(self._idle_seconds)
        return snapshot is not None

    async def _take_snapshot(self, template: Template, config: dict[str, Any]) -> Snapshot | None:
        """The function's snapshot, made when there is none; None when its INIT fails."""
        if self._snapshot is None or (self._snapshot.done() and not _lives(self._snapshot)):
            self._snapshot = self._loop.create_task(self._make_snapshot(template, config))
        snapshot = await asyncio.shield(self._snapshot)
        if snapshot is not None:
            snapshot.keep()
        return snapshot

    async def _make_snapshot(self, template: Template, config: dict[str, Any]) -> Snapshot | None:
        stream, log = self._host.open_log(self.spec)
        variables = {**config["variables"], "AWS_LAMBDA_LOG_STREAM_NAME": stream}
        made = Snapshot(self.spec, self._clock, (stream, log))
        return made if await made.take(template, {**config, "variables": variables}) else None

    def _retire_snapshot(self, seconds: float) -> None:
        if self._snapshot is not None and _lives(self._snapshot):
            snapshot = self._snapshot.result()
            if snapshot is not None:
                snapshot.retire_after(seconds)

    def on_started(self, environment: Environment) -> None:
        """INIT has begun."""
        environment.limit_init(INIT_SECONDS_MAX)

    def on_ready(self, environment: Environment) -> None:
        """Take the next waiting event, or wait for one."""
        if environment.init_ms is not None:
            self._starting -= 1
        while self._waiting:
            event, future = self._waiting.popleft()
            if not future.done():
                environment.run(event, future)
                return
        if self._draining:
            environment.retire()
            return
        self._idle.append(environment)
        self._freezer.watch()
        self._reap_later(self._idle_seconds)

    def on_dead(self, environment: Environment, failure: Outcome | None) -> None:
        """Forget it; when its INIT failed, so does the event it was made for."""
        self._all.discard(environment)
        if environment in self._idle:
            self._idle.remove(environment)
        if failure is not None:
            self._starting -= 1
        self._keep_broken(environment, failed_init=failure is not None)
        if not self._all and not self._waiting and not self._tasks:
            self._retire_snapshot(0.0 if self._draining else self._idle_seconds)
            if self.on_empty:
                self.on_empty()

    def _keep_broken(self, dead: Environment, *, failed_init: bool) -> None:
        """Have what is left of an environment for the next event, which runs INIT again."""
        tail = dead.tail if failed_init else ""
        broken = Broken(
            dead.stream, dead.tmp_keeper, dead.process_id, self._clock.monotonic(), tail,
            announced=failed_init,
        )  # fmt: skip
        while failed_init and self._waiting:
            event, future = self._waiting.popleft()
            if not future.done():
                again = Retry(event, future, broken)
                _ = self._spawn(self._launch(again, background=event.background))
                return
        if dead.broke and not dead.restored and not self._draining:
            self._broken.append(broken)
            self._reap_later(self._idle_seconds)
        else:
            broken.drop()

    def _drop_broken(self) -> None:
        for broken in self._broken:
            broken.drop()
        self._broken.clear()

    def _reap_later(self, seconds: float) -> None:
        if self._reaper is None:
            self._reaper = self._loop.call_later(seconds, self._reap)

    def _reap(self) -> None:
        """End environments that have been idle long enough; the longest idle stand first."""
        self._reaper = None
        now = self._clock.monotonic()
        while self._broken and self._broken[0].at + self._idle_seconds <= now + 0.001:
            self._broken.pop(0).drop()
        if self._broken:
            self._reap_later(self._broken[0].at + self._idle_seconds - now)
        while len(self._all) > self._kept and self._idle:
            if self._idle[0].idle_since + self._idle_seconds > now + 0.001:
                break
            environment = self._idle.pop(0)
            self._all.discard(environment)
            environment.retire()
        if len(self._all) > self._kept and self._idle:
            self._reap_later(self._idle[0].idle_since + self._idle_seconds - now)


def _lives(snapshot: "asyncio.Task[Snapshot | None]") -> bool:
    """Whether a snapshot was made that can still be copied."""
    made = snapshot.result() if snapshot.done() and not snapshot.cancelled() else None
    return made is not None and not made.closed
