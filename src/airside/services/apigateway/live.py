"""A REST API as it is served: what its stages' deployments froze, compiled once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from airside.gateway.compiled import DeployedApis
from airside.gateway.matcher import Matcher
from airside.gateway.throttle import Limit
from airside.gateway.uris import function_in, substitute
from airside.kernel import Principal
from airside.kernel.principal import service_principal
from airside.services.apigateway import store
from airside.services.apigateway.api import Configuration, Members, RestApi
from airside.services.apigateway.limits import (
    INTEGRATION_TIMEOUT_MS_MAX,
    THROTTLE_BURST,
    THROTTLE_RATE,
)

_HOST = "apigateway.amazonaws.com"


@dataclass(slots=True)
class LiveMethod:
    """One method of one resource in one stage."""

    verb: str
    """`GET`, or `ANY`."""
    resource_id: str
    resource_path: str
    arn: str
    """`arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH`: what permissions speak about."""
    members: Members
    integration: Members
    function: str | None
    """The function's ARN, for integrations with functions."""
    authorizer: Members | None
    validator: Members | None
    timeout_seconds: float
    principal: Principal
    limit: Limit | None

    @property
    def authorization(self) -> str:
        """`NONE`, `AWS_IAM`, `CUSTOM` or `COGNITO_USER_POOLS`."""
        return str(self.members.get("authorizationType", "NONE"))


@dataclass(slots=True)
class LiveStage:
    """One stage and what it serves."""

    name: str
    deployment_id: str
    members: Members
    frozen: Configuration
    matcher: Matcher[LiveMethod]
    variables: Mapping[str, str]

    def method_of(self, verb: str, path: str) -> tuple[LiveMethod, dict[str, str]] | None:
        """The method that a request to `path` below the stage takes, and its path parameters."""
        return self.matcher.match(verb, "/" + path.strip("/"), decode=False)


@dataclass(slots=True)
class LiveApi:
    """One API."""

    id: str
    account_id: str
    region: str
    domain_name: str
    stamp: str
    stages: dict[str, LiveStage] = field(default_factory=dict)


class Gateway(DeployedApis[RestApi, Configuration, LiveApi]):
    """The compiled REST APIs of an environment."""

    apis = store.APIS

    def compile(self, api: RestApi, snapshots: Mapping[str, Configuration]) -> LiveApi:
        """Compile an API with what its stages serve."""
        return compile_api(api, snapshots)


def compile_api(api: RestApi, snapshots: Mapping[str, Configuration]) -> LiveApi:
    """`snapshots` holds those of the deployments that stages serve."""
    live = LiveApi(api.id, api.account_id, api.region, api.domain_name, api.stamp)
    for name, stage in api.stages.items():
        snapshot = snapshots.get(stage["deploymentId"])
        if snapshot is not None:
            live.stages[name] = compile_stage(api, name, stage, snapshot)
    return live


def compile_stage(api: RestApi, name: str, stage: Members, frozen: Configuration) -> LiveStage:
    """One stage of what a deployment froze."""
    methods = [
        (f"{verb} {resource['path']}",
         _compile_method(api, name, stage, frozen, resource, verb, method))
        for resource in frozen.resources.values()
        for verb, method in resource.get("resourceMethods", {}).items()
    ]  # fmt: skip
    variables = stage.get("variables") or {}
    return LiveStage(name, stage["deploymentId"], stage, frozen, Matcher(methods), variables)


def _compile_method(
    api: RestApi, stage_name: str, stage: Members, frozen: Configuration,
    resource: Members, verb: str, method: Members,
) -> LiveMethod:  # fmt: skip
    path = resource["path"]
    place = f"{'*' if verb == 'ANY' else verb}{path}"
    arn = f"arn:aws:execute-api:{api.region}:{api.account_id}:{api.id}/{stage_name}/{place}"
    integration = method.get("methodIntegration") or {}
    uri = substitute(integration.get("uri", ""), stage.get("variables") or {})
    return LiveMethod(
        verb=verb,
        resource_id=resource["id"],
        resource_path=path,
        arn=arn,
        members=method,
        integration=integration,
        function=function_in(uri),
        authorizer=frozen.authorizers.get(method.get("authorizerId", "")),
        validator=frozen.validators.get(method.get("requestValidatorId", "")),
        timeout_seconds=integration.get("timeoutInMillis", INTEGRATION_TIMEOUT_MS_MAX) / 1000,
        principal=service_principal(_HOST, api.account_id, arn),
        limit=limit_of(stage, path, verb),
    )


def setting_key(path: str, verb: str) -> str:
    """The name under which a stage holds the settings of a method: `pets/{id}/GET`."""
    return f"{path.removeprefix('/')}/{verb}"


def limit_of(stage: Members, path: str, verb: str) -> Limit | None:
    """The limit of a method in a stage: its own settings, else those of all methods."""
    settings = stage.get("methodSettings") or {}
    found = settings.get(setting_key(path, verb)) or settings.get("*/*")
    if found is None:
        return None
    rate = found.get("throttlingRateLimit", THROTTLE_RATE)
    burst = found.get("throttlingBurstLimit", THROTTLE_BURST)
    return float(rate), float(burst)
