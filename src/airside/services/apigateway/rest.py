"""All that REST APIs are made of: imported when something of it is first asked for."""

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
from airside.services.apigateway.resources import TYPES

REST_APIS = Service(
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
    resources=TYPES,
)
