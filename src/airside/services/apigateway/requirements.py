"""What request validators ask of a request. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
"""

import json

from airside.protocol.documents import load_json
from airside.services.apigateway import schema
from airside.services.apigateway.call import Call
from airside.services.apigateway.live import LiveMethod
from airside.services.apigateway.media import choose
from airside.services.apigateway.refusals import Refusal


def check_request(call: Call, method: LiveMethod) -> None:
    """Raise Refusal for a request without what its method requires."""
    validator = method.validator
    if validator is None:
        return
    if validator.get("validateRequestParameters"):
        _check_parameters(call, method)
    if validator.get("validateRequestBody"):
        _check_body(call, method)


def _check_parameters(call: Call, method: LiveMethod) -> None:
    missing = []
    for parameter, is_required in (method.members.get("requestParameters") or {}).items():
        place, _, name = parameter.removeprefix("method.request.").partition(".")
        if is_required and not call.parameter(place, name):
            missing.append(name)
    if missing:
        raise Refusal(
            "BAD_REQUEST_PARAMETERS",
            f"Missing required request parameters: [{', '.join(missing)}]",
        )


def _check_body(call: Call, method: LiveMethod) -> None:
    name = choose(method.members.get("requestModels") or {}, call.http.headers.get("content-type"))
    model = call.stage.frozen.models.get(name or "")
    if model is None or not model.get("schema"):
        return
    try:
        document = load_json(call.body or b"{}")
    except ValueError:
        raise Refusal("BAD_REQUEST_BODY") from None
    schemas = {held["name"]: held.get("schema", "{}") for held in call.stage.frozen.models.values()}
    wrong = schema.problems(document, json.loads(model["schema"]), schemas)
    if wrong:
        raise Refusal("BAD_REQUEST_BODY", detail=f"[{', '.join(wrong[:5])}]")
