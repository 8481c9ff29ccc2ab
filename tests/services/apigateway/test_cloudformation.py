"""The resource types, as CDK and SAM use them."""

import json
from typing import Any

import pytest
from tests.services.cloudformation.conftest import Stacks

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
URI = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Echo.Arn}/invocations"
ECHO = "import json\ndef handler(e, c):\n    return {'statusCode': 200, 'body': json.dumps(e)}\n"


@pytest.fixture
def stacks(aws: Any) -> Stacks:
    return Stacks(aws("cloudformation"))


def _method(resource: Any, verb: str, integration: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::ApiGateway::Method",
        "Properties": {
            "RestApiId": {"Ref": "Api"}, "ResourceId": resource, "HttpMethod": verb,
            "AuthorizationType": "NONE", "Integration": integration, **more,
        },
    }  # fmt: skip


PROXY = {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": {"Fn::Sub": URI}}
CORS = {
    "Type": "MOCK",
    "RequestTemplates": {"application/json": "{ statusCode: 200 }"},
    "IntegrationResponses": [{
        "StatusCode": "204",
        "ResponseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
    }],
}  # fmt: skip


def _template() -> dict[str, Any]:
    """What CDK synthesizes of a RestApi with all its trimmings."""
    api, root = {"Ref": "Api"}, {"Fn::GetAtt": ["Api", "RootResourceId"]}
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"}}]}}},
        "Echo": {"Type": "AWS::Lambda::Function", "Properties": {
            "Runtime": "python3.12", "Handler": "index.handler", "Code": {"ZipFile": ECHO},
            "Role": {"Fn::GetAtt": ["Role", "Arn"]}}},
        "Permission": {"Type": "AWS::Lambda::Permission", "Properties": {
            "Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "Echo"},
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": {"Fn::Sub":
                "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/*"}}},
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {
            "Name": "pets", "Tags": [{"Key": "a", "Value": "b"}],
            "BinaryMediaTypes": ["image/png"]}},
        "Account": {"Type": "AWS::ApiGateway::Account", "DependsOn": ["Api"], "Properties": {
            "CloudWatchRoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}},
        "Pets": {"Type": "AWS::ApiGateway::Resource", "Properties": {
            "RestApiId": api, "ParentId": root, "PathPart": "{proxy+}"}},
        "Any": _method({"Ref": "Pets"}, "ANY", PROXY),
        "Root": _method(root, "GET", PROXY, ApiKeyRequired=True),
        "Post": _method(
            root, "POST", PROXY, RequestModels={"application/json": {"Ref": "Model"}},
            RequestValidatorId={"Ref": "Validator"}),
        "Options": _method(root, "OPTIONS", CORS, MethodResponses=[{
            "StatusCode": "204",
            "ResponseParameters": {"method.response.header.Access-Control-Allow-Origin": "true"}}]),
        "Model": {"Type": "AWS::ApiGateway::Model", "Properties": {
            "RestApiId": api, "ContentType": "application/json", "Schema": {"type": "object"}}},
        "Validator": {"Type": "AWS::ApiGateway::RequestValidator", "Properties": {
            "RestApiId": api, "ValidateRequestBody": "true"}},
        "Response": {"Type": "AWS::ApiGateway::GatewayResponse", "Properties": {
            "RestApiId": api, "ResponseType": "DEFAULT_4XX",
            "ResponseParameters": {"gatewayresponse.header.X-Why": "'refused'"}}},
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": ["Any", "Root", "Post", "Options", "Response"],
            "Properties": {"RestApiId": api, "Description": "one"}},
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {
            "RestApiId": api, "DeploymentId": {"Ref": "Deployment"}, "StageName": "prod",
            "Variables": {"n": 1}, "MethodSettings": [{
                "ResourcePath": "/*", "HttpMethod": "*", "ThrottlingBurstLimit": 50}]}},
        "Key": {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Enabled": True}},
        "Plan": {"Type": "AWS::ApiGateway::UsagePlan", "Properties": {
            "ApiStages": [{"ApiId": api, "Stage": {"Ref": "Stage"}}],
            "Quota": {"Limit": 5, "Period": "DAY"}}},
        "PlanKey": {"Type": "AWS::ApiGateway::UsagePlanKey", "Properties": {
            "KeyId": {"Ref": "Key"}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": "Plan"}}},
    }  # fmt: skip
    names = ("Api", "Key", "Plan", "Stage", "Deployment", "Pets", "Validator")
    return {
        "Resources": resources,
        "Outputs": {name: {"Value": {"Ref": name}} for name in names},
    }


def _outputs(stack: Any) -> dict[str, str]:
    return {found["OutputKey"]: found["OutputValue"] for found in stack["Outputs"]}


def test_everything_that_cdk_makes(stacks: Any, get: Any, aws: Any) -> None:
    client = aws("apigateway")
    template = _template()
    stack = stacks.create("pets", template, Capabilities=CAPABILITIES)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks.reasons("pets")
    found = _outputs(stack)
    api_id = found["Api"]
    event = get(api_id, "/prod/a/b").json
    assert (event["resource"], event["stageVariables"]) == ("/{proxy+}", {"n": "1"})
    assert event["requestContext"]["deploymentId"] == found["Deployment"]
    assert event["requestContext"]["resourceId"] == found["Pets"]
    refused = get(api_id, "/prod")
    assert (refused.status, refused.headers["X-Why"]) == (403, "refused")
    key = client.get_api_key(apiKey=found["Key"], includeValue=True)["value"]
    assert get(api_id, "/prod", headers={"x-api-key": key}).status == 200
    assert get(api_id, "/prod", "POST", b"[]").status == 400
    options = get(api_id, "/prod", "OPTIONS")
    assert (options.status, options.headers["Access-Control-Allow-Origin"]) == (204, "*")
    stage = client.get_stage(restApiId=api_id, stageName="prod")
    assert stage["methodSettings"]["*/*"]["throttlingBurstLimit"] == 50

    resources = template["Resources"]
    resources["Deployment2"] = json.loads(json.dumps(resources.pop("Deployment")))
    resources["Deployment2"]["Properties"]["Description"] = "two"
    resources["Root"]["Properties"]["ApiKeyRequired"] = False
    resources["Stage"]["Properties"]["DeploymentId"] = {"Ref": "Deployment2"}
    resources["Stage"]["Properties"]["Variables"] = {"m": "2"}
    resources["Api"]["Properties"]["Description"] = "changed"
    resources["Api"]["Properties"]["BinaryMediaTypes"] = ["image/gif"]
    resources["Plan"]["Properties"]["Quota"]["Limit"] = 9
    del template["Outputs"]["Deployment"]
    stack = stacks.update("pets", template, Capabilities=CAPABILITIES)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", stacks.reasons("pets")
    assert _outputs(stack)["Api"] == api_id
    assert get(api_id, "/prod").json["stageVariables"] == {"m": "2"}
    api = client.get_rest_api(restApiId=api_id)
    assert (api["description"], api["binaryMediaTypes"]) == ("changed", ["image/gif"])
    assert client.get_usage_plan(usagePlanId=found["Plan"])["quota"]["limit"] == 9
    assert len(client.get_deployments(restApiId=api_id)["items"]) == 1

    assert stacks.delete("pets")["StackStatus"] == "DELETE_COMPLETE"
    assert client.get_rest_apis()["items"] == []
    assert client.get_api_keys()["items"] == []
    assert client.get_usage_plans()["items"] == []


SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      Cors: "'https://a.example'"
      Variables: {a: b}
      BinaryMediaTypes: [image~1png]
      Auth:
        DefaultAuthorizer: Gate
        AddDefaultAuthorizerToCorsPreflight: false
        Authorizers: {Gate: {FunctionArn: !GetAtt Gate.Arn}}
        UsagePlan: {CreateUsagePlan: PER_API, Quota: {Limit: 5, Period: DAY}}
  Gate:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Runtime: python3.12
      InlineCode: |
        def handler(event, context):
            effect = "Allow" if event["authorizationToken"] == "good" else "Deny"
            statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": "*"}
            return {"principalId": "me", "policyDocument": {
                "Version": "2012-10-17", "Statement": [statement]}}
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      Runtime: python3.12
      InlineCode: |
        import json
        def handler(event, context):
            return {"statusCode": 200, "body": json.dumps(event["requestContext"])}
      Events:
        One: {Type: Api, Properties: {Path: /one, Method: get, RestApiId: !Ref Api}}
        Key:
          Type: Api
          Properties:
            {Path: /key, Method: get, RestApiId: !Ref Api, Auth: {Authorizer: NONE, ApiKeyRequired: true}}
        All: {Type: Api, Properties: {Path: "/{proxy+}", Method: any, RestApiId: !Ref Api}}
Outputs:
  Api: {Value: !Ref Api}
  Stage: {Value: !Ref Api.Stage}
  Key: {Value: !Ref ApiApiKey}
"""


def test_a_sam_api_with_cors_authorizer_and_usage_plan(stacks: Any, get: Any, aws: Any) -> None:
    stack = stacks.create("sam", SAM, Capabilities=CAPABILITIES)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stacks.reasons("sam")
    found = _outputs(stack)
    api_id = found["Api"]
    assert found["Stage"] == "v1"
    assert get(api_id, "/v1/one").status == 401
    for path in ("/v1/one", "/v1/else/where"):
        passed = get(api_id, path, headers={"Authorization": "good"})
        assert passed.json["authorizer"]["principalId"] == "me"
        assert get(api_id, path, headers={"Authorization": "bad"}).status == 403
    options = get(api_id, "/v1/one", "OPTIONS", headers={"Origin": "https://a.example"})
    assert options.headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert options.headers["Access-Control-Allow-Methods"] == "GET,OPTIONS"
    assert get(api_id, "/v1/key").status == 403
    key = aws("apigateway").get_api_key(apiKey=found["Key"], includeValue=True)["value"]
    assert get(api_id, "/v1/key", headers={"x-api-key": key}).status == 200
    assert stacks.delete("sam")["StackStatus"] == "DELETE_COMPLETE"
