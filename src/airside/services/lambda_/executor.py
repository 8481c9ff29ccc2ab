"""Runs functions: from a version's record to pools of environments and back to an outcome."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from airside.kernel import Cloud, Component, Context, Principal, Snapshot, Transaction
from airside.kernel.principal import service_principal
from airside.runtime import Agent
from airside.runtime.agent import template_kind
from airside.runtime.interpreters import Interpreters, RuntimeUnavailable
from airside.runtime.loglines import LogLines
from airside.runtime.pool import Pool
from airside.runtime.spec import Event, FunctionSpec, Outcome
from airside.services.lambda_ import code as packages
from airside.services.lambda_ import errors, lineage, store
from airside.services.lambda_.admission import Admission
from airside.services.lambda_.concurrency_limit import ConcurrencyLimit
from airside.services.lambda_.credentials import RoleSessions
from airside.services.lambda_.errors import TooManyRequestsException
from airside.services.lambda_.folders import Folders
from airside.services.lambda_.function import (
    Alias,
    Code,
    Version,
    is_snap_start,
    running_revision,
    runtime_version,
)
from airside.services.lambda_.layers import code_of, opt_folder
from airside.services.lambda_.log_delivery import LogDelivery, Stream
from airside.services.lambda_.names import LATEST, FunctionName
from airside.services.lambda_.package import remove_leftovers
from airside.services.lambda_.statistics import Statistics
from airside.services.lambda_.variables import environment_variables

log = logging.getLogger("airside.lambda")

SNAPSHOT_WAIT_SECONDS_MAX = 30.0
"""How long publishing waits for a function's INIT; a longer one goes on by itself."""


MEMINFO = Path("/proc/meminfo")
_LOOP = (
    "Lambda has detected your function being invoked in a recursive loop with other AWS resources "
    "and stopped your function's invocation."
)


def execution_principal(role_arn: str, session_name: str) -> Principal:
    """A function's own identity: its role, assumed by Lambda on its behalf."""
    account_id = role_arn.split(":")[4]
    role = role_arn.rpartition("/")[2]
    return Principal(
        "assumed-role", f"arn:aws:sts::{account_id}:assumed-role/{role}/{session_name}",
        account_id, f"AROA:{session_name}", role_arn=role_arn, session_name=session_name,
    )  # fmt: skip


class Target(NamedTuple):
    """What a FunctionName and a Qualifier lead to."""

    name: FunctionName
    version: Version
    alias: Alias | None
    stops_loops: bool = True
    watched: tuple[Path, ...] = ()
    """Folders of a person's own, of the code and of layers, that are used in place."""


def check_state(target: Target) -> None:
    """Refuse what cannot run. Raises ResourceConflictException."""
    if target.version.failed:
        raise errors.ResourceConflictException(
            "The operation cannot be performed at this time. The function is currently in the "
            "following state: Failed", Type="User",
        )  # fmt: skip


class Executor(Component):
    """The pools of one environment of Airside."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._agent = cloud.resource(Agent)
        self._pools: dict[tuple[str, str], Pool] = {}
        self._old_pools: set[Pool] = set()
        self._targets: dict[FunctionName, Target] = {}
        self._limits: dict[tuple[str, str], ConcurrencyLimit] = {}
        self._sessions = RoleSessions()
        self._statistics: dict[str, Statistics] = {}
        cloud.reports["functions"] = self.report
        self._admission = Admission(cloud.clock, cloud.settings.memory_reserve_mib, MEMINFO)
        self._folders = Folders(cloud.clock)
        self._seen_states: dict[tuple[str, str], int] = {}
        self._interpreters = Interpreters()
        self._warned: set[str] = set()
        self._preparing: set[asyncio.Task[Version]] = set()
        self._making: dict[tuple[str, str], asyncio.Task[Pool]] = {}

    async def start(self) -> None:
        """Tidy up after a crash."""
        functions = self.cloud.settings.data_dir / "functions"
        await asyncio.to_thread(remove_leftovers, functions, self._agent.born_at)

    async def stop(self) -> None:
        """End every environment."""
        for pool in [*self._pools.values(), *self._old_pools]:
            pool.kill()
        self._pools.clear()

    async def target(self, name: FunctionName) -> Target:
        """Find what to run. Raises ResourceNotFoundException."""
        found = self._targets.get(name)
        if found is None:

            def read(view: Snapshot) -> Target:
                function = store.load_function(view, name)
                stops = function.recursive_loop == "Terminate"
                version, alias = store.resolve(view, name)
                return Target(name, version, alias, stops, _watched(version))

            found = self._targets[name] = await self.cloud.store.read(read)
        if found.alias and found.alias.weights:
            draw = int.from_bytes(self.cloud.ids.random_bytes(4), "big") / 2**32
            chosen = found.alias.choose(draw)
            if chosen != found.version.version:
                qualified = name._replace(qualifier=chosen)
                return (await self.target(qualified))._replace(name=name)
        return found

    async def invoke(self, ctx: Context, target: Target, event: Event) -> Outcome:
        """Run one event. Raises TooManyRequestsException when it may not start."""
        check_state(target)
        limit = await self.limit(target.name)
        arn = target.name.arn
        event.trace_id, passes = lineage.passed(event.trace_id or self._new_trace(), arn)
        if passes > lineage.PASSES_MAX and target.stops_loops:
            raise errors.RecursiveInvocationException(_LOOP, Type="User")
        ctx.trace_id = ctx.trace_id or event.trace_id
        statistics = self._statistics.get(arn)
        if statistics is None:
            statistics = self._statistics[arn] = Statistics()
        began = self.cloud.clock.monotonic()
        try:
            limit.enter(arn)
        except TooManyRequestsException:
            statistics.throttles += 1
            raise
        try:
            if target.watched:
                self._notice_saves(target)
            pool = self._pools.get((arn, target.version.version))
            if pool is None:
                pool = await self._pool(ctx, target)
            if not pool.idle:
                self._admission.check(arn)
            outcome = await pool.invoke(event)
        finally:
            limit.leave(arn)
        self._bill(ctx, target, outcome)
        statistics.ended(outcome)
        self.cloud.journal.record(
            ctx, began, operation="run", resource=arn, error=outcome.error_type,
            request_id=event.request_id, init_seconds=(outcome.init_ms or 0) / 1000,
        )  # fmt: skip
        return outcome

    def report(self) -> list[dict[str, object]]:
        """What each function has been doing, by account and name."""
        alive: dict[str, list[int]] = {}
        for pool in [*self._pools.values(), *self._old_pools]:
            known = alive.setdefault(pool.spec.arn, [0, 0])
            known[0] += pool.size
            known[1] += pool.idle
        return [
            {
                "arn": arn, "environments": alive.get(arn, [0, 0])[0],
                "idle": alive.get(arn, [0, 0])[1], "running": self._in_use(arn),
                **statistics.report(),
            }
            for arn, statistics in sorted(self._statistics.items())
        ]  # fmt: skip

    def _in_use(self, arn: str) -> int:
        _, _, _, region, account_id, *_ = arn.split(":")
        limit = self._limits.get((account_id, region))
        return limit.in_use(arn) if limit else 0

    def _new_trace(self) -> str:
        """The trace of an event that came without one."""
        text = self.cloud.ids.random_bytes(20).hex()
        began = int(self.cloud.clock.now())
        return f"Root=1-{began:08x}-{text[:24]};Parent={text[24:]};Sampled=0"

    def _notice_saves(self, target: Target) -> None:
        """Retire what runs of a folder in which a file was saved since."""
        state = hash(tuple(map(self._folders.state, target.watched)))
        key = (target.name.arn, target.version.version)
        if self._seen_states.setdefault(key, state) != state:
            self._seen_states[key] = state
            self.changed(target.name)

    async def limit(self, name: FunctionName) -> ConcurrencyLimit:
        """The concurrency limit of a function's account."""
        key = (name.account_id, name.region)
        found = self._limits.get(key)
        if found is None:
            found = ConcurrencyLimit(self.cloud.settings.account_concurrency)

            def read(view: Snapshot) -> dict[str, int]:
                return {
                    name._replace(name=function.name, qualifier=None).arn: function.reserved
                    for function, _ in store.functions(view, *key)
                    if function.reserved is not None
                }

            found.reserved = await self.cloud.store.read(read)
            self._limits[key] = found
        return found

    def changed(self, name: FunctionName, *, versions: bool = False) -> None:
        """Retire what runs of $LATEST, or of all versions; events in flight end first."""
        self.changed_aliases(name)
        for key in [key for key in self._pools if key[0] == name.arn]:
            if not versions and key[1] != LATEST:
                continue
            pool = self._pools.pop(key)
            self._old_pools.add(pool)
            pool.on_empty = lambda pool=pool: self._old_pools.discard(pool)
            pool.drain()

    def changed_aliases(self, name: FunctionName) -> None:
        """Look up again what names lead to; versions themselves stay as they are."""
        for known in [known for known in self._targets if known[:3] == name[:3]]:
            del self._targets[known]

    async def provision(self, name: FunctionName, count: int) -> None:
        """Keep this many environments of a version ready; returns when they are, or have failed."""
        target = await self.target(name)
        ctx = self.cloud.context(
            execution_principal(target.version.config["Role"], name.name), "lambda"
        )
        pool = self._pools.get((name.arn, target.version.version)) or await self._pool(ctx, target)
        await pool.keep(count)

    async def prepare_snapshot(self, name: FunctionName, version: Version) -> Version:
        """Have what was just published ready to be copied, if SnapStart is on.

        The version as it is then: its state is Failed when its INIT or a hook failed.
        """
        if not is_snap_start(version) or version.failed:
            return version
        principal = execution_principal(version.config["Role"], name.name)
        ctx = self.cloud.context(principal, "lambda")
        ctx.region = name.region
        target = await self.target(name._replace(qualifier=version.version))
        key = (name.arn, version.version)
        pool = self._pools.get(key) or await self._pool(ctx, target)
        task = asyncio.get_running_loop().create_task(self._prepare(pool, name, version))
        self._preparing.add(task)
        task.add_done_callback(self._preparing.discard)
        await asyncio.wait({task}, timeout=SNAPSHOT_WAIT_SECONDS_MAX)
        return task.result() if task.done() else version

    async def _prepare(self, pool: Pool, name: FunctionName, version: Version) -> Version:
        if await pool.prepare():
            return version

        def fail(tx: Transaction) -> Version:
            found = next(
                (each for each in store.versions(tx, name)
                 if each.revision_id == version.revision_id), None,
            )  # fmt: skip
            if found is None:  # it has been deleted meanwhile
                return version
            found.failed = True
            store.save_version(tx, name, found)
            return found

        failed = await self.cloud.store.transact(fail)
        self.changed_aliases(name)
        return failed

    def unprovision(self, name: FunctionName) -> None:
        """Keep none of a version ready any more."""
        pool = self._pools.get((name.arn, name.qualifier or LATEST))
        if pool:
            pool.release()

    async def provisioned(self, name: FunctionName) -> int:
        """How many environments are ready."""
        target = await self.target(name)
        pool = self._pools.get((name.arn, target.version.version))
        return pool.ready if pool else 0

    def prepare(self, version: Version) -> None:
        """Have the template of a function that was just deployed ready for its first event."""
        runtime = version.config["Runtime"]
        boto3 = version.code.uses_boto3 and not version.code.own_boto3
        interpreter = self._interpreters.find(runtime).path
        self._agent.template(template_kind(runtime, interpreter, boto3=boto3))

    async def check_runtime(self, runtime: str) -> None:
        """Refuse what this machine cannot run. Raises InvalidParameterValueException."""
        try:
            found = await asyncio.to_thread(self._interpreters.find, runtime)
        except RuntimeUnavailable as error:
            raise errors.InvalidParameterValueException(str(error), Type="User") from None
        if found.warning and runtime not in self._warned:
            self._warned.add(runtime)
            log.warning("%s", found.warning)

    async def _pool(self, ctx: Context, target: Target) -> Pool:
        key = (target.name.arn, target.version.version)
        task = self._making.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._make_pool(ctx, target))
            self._making[key] = task
            task.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(task)

    async def _make_pool(self, ctx: Context, target: Target) -> Pool:
        name, version = target.name, target.version
        folder = await packages.unpacked(ctx, version.code)
        opt = await opt_folder(ctx, version.config.get("Layers", []))
        spec = _spec(name, version, folder, opt)
        pool = Pool(
            spec, self, self._agent, self.cloud.clock, self.cloud.settings.function_idle_seconds
        )
        current = self._targets.get(name)
        if current is None or current.version is version or target.alias:
            self._pools[name.arn, version.version] = pool
        return pool

    def _bill(self, ctx: Context, target: Target, outcome: Outcome) -> None:
        arn = target.name.arn
        config = target.version.config
        arm = config["Architectures"] == ["arm64"]
        ctx.use("Request", 1, arn)
        seconds = outcome.billed_ms / 1000
        usage = "Lambda-GB-Second-ARM" if arm else "Lambda-GB-Second"
        ctx.use(usage, config["MemorySize"] / 1024 * seconds, arn)

    # What pools ask for (airside.runtime.pool.Host).

    async def variables(self, spec: FunctionSpec, log_stream: str) -> Mapping[str, str]:
        """Every environment variable of a new environment."""
        _, _, _, region, account_id, *_ = spec.arn.split(":")
        ctx = self.cloud.context(service_principal("lambda.amazonaws.com", account_id), "lambda")
        ctx.region = region
        credentials = await self._sessions.get(ctx, spec.role, spec.name)
        return environment_variables(spec, log_stream, credentials, self.cloud.settings.endpoint)

    def open_log(self, spec: FunctionSpec) -> tuple[str, LogLines]:
        """A new log stream for a new environment."""
        region = spec.arn.split(":")[3]
        day = datetime.fromtimestamp(self.cloud.clock.now(), UTC)
        name = f"{day:%Y/%m/%d}/[{spec.version}]{self.cloud.ids.random_bytes(16).hex()}"
        role = execution_principal(spec.role, spec.name)
        stream = Stream(role, region, spec.log_group, name)
        return name, self.cloud.component(LogDelivery).open(stream).add

    def interpreter(self, spec: FunctionSpec) -> str:
        """The program that runs a function."""
        return self._interpreters.find(spec.runtime).path


def _codes(version: Version) -> list[Code]:
    return [version.code, *(code_of(each) for each in version.config.get("Layers", []))]


def _watched(version: Version) -> tuple[Path, ...]:
    return tuple(Path(code.folder) for code in _codes(version) if code.folder)


def _spec(name: FunctionName, version: Version, folder: Path, opt: Path | None) -> FunctionSpec:
    config, codes = version.config, _codes(version)
    return FunctionSpec(
        arn=name.arn, name=name.name, version=version.version, revision=running_revision(version),
        handler=config["Handler"], runtime=config["Runtime"], memory_mb=config["MemorySize"],
        timeout_seconds=config["Timeout"], task=folder, role=config["Role"],
        variables=config.get("Environment", {}).get("Variables", {}),
        own_boto3=any(code.own_boto3 for code in codes),
        uses_boto3=any(code.uses_boto3 for code in codes), opt=opt,
        log_group=config["LoggingConfig"]["LogGroup"],
        log_format=config["LoggingConfig"]["LogFormat"],
        log_level=config["LoggingConfig"].get("ApplicationLogLevel", ""),
        system_log_level=config["LoggingConfig"].get("SystemLogLevel", "INFO"),
        tmp_mb=config["EphemeralStorage"]["Size"], arm=config["Architectures"] == ["arm64"],
        snap_start=is_snap_start(version),
        runtime_version_arn=runtime_version(name.arn, config["Runtime"]),
    )  # fmt: skip
