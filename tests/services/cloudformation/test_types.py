"""Values as templates write them: a number as text, text as a number."""

from typing import Any

CODE = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
TEMPLATE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
            Principal: {Service: lambda.amazonaws.com}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {ZipFile: "CODE"}
      Timeout: "TIMEOUT"
      MemorySize: 256.0
      Environment: {Variables: {COUNT: 1, RATE: 0.5, TRACE: true, NAME: x}}
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: typed, ProtocolType: HTTP, DisableExecuteApiEndpoint: "false"}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties:
      ApiId: !Ref Api
      StageName: $default
      AutoDeploy: "true"
      StageVariables: {level: 3}
      DefaultRouteSettings: {ThrottlingBurstLimit: "7", ThrottlingRateLimit: "2.5"}
Outputs:
  Function: {Value: !Ref Function}
  Api: {Value: !Ref Api}
"""


def template(timeout: str) -> str:
    return TEMPLATE.replace("CODE", CODE.replace("\n", "\\n")).replace("TIMEOUT", timeout)


def test_values_become_what_the_services_take(stacks: Any, aws: Any) -> None:
    stack = stacks.create("typed", template("20"), Capabilities=["CAPABILITY_IAM"])
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    made = aws("lambda").get_function_configuration(FunctionName=outputs["Function"])
    assert (made["Timeout"], made["MemorySize"]) == (20, 256)
    assert made["Environment"]["Variables"] == {
        "COUNT": "1", "RATE": "0.5", "TRACE": "true", "NAME": "x",
    }  # fmt: skip
    [stage] = aws("apigatewayv2").get_stages(ApiId=outputs["Api"])["Items"]
    assert stage["StageVariables"] == {"level": "3"}
    settings = stage["DefaultRouteSettings"]
    assert (settings["ThrottlingBurstLimit"], settings["ThrottlingRateLimit"]) == (7, 2.5)


def test_a_value_of_no_such_type_fails_its_resource(stacks: Any) -> None:
    stack = stacks.create("mistyped", template("soon"), Capabilities=["CAPABILITY_IAM"])
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stacks.reasons("mistyped")["Function", "CREATE_FAILED"] == (
        "Model validation failed (#/Timeout: expected type: Integer, found: String)"
    )
