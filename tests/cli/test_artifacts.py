"""Templates that name other files of the project: they go up with it, as with `aws package`."""

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

PARENT = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: Prod
      DefinitionBody:
        Fn::Transform: {Name: AWS::Include, Parameters: {Location: ./api.yaml}}
  Plain:
    Type: AWS::Serverless::HttpApi
    Properties: {DefinitionUri: http.json}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: |
        def handler(event, context):
            return {"statusCode": 200, "body": "included"}
      Handler: index.handler
      Runtime: python3.12
      Events:
        Get: {Type: Api, Properties: {Path: /hello, Method: get, RestApiId: !Ref Api}}
  Child:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: child/template.yaml, Parameters: {Name: greeting}}
Outputs:
  Url: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/Prod/hello"}
  Greets: {Value: !GetAtt Child.Outputs.Function}
  Plain: {Value: !Ref Plain}
"""
API = """
openapi: 3.0.1
info: {title: included, version: "1"}
paths:
  /hello:
    get:
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/\
${Function.Arn}/invocations"
"""
CHILD = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Name: {Type: String}}
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.12}
Outputs:
  Function: {Value: !Ref Function}
"""


def test_what_a_template_names_is_deployed_with_it(airside: Any, tmp_path: Path) -> None:
    app = tmp_path / "parts"
    (app / "child" / "src").mkdir(parents=True)
    (app / "template.yaml").write_text(PARENT)
    (app / "api.yaml").write_text(API)
    plain = {"openapi": "3.0.1", "info": {"title": "plain", "version": "1"}, "paths": {}}
    (app / "http.json").write_text(json.dumps(plain))
    (app / "child" / "template.yaml").write_text(CHILD)
    (app / "child" / "src" / "app.py").write_text("def handler(event, context): return 'hi'\n")
    done = airside.json("deploy", str(app), "--stack", "parts")
    with urllib.request.urlopen(done["local"]["Url"]) as answer:
        assert answer.read() == b"included"
    greets = done["outputs"]["Greets"]
    assert json.loads(airside("invoke", greets).stdout) == "hi"

    (app / "child" / "src" / "app.py").write_text("def handler(event, context): return 'saved'\n")
    _until(airside, greets, "saved")
    (app / "api.yaml").unlink()
    failed = airside("deploy", str(app), "--stack", "parts", status=1)
    assert "AWS::Include names './api.yaml', but there is no such file" in failed.stderr


def test_a_stack_that_fails_as_a_whole_says_why(airside: Any, tmp_path: Path) -> None:
    app = tmp_path / "whole"
    app.mkdir()
    (app / "template.yaml").write_text(
        "Resources: {Q: {Type: AWS::SQS::Queue}}\n"
        "Outputs: {Name: {Value: !GetAtt Q.Colour}}\n"
    )  # fmt: skip
    failed = airside("deploy", str(app), "--stack", "whole", status=1)
    assert "resource Q does not support attribute type Colour in Fn::GetAtt" in failed.stderr


LAYERED = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Words:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: words, CompatibleRuntimes: [python3.12]}
  Marks:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: marks, CompatibleRuntimes: [python3.12]}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: app.py
      Handler: app.handler
      Runtime: python3.12
      Layers: [!Ref Words, !Ref Marks]
Outputs:
  Function: {Value: !Ref Function}
"""


def test_layers_of_local_folders_are_used_in_place(airside: Any, tmp_path: Path) -> None:
    app = tmp_path / "layered"
    for name, text in (("words", "WORD = 'hello'\n"), ("marks", "MARK = '!'\n")):
        (app / name / "python").mkdir(parents=True)
        (app / name / "python" / f"{name}.py").write_text(text)
    (app / "app.py").write_text(
        "import words, marks\ndef handler(event, context): return words.WORD + marks.MARK\n"
    )
    (app / "template.yaml").write_text(LAYERED)
    done = airside.json("deploy", str(app), "--stack", "layered")
    name = done["outputs"]["Function"]
    assert json.loads(airside("invoke", name).stdout) == "hello!"
    (app / "marks" / "python" / "marks.py").write_text("MARK = '?'\n")
    _until(airside, name, "hello?")
    (app / "app.py").write_text("def handler(event, context): return 'changed'\n")
    airside.json("deploy", str(app), "--stack", "layered")
    _until(airside, name, "changed")


def _until(airside: Any, name: str, answer: str) -> None:
    deadline = time.monotonic() + 10
    while json.loads(airside("invoke", name).stdout) != answer:
        assert time.monotonic() < deadline
