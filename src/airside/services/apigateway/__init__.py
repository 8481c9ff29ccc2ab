"""API Gateway: REST APIs, their control plane and the gateway that serves them."""

from airside.kernel import LateService, Service
from airside.services.apigateway.door import front


def _load() -> Service:
    from airside.services.apigateway.rest import REST_APIS  # only for those who have REST APIs

    return REST_APIS


SERVICE = LateService(
    "apigateway", _load, resource_prefix="AWS::ApiGateway::", fronts={"execute-api": front}
)
