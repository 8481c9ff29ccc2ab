"""Gateway responses as an API words them. Pure."""

from airside.kernel import HttpResponse
from airside.services.apigateway.call import Call
from airside.services.apigateway.refusals import Refusal


def response(call: Call, refusal: Refusal) -> HttpResponse:
    """The response for a refusal: the API's own where it has one, else AWS's."""
    return refusal.plain()
