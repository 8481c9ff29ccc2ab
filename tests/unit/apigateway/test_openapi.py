"""From OpenAPI 3 and Swagger 2 to APIs."""

import json
from typing import Any

import pytest

from airside.kernel.ids import SeededIds
from airside.services.apigateway import openapi
from airside.services.apigateway.api import Configuration, RestApi
from airside.services.apigateway.errors import BadRequestException


class Ctx:
    """All that an import asks of its context."""

    ids = SeededIds(1)


def imported(document: dict[str, Any], **parameters: str) -> RestApi:
    api = RestApi("abc", "123456789012", "us-east-1", Configuration())
    api.present.settings = {"rootResourceId": "root", "name": "x"}
    ctx: Any = Ctx()
    body = json.dumps(document).encode()
    assert openapi.overwrite(ctx, api, openapi.load_document(body), parameters) == []
    return api


URI = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:f/invocations"
)
PROXY = {"type": "aws_proxy", "httpMethod": "POST", "uri": URI}
INTEGRATION = "x-amazon-apigateway-integration"


def methods(api: RestApi) -> dict[str, Any]:
    return {
        f"{verb} {resource['path']}": method
        for resource in api.resources.values()
        for verb, method in resource.get("resourceMethods", {}).items()
    }


def test_swagger_with_all_kinds_of_security() -> None:
    api = imported(
        {
            "swagger": "2.0",
            "info": {"title": "pets", "version": "7"},
            "basePath": "/v1/pets",
            "x-amazon-apigateway-binary-media-types": ["image~1png"],
            "securityDefinitions": {
                "gate": {"type": "apiKey", "name": "Token", "in": "header",
                         "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": URI}},
                "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
                "iam": {"type": "apiKey", "name": "Authorization", "in": "header",
                        "x-amazon-apigateway-authtype": "awsSigv4"},
            },
            "paths": {
                "/": {"get": {INTEGRATION: PROXY, "security": [{"gate": []}, {"key": []}]}},
                "/a/{b}": {
                    "x-amazon-apigateway-any-method": {
                        INTEGRATION: PROXY, "security": [{"iam": []}],
                    },
                },
            },
        },
        basepath="prepend",
    )  # fmt: skip
    assert api.settings["name"] == "pets"
    assert api.settings["binaryMediaTypes"] == ["image/png"]
    found = methods(api)
    assert set(found) == {"GET /v1/pets", "ANY /v1/pets/a/{b}"}
    [authorizer] = api.present.authorizers.values()
    assert authorizer["identitySource"] == "method.request.header.Token"
    get = found["GET /v1/pets"]
    assert (get["authorizationType"], get["apiKeyRequired"]) == ("CUSTOM", True)
    assert get["authorizerId"] == authorizer["id"]
    assert get["methodIntegration"]["type"] == "AWS_PROXY"
    assert found["ANY /v1/pets/a/{b}"]["authorizationType"] == "AWS_IAM"


def test_openapi_with_models_validators_and_mapped_responses() -> None:
    api = imported(
        {
            "openapi": "3.0.1",
            "info": {"title": "pets"},
            "x-amazon-apigateway-request-validators": {"body": {"validateRequestBody": True}},
            "x-amazon-apigateway-request-validator": "body",
            "x-amazon-apigateway-gateway-responses": {"DEFAULT_5XX": {"statusCode": 599}},
            "components": {"schemas": {
                "Pet": {"type": "object"},
                "Pets": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}},
            }},
            "paths": {"/pets": {
                "parameters": [{"name": "page", "in": "query", "required": True}],
                "post": {
                    "requestBody": {"content": {"application/json": {
                        "schema": {"$ref": "#/components/schemas/Pets"}}}},
                    "responses": {"201": {"headers": {"X-Id": {}}}, "default": {}},
                    INTEGRATION: {
                        "type": "mock", "requestTemplates": {"application/json": "{}"},
                        "passthroughBehavior": "never",
                        "responses": {
                            "default": {"statusCode": "201", "responseParameters": {
                                "method.response.header.X-Id": "'1'"}},
                            "4\\d{2}": {"statusCode": "400"},
                        },
                    },
                },
            }},
        }
    )  # fmt: skip
    method = methods(api)["POST /pets"]
    assert method["requestParameters"] == {"method.request.querystring.page": True}
    assert method["requestModels"] == {"application/json": "Pets"}
    assert method["requestValidatorId"] in api.present.validators
    assert method["methodResponses"] == {"201": {
        "statusCode": "201", "responseParameters": {"method.response.header.X-Id": False},
    }}  # fmt: skip
    integration = method["methodIntegration"]
    assert integration["passthroughBehavior"] == "NEVER"
    assert integration["integrationResponses"] == {
        "201": {"statusCode": "201", "responseParameters": {"method.response.header.X-Id": "'1'"}},
        "400": {"statusCode": "400", "selectionPattern": "4\\d{2}"},
    }
    reference = json.loads(api.present.models["Pets"]["schema"])["items"]["$ref"]
    assert reference == "https://apigateway.amazonaws.com/restapis/abc/models/Pet"
    assert api.present.responses["DEFAULT_5XX"]["statusCode"] == "599"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"a: b", b'{"openapi": "2.0"}', b"\xff"])
def test_what_is_no_definition(body: bytes) -> None:
    with pytest.raises(BadRequestException, match="Invalid OpenAPI input"):
        openapi.load_document(body)


def test_resources_that_stay_keep_their_ids() -> None:
    document = {"swagger": "2.0", "paths": {"/a/b": {"get": {INTEGRATION: PROXY}}}}
    api = imported(document)
    before = {resource["path"]: key for key, resource in api.resources.items()}
    document["paths"]["/a/c"] = {"get": {INTEGRATION: PROXY}}  # type: ignore[index]
    ctx: Any = Ctx()
    openapi.overwrite(ctx, api, document, {})
    after = {resource["path"]: key for key, resource in api.resources.items()}
    assert before.items() <= after.items()
    assert set(after) == {"/", "/a", "/a/b", "/a/c"}


@pytest.mark.parametrize(
    "part",
    [
        {"paths": []}, {"paths": {"/a": {"get": [1]}}}, {"info": "x"},
        {"paths": {"/a": {"get": {"parameters": [{"in": "path"}]}}}}, {"definitions": [1]},
        {"paths": {"/a": {"get": {INTEGRATION: {"type": "aws_proxy", "uri": 1}}}}},
        {"securityDefinitions": {"a": 1}}, {"x-amazon-apigateway-minimum-compression-size": "x"},
        {"paths": {"a b": {"get": {}}}},
    ],
)  # fmt: skip
def test_definitions_of_a_wrong_shape_are_refused(part: dict[str, Any]) -> None:
    with pytest.raises(BadRequestException):
        imported({"swagger": "2.0", **part})
