"""AWS Lambda."""

from airside.kernel import Service
from airside.services.lambda_ import (
    account,
    aliases,
    code_signing,
    concurrency,
    errors,
    event_invoke,
    function_settings,
    functions,
    invocations,
    layers,
    mappings,
    permissions,
    provisioned,
    urls,
    versions,
)
from airside.services.lambda_.asynchronous import AsyncEvents
from airside.services.lambda_.executor import Executor
from airside.services.lambda_.front import answer_code, answer_url
from airside.services.lambda_.log_delivery import LogDelivery
from airside.services.lambda_.pollers import MappingPollers
from airside.services.lambda_.provisioning import Provisioning
from airside.services.lambda_.resources import RESOURCES

SERVICE = Service(
    "lambda",
    modules=[
        functions, versions, aliases, permissions, concurrency, invocations, event_invoke, mappings,
        account, urls, layers, function_settings, provisioned, code_signing,
    ],
    errors=errors,
    components=[LogDelivery, Executor, Provisioning, AsyncEvents, MappingPollers],
    resources=RESOURCES,
    fronts={"lambda-url": answer_url, "lambda-code": answer_code},
    policy=permissions.policy_of,
)  # fmt: skip
