"""Cross-origin requests."""

from airside.kernel import HttpResponse
from airside.services.apigatewayv2 import cors

CONFIGURED = {
    "AllowOrigins": ["https://shop.example", "http://*"],
    "AllowMethods": ["GET", "POST"],
    "AllowHeaders": ["authorization"],
    "ExposeHeaders": ["etag"],
    "MaxAge": 300,
    "AllowCredentials": True,
}


def test_preflight_is_answered_for_allowed_origins_only() -> None:
    asked = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    assert cors.is_preflight("OPTIONS", asked)
    assert not cors.is_preflight("GET", asked)
    assert not cors.is_preflight("OPTIONS", {"origin": "https://shop.example"})
    response = cors.preflight(CONFIGURED, asked)
    assert response.status == 204
    assert dict(response.headers) == {
        "access-control-allow-origin": "https://shop.example",
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "etag",
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "authorization",
        "access-control-max-age": "300",
    }
    assert cors.preflight(CONFIGURED, {"origin": "https://other.example"}).headers == []
    assert cors.preflight(CONFIGURED, {"origin": "http://any.example"}).headers != []


def test_simple_responses_get_the_gateways_headers_in_place_of_the_functions() -> None:
    response = HttpResponse(200, [("Access-Control-Allow-Origin", "https://own"), ("x", "y")])
    cors.apply({"AllowOrigins": ["*"]}, {"origin": "https://a"}, response)
    assert response.headers == [("x", "y"), ("access-control-allow-origin", "*")]
    cors.apply({"AllowOrigins": ["*"]}, {}, response)
    assert response.headers == [("x", "y")]
