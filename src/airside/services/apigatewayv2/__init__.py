"""API Gateway v2: HTTP APIs, their control plane and the gateway that serves them."""

from airside.gateway.access_log import AccessLogs
from airside.gateway.throttle import Throttles
from airside.kernel import Service
from airside.services.apigatewayv2 import (
    apis,
    authorizers,
    errors,
    integrations,
    routes,
    stages,
    tags,
)
from airside.services.apigatewayv2.authorization import Decisions
from airside.services.apigatewayv2.gateway import Gateway, front
from airside.services.apigatewayv2.integration import Integrations
from airside.services.apigatewayv2.issuers import Issuers
from airside.services.apigatewayv2.resources import (
    ApiMappingType,
    ApiType,
    AuthorizerType,
    DeploymentType,
    DomainNameType,
    IntegrationType,
    RouteType,
    StageType,
)

SERVICE = Service(
    "apigatewayv2",
    modules=[apis, authorizers, integrations, routes, stages, tags],
    errors=errors,
    components=[Gateway, Integrations, Decisions, Issuers, Throttles, AccessLogs],
    resources=[
        ApiMappingType,
        ApiType,
        AuthorizerType,
        DeploymentType,
        DomainNameType,
        IntegrationType,
        RouteType,
        StageType,
    ],
    fronts={"execute-api": front},
)
