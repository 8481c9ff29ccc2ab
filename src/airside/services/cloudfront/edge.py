"""The edge of one environment: plans of its distributions, the cache, and who is being asked."""

import asyncio
import contextlib
import shutil
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from airside.kernel import Cloud, Component, ServiceError, Snapshot, Transaction
from airside.kernel.clock import iso8601
from airside.services.cloudfront import managed, store
from airside.services.cloudfront.cache import Cache
from airside.services.cloudfront.key_value_stores import KIND
from airside.services.cloudfront.plan import Matcher, Plan, compile_plan
from airside.services.cloudfront.script import KeyValues
from airside.services.cloudfront.store import Invalidation

T = TypeVar("T")
_MANAGED: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "cache-policy": managed.CACHE_POLICIES,
    "origin-request-policy": managed.ORIGIN_REQUEST_POLICIES,
    "response-headers-policy": managed.RESPONSE_HEADERS_POLICIES,
}


class Dangling(ServiceError):
    """A distribution names something that is gone."""


class Edge(Component):
    """Plans by host label, cached responses by key, requests to origins under way by key."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._plans: dict[str, Plan] = {}
        self._by_id: dict[str, Plan] = {}
        self._key_values: dict[str, KeyValues] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self.under_way: dict[str, asyncio.Task[Any]] = {}
        self.cache = Cache(self._folder("unopened"))
        self.hits: dict[tuple[str, str, str, str | None], Any] = {}
        """Answers ready to be sent, by how they were asked for."""

    def _folder(self, generation: str) -> Path:
        return self.cloud.settings.data_dir / "edge-cache" / f"{self.cloud.name}-{generation}"

    async def start(self) -> None:
        """Find this environment's own files again.

        A fork of an environment has the same distributions but a life of its own: the first start
        under a name draws a new folder, and folders of earlier lives go.
        """
        fresh = self.cloud.ids.lower(12)

        def own(tx: Transaction) -> str:
            return store.generation(tx, self.cloud.name, fresh)

        generation = await self.cloud.store.transact(own)
        folder = self._folder(generation)
        self.cache = Cache(folder)
        self.later(asyncio.to_thread(_remove_siblings, folder, self.cloud.name))

    async def stop(self) -> None:
        """Finish what is being written; what is being asked for, nobody waits for any more."""
        asking = set(self.under_way.values())
        for task in asking:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5.0)
        for task in self._tasks:
            task.cancel()

    def later(self, work: Coroutine[Any, Any, object]) -> None:
        """Do something after the answer."""
        _ = self.begin(work)

    def begin(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Do something apart from who asked for it: who leaves does not end it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def plan(self, label: str) -> Plan | None:
        """The plan behind a host's label, if it has been made already."""
        return self._plans.get(label)

    async def load_plan(self, label: str) -> Plan | None:
        """The plan behind a host's label, made now. Raises Dangling."""

        def look(view: Snapshot) -> Plan | None:
            found = store.find_host(view, label)
            if found is None:
                return None
            account, identifier = found
            entity = store.find(view, account, "distribution", identifier)
            if entity is None:
                return None

            def policy(kind: str, wanted: str) -> Mapping[str, Any]:
                own = store.find(view, account, kind, wanted)
                if own is not None and kind == "function":
                    return own.facts["live"]  # type: ignore[no-any-return]
                config = own.config if own else _MANAGED.get(kind, {}).get(wanted)
                if config is None:
                    raise Dangling(f"The distribution names a {kind} that does not exist: {wanted}")
                return config

            return compile_plan(entity, account, policy, store.invalidations(view, identifier))

        plan = await self.cloud.store.read(look)
        if plan is not None:
            self._plans[label] = plan
            self._by_id[plan.id] = plan
        return plan

    async def key_values(self, account: str, identifier: str) -> KeyValues | None:
        """What is in a key value store; read again when it has changed."""
        if not identifier:
            return None
        former = self._key_values.get(identifier)

        def look(view: Snapshot) -> KeyValues | None:
            name = store.id_of_name(view, account, KIND, identifier)
            entity = store.find(view, account, KIND, name) if name else None
            if entity is None:
                return None
            version = entity.facts["version"]
            if former is not None and former.version == version:
                return former
            facts = {
                "id": identifier,
                "creationDateTime": iso8601(entity.created_at),
                "lastUpdatedDateTime": iso8601(entity.facts["changed_at"]),
                "keyCount": entity.facts["count"],
            }
            return KeyValues(version, facts, store.values(view, identifier))

        found = await self.cloud.store.read(look)
        if found is not None:
            self._key_values[identifier] = found
        return found

    def plan_of(self, distribution: str) -> Plan | None:
        """The present plan of a distribution, if it has been made."""
        return self._by_id.get(distribution)

    def forget(self) -> None:
        """Some configuration changed: make plans anew."""
        self._plans.clear()
        self.hits.clear()

    def invalidate(self, distribution: str, invalidation: Invalidation) -> None:
        """Drop what was invalidated, at once."""
        plans = (*self._plans.values(), *self._by_id.values())
        matcher = Matcher(invalidation.paths)
        for plan in {id(plan): plan for plan in plans if plan.id == distribution}.values():
            # Requests under way hold these plans: what they are waiting for must not be kept.
            matcher = Matcher(invalidation.paths, plan.root_object)
            plan.invalidations.append((invalidation.created_at, matcher))
        for kept in self.cache.in_memory(distribution):
            if matcher.matches(kept.entry.target):
                self.cache.drop(kept.entry.key)


def _remove_siblings(folder: Path, name: str) -> None:
    with contextlib.suppress(OSError):
        for other in folder.parent.iterdir():
            if other != folder and other.name.rpartition("-")[0] == name:
                shutil.rmtree(other, ignore_errors=True)
