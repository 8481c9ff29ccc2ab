"""The CloudFormation resource types of REST APIs."""

from airside.kernel import ResourceType
from airside.services.apigateway.resource_types.deployments import DeploymentType, StageType
from airside.services.apigateway.resource_types.keys import (
    AccountType,
    ApiKeyType,
    UsagePlanKeyType,
    UsagePlanType,
)
from airside.services.apigateway.resource_types.methods import MethodType
from airside.services.apigateway.resource_types.part import NOT_YET
from airside.services.apigateway.resource_types.parts import (
    AuthorizerType,
    GatewayResponseType,
    ModelType,
    RequestValidatorType,
    ResourceOfApiType,
)
from airside.services.apigateway.resource_types.rest_api import RestApiType

TYPES: list[type[ResourceType]] = [
    AccountType,
    ApiKeyType,
    AuthorizerType,
    DeploymentType,
    GatewayResponseType,
    MethodType,
    ModelType,
    RequestValidatorType,
    ResourceOfApiType,
    RestApiType,
    StageType,
    UsagePlanKeyType,
    UsagePlanType,
    *NOT_YET,
]
