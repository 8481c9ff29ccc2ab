"""An API as it is served: its deployed configuration, compiled once. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airside.gateway.matcher import DEFAULT, Matcher
from airside.gateway.throttle import Limit
from airside.gateway.uris import function_in, substitute
from airside.kernel import Principal
from airside.kernel.principal import service_principal
from airside.services.apigatewayv2.api import Api, Members, Snapshot
from airside.services.apigatewayv2.limits import INTEGRATION_TIMEOUT_MS_MAX

_HOST = "apigateway.amazonaws.com"


@dataclass(frozen=True, slots=True)
class LiveRoute:
    """One route of one stage, with all that a request to it needs."""

    key: str
    arn: str
    """`arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`: what permissions speak about."""
    authorization: str
    authorizer: Members | None
    scopes: tuple[str, ...]
    integration: Members | None
    function: str | None
    """The function's ARN, for AWS_PROXY."""
    version: str
    timeout_seconds: float
    principal: Principal
    limit: Limit | None


@dataclass(slots=True)
class LiveStage:
    """One stage."""

    name: str
    matcher: Matcher[LiveRoute]
    cors: Members | None
    variables: Mapping[str, str]
    access_log: Members | None


@dataclass(slots=True)
class LiveApi:
    """One API."""

    id: str
    account_id: str
    region: str
    domain_name: str
    stamp: str
    disabled: bool
    stages: dict[str, LiveStage] = field(default_factory=dict)

    def stage_of(self, path: str) -> tuple[LiveStage, str] | None:
        """The stage that a path means, and the path below it."""
        name, slash, rest = path[1:].partition("/")
        named = self.stages.get(name)
        if named is not None and name != DEFAULT:
            return named, slash + rest or "/"
        default = self.stages.get(DEFAULT)
        return (default, path) if default is not None else None


def compile_api(api: Api, snapshots: Mapping[str, Snapshot]) -> LiveApi:
    """`snapshots` holds those of the deployments that stages serve."""
    live = LiveApi(
        api.id, api.account_id, api.region, api.domain_name, api.stamp,
        bool(api.settings.get("DisableExecuteApiEndpoint")),
    )  # fmt: skip
    for name, stage in api.stages.items():
        snapshot = snapshots.get(stage.get("DeploymentId", ""))
        if snapshot is not None:
            live.stages[name] = _compile_stage(api, name, stage, snapshot)
    return live


def _compile_stage(api: Api, name: str, stage: Members, snapshot: Snapshot) -> LiveStage:
    variables = stage.get("StageVariables") or {}
    routes = [
        (route["RouteKey"], _compile_route(api, name, stage, route, snapshot))
        for route in snapshot.routes.values()
    ]
    return LiveStage(
        name, Matcher(routes), snapshot.cors, variables, stage.get("AccessLogSettings") or None
    )


def _compile_route(
    api: Api, name: str, stage: Members, route: Members, snapshot: Snapshot
) -> LiveRoute:
    key, variables = route["RouteKey"], stage.get("StageVariables") or {}
    place = key if key == DEFAULT else key.replace(" ", "", 1).replace("ANY/", "*/", 1)
    arn = f"arn:aws:execute-api:{api.region}:{api.account_id}:{api.id}/{name}/{place}"
    target = (route.get("Target") or "").removeprefix("integrations/")
    integration = snapshot.integrations.get(target)
    uri = substitute((integration or {}).get("IntegrationUri") or "", variables)
    timeout = (integration or {}).get("TimeoutInMillis") or INTEGRATION_TIMEOUT_MS_MAX
    return LiveRoute(
        key=key,
        arn=arn,
        authorization=route.get("AuthorizationType", "NONE"),
        authorizer=snapshot.authorizers.get(route.get("AuthorizerId") or ""),
        scopes=tuple(route.get("AuthorizationScopes") or ()),
        integration=integration,
        function=function_in(uri),
        version=(integration or {}).get("PayloadFormatVersion", "1.0"),
        timeout_seconds=timeout / 1000,
        principal=service_principal(_HOST, api.account_id, arn),
        limit=limit_of(stage, key),
    )


def limit_of(stage: Mapping[str, Any], route_key: str) -> Limit | None:
    """The limit of a route in a stage: its own settings, else the stage's default ones."""
    settings = (stage.get("RouteSettings") or {}).get(route_key) or {}
    default = stage.get("DefaultRouteSettings") or {}
    rate = settings.get("ThrottlingRateLimit", default.get("ThrottlingRateLimit"))
    burst = settings.get("ThrottlingBurstLimit", default.get("ThrottlingBurstLimit"))
    if rate is None and burst is None:
        return None
    return float(rate if rate is not None else 10_000), float(burst if burst is not None else 5_000)
