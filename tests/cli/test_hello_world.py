"""What `sam init` makes, deployed and called: a newcomer's first minute."""

import json
import urllib.request
from pathlib import Path
from typing import Any

TEMPLATE = """
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Description: >
  hello

  Sample SAM Template for hello

Globals:
  Function:
    Timeout: 3

Resources:
  HelloWorldFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: hello_world/
      Handler: app.lambda_handler
      Runtime: python3.12
      Architectures:
      - x86_64
      Events:
        HelloWorld:
          Type: Api
          Properties:
            Path: /hello
            Method: get

Outputs:
  HelloWorldApi:
    Description: API Gateway endpoint URL for Prod stage for Hello World function
    Value: !Sub "https://${ServerlessRestApi}.execute-api.${AWS::Region}.amazonaws.com/Prod/hello/"
  HelloWorldFunction:
    Description: Hello World Lambda Function ARN
    Value: !GetAtt HelloWorldFunction.Arn
"""
CODE = """
import json


def lambda_handler(event, context):
    return {
        "statusCode": 200,
        "body": json.dumps({"message": "hello world"}),
    }
"""


def test_hello_world_is_deployed_called_and_changed(airside: Any, tmp_path: Path) -> None:
    app = tmp_path / "hello"
    (app / "hello_world").mkdir(parents=True)
    (app / "template.yaml").write_text(TEMPLATE)
    code = app / "hello_world" / "app.py"
    code.write_text(CODE)
    (app / "hello_world" / "requirements.txt").write_text("")
    done = airside.json("deploy", str(app))
    address = done["local"]["HelloWorldApi"]
    with urllib.request.urlopen(address) as answer:
        assert json.load(answer) == {"message": "hello world"}
    (app / "template.yaml").write_text(TEMPLATE.replace("/hello\n", "/hi\n"))
    code.write_text(CODE.replace("hello world", "hi"))
    airside.json("deploy", str(app))
    with urllib.request.urlopen(address.replace("/hello/", "/hi")) as answer:
        assert json.load(answer) == {"message": "hi"}
