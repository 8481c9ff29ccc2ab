"""The control plane through boto3: what is made is what is described; refusals in AWS's words."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError


def refusal(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_an_api_is_described_as_aws_does(aws: Any, account: str) -> None:
    client = aws("apigateway")
    made = client.create_rest_api(name="pets", description="all of them", tags={"a": "b"})
    assert made.pop("ResponseMetadata")["HTTPStatusCode"] == 201
    assert len(made["id"]) == len(made["rootResourceId"]) == 10
    assert made.pop("createdDate")
    assert made == {
        "id": made["id"], "name": "pets", "description": "all of them", "apiKeySource": "HEADER",
        "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"}, "tags": {"a": "b"},
        "disableExecuteApiEndpoint": False, "rootResourceId": made["rootResourceId"],
    }  # fmt: skip
    changed = client.update_rest_api(
        restApiId=made["id"],
        patchOperations=[
            {"op": "replace", "path": "/name", "value": "animals"},
            {"op": "add", "path": "/binaryMediaTypes/image~1png"},
            {"op": "replace", "path": "/minimumCompressionSize", "value": "10"},
        ],
    )
    assert changed["name"] == "animals"
    assert changed["binaryMediaTypes"] == ["image/png"]
    assert changed["minimumCompressionSize"] == 10
    assert client.delete_rest_api(restApiId=made["id"])["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert refusal(client.get_rest_api, restApiId=made["id"]) == (
        "NotFoundException", f"Invalid API identifier specified {account}:{made['id']}",
    )  # fmt: skip
    assert refusal(client.create_rest_api, name="x", minimumCompressionSize=-1) == (
        "BadRequestException", "Invalid minimum compression size, must be between 0 and 10485760",
    )  # fmt: skip
    assert refusal(client.create_rest_api, name="x", endpointConfiguration={"types": ["no"]}) == (
        "ValidationException",
        "1 validation error detected: Value '[no]' at 'createRestApiInput.endpointConfiguration."
        "types' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy "
        "enum value set: [REGIONAL, EDGE, PRIVATE]]",
    )  # fmt: skip


def test_pages_of_apis(aws: Any) -> None:
    client = aws("apigateway")
    ids = {client.create_rest_api(name=f"api-{number}")["id"] for number in range(5)}
    pages = list(client.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["items"]) for page in pages] == [2, 2, 1]
    assert {item["id"] for page in pages for item in page["items"]} == ids


def test_the_tree_of_resources(api: Any) -> None:
    client = api.client
    pets, toys = api.resource("/pets"), api.resource("/pets/{id}/toys")
    one = api.resource("/pets/{id}")
    rename = [{"op": "replace", "path": "/pathPart", "value": "dogs"}]
    client.update_resource(restApiId=api.id, resourceId=pets, patchOperations=rename)
    found = client.get_resource(restApiId=api.id, resourceId=toys)
    assert found["path"] == "/dogs/{id}/toys"
    create = client.create_resource
    for parent, part, code, message in (
        (api.root, "dogs", "ConflictException",
         "Another resource with the same parent already has this name: dogs"),
        (pets, "{name}", "BadRequestException",
         "A sibling ({id}) of this resource already has a variable path part -- only one is "
         "allowed"),
        (api.root, "a b", "BadRequestException",
         "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly "
         "braces at the beginning and the end."),
        ("nosuch", "a", "NotFoundException", "Invalid Resource identifier specified"),
    ):  # fmt: skip
        assert refusal(create, restApiId=api.id, parentId=parent, pathPart=part) == (code, message)
    move = [{"op": "replace", "path": "/parentId", "value": one}]
    assert refusal(
        client.update_resource, restApiId=api.id, resourceId=pets, patchOperations=move
    ) == ("BadRequestException", "Resources cannot be cyclical.")
    client.delete_resource(restApiId=api.id, resourceId=pets)
    assert [item["path"] for item in client.get_resources(restApiId=api.id)["items"]] == ["/"]


def test_methods_and_integrations(api: Any) -> None:
    client = api.client
    where = api.mock("/a")
    api.answer(where, selectionPattern="", responseTemplates={"application/json": "{}"})
    method = client.get_method(**where)
    method.pop("ResponseMetadata")
    assert method == {
        "httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": False,
        "methodResponses": {"200": {"statusCode": "200", "responseParameters": {}}},
        "methodIntegration": {
            "type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'},
            "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000,
            "cacheNamespace": where["resourceId"], "cacheKeyParameters": [],
            "integrationResponses": {"200": {
                "statusCode": "200", "selectionPattern": "",
                "responseTemplates": {"application/json": "{}"},
            }},
        },
    }  # fmt: skip
    listed = client.get_resources(restApiId=api.id, embed=["methods"])["items"][1]
    assert listed["resourceMethods"]["GET"] == method
    assert client.get_resource(restApiId=api.id, resourceId=where["resourceId"])[
        "resourceMethods"
    ] == {"GET": {}}
    assert refusal(client.put_method, **where, authorizationType="NONE") == (
        "ConflictException", "Method already exists for this resource",
    )  # fmt: skip
    put = client.put_integration
    for given, message in (
        ({"type": "HTTP", "uri": "http://a"}, "Enumeration value for HttpMethod must be non-empty"),
        ({"type": "HTTP", "integrationHttpMethod": "GET", "uri": "x"},
         "Invalid HTTP endpoint specified for URI"),
        ({"type": "AWS", "integrationHttpMethod": "POST", "uri": "http://a"},
         "Invalid ARN specified in the request"),
        ({"type": "AWS", "integrationHttpMethod": "POST", "uri": "arn:aws:lambda:x"},
         "AWS ARN for integration must contain path or action"),
        ({"type": "AWS_PROXY", "integrationHttpMethod": "POST",
          "uri": "arn:aws:apigateway:us-east-1:s3:path/b/k"},
         "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose "
         "stream invocations."),
    ):  # fmt: skip
        assert refusal(put, **where, **given) == ("BadRequestException", message)


def test_deployments_freeze_what_stages_serve(api: Any, get: Any) -> None:
    client = api.client
    assert refusal(client.create_deployment, restApiId=api.id) == (
        "BadRequestException", "The REST API doesn't contain any methods",
    )  # fmt: skip
    where = api.method("/")
    assert refusal(client.create_deployment, restApiId=api.id) == (
        "BadRequestException", "No integration defined for method",
    )  # fmt: skip
    client.delete_method(**where)
    where = api.mock("/")
    api.answer(where, responseTemplates={"application/json": '"one"'})
    first = api.deploy()
    api.answer(api.mock("/b"), responseTemplates={"application/json": '"two"'})
    assert get(api.id, "/test").json == "one"
    assert get(api.id, "/test/b").status == 403
    second = api.deploy()
    assert get(api.id, "/test/b").json == "two"
    summary = client.get_deployment(restApiId=api.id, deploymentId=first, embed=["apisummary"])
    assert summary["apiSummary"] == {
        "/": {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}}
    }
    assert refusal(client.delete_deployment, restApiId=api.id, deploymentId=second) == (
        "BadRequestException", "Active stages pointing to this deployment must be moved or deleted",
    )  # fmt: skip
    back = [{"op": "replace", "path": "/deploymentId", "value": first}]
    client.update_stage(restApiId=api.id, stageName="test", patchOperations=back)
    assert get(api.id, "/test/b").status == 403
    client.delete_deployment(restApiId=api.id, deploymentId=second)


def test_stages(api: Any) -> None:
    client = api.client
    api.mock("/a")
    deployment = api.deploy()
    made = client.create_stage(restApiId=api.id, stageName="v1", deploymentId=deployment)
    for name in ("ResponseMetadata", "createdDate", "lastUpdatedDate"):
        made.pop(name)
    assert made == {
        "stageName": "v1", "deploymentId": deployment, "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE", "methodSettings": {}, "tracingEnabled": False,
    }  # fmt: skip
    changed = client.update_stage(
        restApiId=api.id,
        stageName="v1",
        patchOperations=[
            {"op": "replace", "path": "/variables/a", "value": "b"},
            {"op": "replace", "path": "/~1a/GET/throttling/burstLimit", "value": "3"},
            {"op": "replace", "path": "/*/*/metrics/enabled", "value": "true"},
            {"op": "add", "path": "/accessLogSettings/format", "value": "$context.requestId"},
        ],
    )
    assert changed["variables"] == {"a": "b"}
    assert changed["methodSettings"]["a/GET"]["throttlingBurstLimit"] == 3
    assert changed["methodSettings"]["*/*"] == {
        "metricsEnabled": True, "dataTraceEnabled": False, "throttlingBurstLimit": 5000,
        "throttlingRateLimit": 10000.0, "cachingEnabled": False, "cacheTtlInSeconds": 300,
        "cacheDataEncrypted": False, "requireAuthorizationForCacheControl": True,
        "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
    }  # fmt: skip
    assert refusal(
        client.create_stage, restApiId=api.id, stageName="v1", deploymentId=deployment
    ) == ("ConflictException", "Stage already exists")
    assert refusal(client.create_stage, restApiId=api.id, stageName="v2", deploymentId="no") == (
        "BadRequestException", "Deployment id does not exist",
    )  # fmt: skip
    assert refusal(client.get_stage, restApiId=api.id, stageName="v3") == (
        "NotFoundException", "Invalid stage identifier specified",
    )  # fmt: skip
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{api.id}/stages/v1"
    client.tag_resource(resourceArn=arn, tags={"x": "y"})
    assert client.get_tags(resourceArn=arn)["tags"] == {"x": "y"}
    client.untag_resource(resourceArn=arn, tagKeys=["x"])
    assert client.get_tags(resourceArn=arn)["tags"] == {}


def test_models_and_validators(api: Any) -> None:
    client = api.client
    schema = json.dumps({"type": "object"})
    client.create_model(restApiId=api.id, name="Pet", contentType="application/json", schema=schema)
    names = [model["name"] for model in client.get_models(restApiId=api.id)["items"]]
    assert names == ["Empty", "Error", "Pet"]
    api.method("/", requestModels={"application/json": "Pet"})
    assert refusal(client.delete_model, restApiId=api.id, modelName="Pet") == (
        "ConflictException", "Cannot delete model 'Pet', is referenced in method request: //GET",
    )  # fmt: skip
    made = client.create_request_validator(restApiId=api.id, name="all", validateRequestBody=True)
    assert made["validateRequestParameters"] is False
    wrong = [{"op": "replace", "path": "/x", "value": "true"}]
    assert refusal(
        client.update_request_validator, restApiId=api.id, requestValidatorId=made["id"],
        patchOperations=wrong,
    ) == (
        "BadRequestException",
        "Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/name, "
        "/validateRequestParameters, /validateRequestBody]",
    )  # fmt: skip


def test_the_account(aws: Any) -> None:
    client = aws("apigateway")
    assert client.get_account()["throttleSettings"] == {"burstLimit": 5000, "rateLimit": 10000.0}
    change = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::1:role/x"}
    client.update_account(patchOperations=[change])
    assert client.get_account()["cloudwatchRoleArn"] == "arn:aws:iam::1:role/x"


def test_what_is_not_built_says_so(api: Any) -> None:
    assert refusal(api.client.get_export, restApiId=api.id, stageName="x", exportType="oas30")[
        0
    ] == ("NotImplementedException")
