"""What requests to an API cost."""

from typing import Any

import pytest

from airside.kernel import HttpResponse
from airside.services.apigatewayv2.api import Api
from airside.services.apigatewayv2.gateway import _meter
from airside.services.apigatewayv2.live import compile_api

KB = 1024


class Recorder:
    def __init__(self) -> None:
        self.used: list[tuple[Any, ...]] = []

    def use(self, *used: Any) -> None:
        self.used.append(used)


@pytest.mark.parametrize(
    ("asked", "answered", "units"),
    [(0, 0, 1), (1, 512 * KB, 1), (512 * KB + 1, 0, 2), (10, 1024 * KB + 1, 3)],
)
def test_requests_are_counted_in_half_megabytes(asked: int, answered: int, units: int) -> None:
    api = Api("abc", "123456789012", "eu-west-1", {})
    api.routes["r"] = {"RouteId": "r", "RouteKey": "ANY /cart/{id}", "Target": "integrations/i"}
    api.integrations["i"] = {
        "IntegrationUri": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/"
        "arn:aws:lambda:eu-west-1:123456789012:function:${stageVariables.fn}:live/invocations"
    }
    api.stages["$default"] = {"DeploymentId": "d", "StageVariables": {"fn": "cart"}}
    live = compile_api(api, {"d": api.snapshot()})
    stage, path = live.stage_of("/cart/7")  # type: ignore[misc]
    route, variables = stage.matcher.match("GET", path)  # type: ignore[misc]
    assert route.function == "arn:aws:lambda:eu-west-1:123456789012:function:cart:live"
    assert variables == {"id": "7"}
    recorder: Any = Recorder()
    _meter(recorder, route, asked, HttpResponse(200, [], b"x" * answered))
    arn = "arn:aws:execute-api:eu-west-1:123456789012:abc/$default/*/cart/{id}"
    assert recorder.used == [("ApiGatewayHttpRequest", units, arn)]
    assert route.principal.source_arn == arn
