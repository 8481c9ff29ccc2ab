"""API Gateway: REST APIs, their control plane and the gateway that serves them."""

from airside.gateway.access_log import AccessLogs
from airside.gateway.calls import Calls
from airside.gateway.throttle import Throttles
from airside.kernel import Service
from airside.services.apigateway import (
    account,
    api_keys,
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
    test_invocations,
    usage_plans,
    validators,
)
from airside.services.apigateway.authorization import Decisions
from airside.services.apigateway.gateway import front
from airside.services.apigateway.key_use import UsageCounts
from airside.services.apigateway.live import Gateway
from airside.services.apigateway.resources import TYPES

SERVICE = Service(
    "apigateway",
    modules=[
        account,
        api_keys,
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
        test_invocations,
        usage_plans,
        validators,
    ],
    errors=errors,
    components=[Gateway, Calls, Decisions, Throttles, AccessLogs, UsageCounts],
    resources=TYPES,
    fronts={"execute-api": front},
)
