"""CDK and the Serverless Framework's open fork, as they are, against Airside."""

import json
import shutil
import urllib.request
from pathlib import Path

CODE = "import os\n\ndef handler(event, context):\n    return {'table': os.environ['TABLE']}\n"
BOOTSTRAP = {
    "requiresBootstrapStackVersion": 6,
    "bootstrapStackVersionSsmParameter": "/cdk-bootstrap/hnb659fds/version",
}


def role(account: str, name: str) -> str:
    return f"arn:${{AWS::Partition}}:iam::{account}:role/cdk-hnb659fds-{name}-{account}-us-east-1"


def assembly(folder: Path, account: str) -> None:
    """What `cdk synth` writes for an application: a table, a function that names it, a queue."""
    bucket, code = f"cdk-hnb659fds-assets-{account}-us-east-1", "c" * 64
    template = {
        "Resources": {
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            }},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
                "Version": "2012-10-17", "Statement": [{
                    "Effect": "Allow", "Action": "sts:AssumeRole",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                }],
            }}},
            "Function": {"Type": "AWS::Lambda::Function", "Properties": {
                "Runtime": "python3.12", "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"S3Bucket": bucket, "S3Key": f"{code}.zip"},
                "Environment": {"Variables": {"TABLE": {"Ref": "Table"}}},
            }},
            "CDKMetadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:x"}},
        },
        "Outputs": {"Name": {"Value": {"Ref": "Function"}}},
        "Parameters": {"BootstrapVersion": {
            "Type": "AWS::SSM::Parameter::Value<String>",
            "Default": BOOTSTRAP["bootstrapStackVersionSsmParameter"],
        }},
    }  # fmt: skip

    def asset(path: str, packaging: str, key: str) -> dict:
        return {
            "displayName": key, "source": {"path": path, "packaging": packaging},
            "destinations": {"here": {
                "bucketName": bucket, "objectKey": key, "region": "us-east-1",
                "assumeRoleArn": role(account, "file-publishing-role"),
            }},
        }  # fmt: skip

    (folder / "code").mkdir(parents=True)
    (folder / "code" / "index.py").write_text(CODE)
    (folder / "App.template.json").write_text(json.dumps(template))
    (folder / "App.assets.json").write_text(json.dumps({"version": "36.0.0", "files": {
        code: asset("code", "zip", f"{code}.zip"),
        "t" * 64: asset("App.template.json", "file", "template.json"),
    }}))  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps({"version": "36.0.0", "artifacts": {
        "App.assets": {"type": "cdk:asset-manifest",
                       "properties": {"file": "App.assets.json", **BOOTSTRAP}},
        "App": {
            "type": "aws:cloudformation:stack", "environment": f"aws://{account}/us-east-1",
            "properties": {
                "templateFile": "App.template.json", "stackName": "App", **BOOTSTRAP,
                "assumeRoleArn": role(account, "deploy-role"),
                "cloudFormationExecutionRoleArn": role(account, "cfn-exec-role"),
                "stackTemplateAssetObjectUrl": f"s3://{bucket}/template.json",
            },
            "dependencies": ["App.assets"],
        },
    }}))  # fmt: skip


def test_cdk_from_bootstrap_to_destroy(run, npm, aws, account, tmp_path):
    cdk = str(npm({"aws-cdk": "^2.1000.0"}) / ".bin" / "cdk")
    quiet = ["--no-notices", "--no-color", "--ci"]
    done = run(cdk, "bootstrap", f"aws://{account}/us-east-1", *quiet)
    assert f"Environment aws://{account}/us-east-1 bootstrapped" in done.stdout + done.stderr
    app = tmp_path / "app"
    assembly(app / "cdk.out", account)
    deploy = [cdk, "deploy", "--app", "cdk.out", "--require-approval", "never"]
    run(*deploy, "--outputs-file", "outputs.json", *quiet, folder=app)
    name = json.loads((app / "outputs.json").read_text())["App"]["Name"]
    answer = json.load(aws("lambda").invoke(FunctionName=name)["Payload"])
    assert answer["table"].startswith("App-Table-")
    same = run(*deploy, *quiet, folder=app)
    assert "no changes" in same.stdout + same.stderr
    run(cdk, "destroy", "App", "--app", "cdk.out", "--force", *quiet, folder=app)
    assert aws("lambda").list_functions()["Functions"] == []


SERVERLESS = """
service: hello
provider:
  name: aws
  runtime: python3.12
  environment: {TABLE: !Ref Table}
functions:
  hello:
    handler: index.handler
    events:
      - httpApi: GET /hello
      - sqs: {arn: !GetAtt Jobs.Arn}
resources:
  Resources:
    Jobs: {Type: AWS::SQS::Queue}
    Table:
      Type: AWS::DynamoDB::Table
      Properties:
        BillingMode: PAY_PER_REQUEST
        AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
        KeySchema: [{AttributeName: id, KeyType: HASH}]
"""


def test_the_serverless_framework_from_deploy_to_remove(run, npm, aws, tmp_path):
    serverless = str(npm({"osls": "^4.3.1"}) / ".bin" / "serverless")
    app = tmp_path / "app"
    app.mkdir()
    (app / "serverless.yml").write_text(SERVERLESS)
    (app / "index.py").write_text(CODE)
    done = run(serverless, "deploy", folder=app)
    assert "endpoint: GET - https://" in done.stdout + done.stderr
    answer = run(serverless, "invoke", "-f", "hello", folder=app).stdout
    assert json.loads(answer)["table"].startswith("hello-dev-Table-")
    run(serverless, "remove", folder=app)
    assert aws("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE"])[
        "StackSummaries"
    ] == []  # fmt: skip
    shutil.rmtree(app)


REST = """
service: rest
provider:
  name: aws
  runtime: python3.12
functions:
  hello:
    handler: index.handler
    events:
      - http: {path: "hello/{name}", method: get, cors: {origins: ["https://a.example", "https://b.example"]}}
      - http: {path: secret, method: post, private: true}
"""
HELLO = "import json\n\ndef handler(event, context):\n    return {'statusCode': 200, 'body': json.dumps(event['pathParameters'])}\n"


def test_a_rest_api_of_the_serverless_framework(run, npm, aws, server, tmp_path):
    serverless = str(npm({"osls": "^4.3.1"}) / ".bin" / "serverless")
    app = tmp_path / "app"
    app.mkdir()
    (app / "serverless.yml").write_text(REST)
    (app / "index.py").write_text(HELLO)
    done = run(serverless, "deploy", folder=app)
    assert "GET - https://" in done.stdout + done.stderr
    [api] = aws("apigateway").get_rest_apis()["items"]
    base = f"{server.endpoint}/_aws/execute-api/{api['id']}/dev"
    with urllib.request.urlopen(f"{base}/hello/you") as answer:
        assert json.load(answer) == {"name": "you"}
    asked = urllib.request.Request(
        f"{base}/hello/you", method="OPTIONS", headers={"Origin": "https://b.example"}
    )
    with urllib.request.urlopen(asked) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "https://b.example"
    (app / "index.py").write_text(HELLO.replace("pathParameters", "httpMethod"))
    run(serverless, "deploy", folder=app)
    with urllib.request.urlopen(f"{base}/hello/you") as answer:
        assert json.load(answer) == "GET"
    run(serverless, "remove", folder=app)
    assert aws("apigateway").get_rest_apis()["items"] == []
