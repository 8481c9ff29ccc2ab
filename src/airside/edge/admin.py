"""Airside's own addresses, below `/_airside/`: health, state, reset, environments, usage.

All but health and ready need the signature of an account's owner, under any signing service name.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from airside import __version__
from airside.edge.authentication import authenticate_owner
from airside.edge.authorization import Decisions
from airside.edge.parts import Internal, Parts
from airside.identity.keys import MAIN, AccessKey
from airside.kernel import Cloud, HttpRequest, HttpResponse, ServiceError
from airside.metering.meter import Meter


class Directory(Protocol):
    """What the addresses below need of the environments."""

    def names(self) -> list[str]: ...  # noqa: D102
    async def open(self, name: str) -> Cloud: ...  # noqa: D102
    async def create(self, name: str, parent: str = MAIN) -> AccessKey: ...  # noqa: D102
    async def delete(self, name: str) -> None: ...  # noqa: D102
    async def reset(self, name: str) -> Cloud: ...  # noqa: D102


class System(Protocol):
    """The server, as the addresses below see it."""

    environments: Directory

    def state(self) -> dict[str, object]: ...  # noqa: D102
    async def refresh_sites(self) -> None: ...  # noqa: D102


class ValidationException(ServiceError):
    """The request cannot be done as asked; the message says why."""


Action = Callable[[System, str, Mapping[str, Any]], Awaitable[object]]


def internal_routes(parts: Parts, system: System) -> Mapping[str, Internal]:
    """Path -> handler."""
    actions: Mapping[str, Action] = {
        "state": _state,
        "reset": _reset,
        "environments": _environments,
        "environments/create": _create,
        "environments/delete": _delete,
        "usage": _usage,
        "decisions": _decisions,
        "report": _report,
        "trace": _trace,
    }
    routes: dict[str, Internal] = {
        f"/_airside/{name}": _owners_only(parts, system, action) for name, action in actions.items()
    }

    async def health(http: HttpRequest) -> HttpResponse:
        services = dict.fromkeys(sorted(parts.services), "available")
        return _json({"services": services, "edition": "airside", "version": __version__})

    routes["/_airside/health"] = routes["/_localstack/health"] = health
    return routes


def _owners_only(parts: Parts, system: System, action: Action) -> Internal:
    async def handle(http: HttpRequest) -> HttpResponse:
        try:
            environment = await authenticate_owner(parts, http)
            body = await http.body.read(1 << 20)
            asked = json.loads(body) if body else {}
            return _json(await action(system, environment, asked))
        except ServiceError as error:
            return _json({"code": error.name, "message": error.message}, error.status or 400)
        except (ValueError, KeyError, TypeError) as error:
            return _json({"code": "ValidationException", "message": str(error)}, 400)

    return handle


def _json(value: object, status: int = 200) -> HttpResponse:
    body = json.dumps(value).encode() + b"\n"
    return HttpResponse(status, [("Content-Type", "application/json")], body)


async def _state(system: System, environment: str, asked: Mapping[str, Any]) -> object:
    await system.refresh_sites()  # a site that was just deployed has its port in the answer
    return system.state()


async def _reset(system: System, environment: str, asked: Mapping[str, Any]) -> object:
    await system.environments.reset(environment)
    await system.refresh_sites()
    return {"environment": environment}


async def _environments(system: System, environment: str, asked: Mapping[str, Any]) -> object:
    return {"environments": system.environments.names(), "current": environment}


async def _create(system: System, environment: str, asked: Mapping[str, Any]) -> object:
    key = await system.environments.create(asked["name"], asked.get("from") or environment)
    await system.environments.open(key.environment)
    await system.refresh_sites()
    return {
        "environment": key.environment,
        "access_key_id": key.access_key_id,
        "secret_access_key": key.secret_access_key,
    }


async def _delete(system: System, environment: str, asked: Mapping[str, Any]) -> object:
    await system.environments.delete(asked["name"])
    await system.refresh_sites()
    return {"environment": asked["name"]}


async def _usage(system: System, environment: str, asked: Mapping[str, Any]) -> object:
    cloud = await system.environments.open(asked.get("environment") or environment)
    assert isinstance(cloud.meter, Meter)
    totals = await cloud.meter.totals(asked.get("since", 0), asked.get("until", 1e12))
    return {"usage": [{**key._asdict(), "quantity": quantity} for key, quantity in totals]}


async def _decisions(system: System, environment: str, asked: Mapping[str, Any]) -> object:
    cloud = await system.environments.open(environment)
    return {"decisions": [one._asdict() for one in cloud.component(Decisions).latest]}


async def _report(system: System, environment: str, asked: Mapping[str, Any]) -> object:
    cloud = await system.environments.open(environment)
    report = cloud.reports.get(asked["name"])
    return {"report": report() if report else None}


async def _trace(system: System, environment: str, asked: Mapping[str, Any]) -> object:
    cloud = await system.environments.open(environment)
    return {"spans": [span._asdict() for span in cloud.journal.find(asked["request"])]}
