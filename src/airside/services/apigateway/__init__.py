"""API Gateway: REST APIs, their control plane and the gateway that serves them."""

from airside.gateway.access_log import AccessLogs
from airside.gateway.throttle import Throttles
from airside.kernel import Service
from airside.services.apigateway import (
    account,
    authorizers,
    deployments,
    errors,
    gateway_responses,
    integrations,
    methods,
    models,
    resource_tree,
    rest_apis,
    stages,
    tags,
    validators,
)
from airside.services.apigateway.authorization import Decisions
from airside.services.apigateway.gateway import front
from airside.services.apigateway.integrate import Integrations
from airside.services.apigateway.live import Gateway
from airside.services.apigateway.resources import TYPES

SERVICE = Service(
    "apigateway",
    modules=[
        account,
        authorizers,
        deployments,
        gateway_responses,
        integrations,
        methods,
        models,
        resource_tree,
        rest_apis,
        stages,
        tags,
        validators,
    ],
    errors=errors,
    components=[Gateway, Integrations, Decisions, Throttles, AccessLogs],
    resources=TYPES,
    fronts={"execute-api": front},
)
