"""Definitions as SAM generates them, and others."""

import pytest

from airside.kernel import ServiceError
from airside.services.apigatewayv2.openapi import parse

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"


def _definition(**more: object) -> dict:
    integration = {
        "type": "aws_proxy", "httpMethod": "POST", "uri": URI, "payloadFormatVersion": "2.0",
    }  # fmt: skip
    return {
        "openapi": "3.0.1",
        "info": {"title": "shop", "version": "1.0"},
        "paths": {
            "/api/cart/{id}": {"get": {"x-amazon-apigateway-integration": integration}},
            "$default": {
                "x-amazon-apigateway-any-method": {
                    "x-amazon-apigateway-integration": integration,
                    "isDefaultRoute": True,
                }
            },
        },
        "x-amazon-apigateway-cors": {"allowOrigins": ["*"], "maxAge": "10", "allowMethods": "GET"},
        "tags": [{"name": "httpapi:createdBy", "x-amazon-apigateway-tag-value": "SAM"}],
        **more,
    }


def test_what_sam_generates() -> None:
    found = parse(_definition())
    assert found.settings == {
        "Name": "shop",
        "Version": "1.0",
        "CorsConfiguration": {"AllowOrigins": ["*"], "MaxAge": 10, "AllowMethods": ["GET"]},
        "Tags": {"httpapi:createdBy": "SAM"},
    }
    assert [described.route["RouteKey"] for described in found.routes] == [
        "GET /api/cart/{id}",
        "$default",
    ]
    integration = found.routes[0].integration
    assert integration is not None
    assert integration["IntegrationType"] == "AWS_PROXY"
    assert integration["PayloadFormatVersion"] == "2.0"
    assert integration["IntegrationUri"] == URI


def test_security_schemes_become_authorizers() -> None:
    schemes = {
        "ask": {
            "type": "apiKey", "in": "header", "name": "Authorization",
            "x-amazon-apigateway-authorizer": {
                "type": "request", "authorizerUri": URI, "authorizerPayloadFormatVersion": "2.0",
                "enableSimpleResponses": True, "identitySource": "$request.header.Authorization",
                "authorizerResultTtlInSeconds": 60,
            },
        },
        "token": {
            "type": "oauth2",
            "x-amazon-apigateway-authorizer": {
                "type": "jwt", "identitySource": "$request.header.Authorization",
                "jwtConfiguration": {"audience": ["a"], "issuer": "https://issuer"},
            },
        },
    }  # fmt: skip
    definition = _definition(components={"securitySchemes": schemes})
    definition["paths"]["/api/cart/{id}"]["get"]["security"] = [{"ask": []}]
    definition["security"] = [{"token": ["read"]}]
    found = parse(definition)
    assert [authorizer["AuthorizerType"] for authorizer in found.authorizers] == ["REQUEST", "JWT"]
    assert found.routes[0].route["AuthorizationType"] == "CUSTOM"
    assert found.routes[0].authorizer == "ask"
    assert found.routes[1].route["AuthorizationType"] == "JWT"
    assert found.routes[1].route["AuthorizationScopes"] == ["read"]


def test_a_base_path_is_ignored_or_prepended() -> None:
    definition = _definition(
        servers=[{"url": "https://x/{basePath}", "variables": {"basePath": {"default": "v1"}}}]
    )
    assert parse(definition).routes[0].route["RouteKey"] == "GET /api/cart/{id}"
    assert parse(definition, "prepend").routes[0].route["RouteKey"] == "GET /v1/api/cart/{id}"


@pytest.mark.parametrize("body", ["", "{", "swagger: '2.0'", "- a"])
def test_what_is_no_definition_is_refused(body: str) -> None:
    with pytest.raises(ServiceError, match="Unable to import API"):
        parse(body)
