"""Settings that stand apart, provisioned concurrency, streaming."""

import json

from tests.services.lambda_.conftest import TRUST, eventually, package
from tests.services.lambda_.test_functions import ECHO, refused


def test_recursion_and_runtime_management(function, client):
    f = function(ECHO)
    assert (
        client.get_function_recursion_config(FunctionName="function")["RecursiveLoop"]
        == "Terminate"
    )
    client.put_function_recursion_config(FunctionName="function", RecursiveLoop="Allow")
    assert client.get_function_recursion_config(FunctionName="function")["RecursiveLoop"] == "Allow"
    found = client.get_runtime_management_config(FunctionName="function")
    assert (found["UpdateRuntimeOn"], found["FunctionArn"]) == ("Auto", f.arn)
    client.put_runtime_management_config(FunctionName="function", UpdateRuntimeOn="FunctionUpdate")
    found = client.get_runtime_management_config(FunctionName="function")
    assert found["UpdateRuntimeOn"] == "FunctionUpdate"
    refused(
        lambda: client.put_runtime_management_config(
            FunctionName="function", UpdateRuntimeOn="Manual"
        ),
        "InvalidParameterValueException",
    )


def test_provisioned_environments_are_ready_before_the_first_event(function, client):
    f = function("def handler(e, c):\n    return c.log_stream_name", Publish=True)
    refused(
        lambda: client.put_provisioned_concurrency_config(
            FunctionName="function", Qualifier="$LATEST", ProvisionedConcurrentExecutions=1
        ),
        "InvalidParameterValueException",
    )
    made = client.put_provisioned_concurrency_config(
        FunctionName="function", Qualifier="1", ProvisionedConcurrentExecutions=2
    )
    assert made["Status"] == "IN_PROGRESS"

    def ready():
        found = client.get_provisioned_concurrency_config(FunctionName="function", Qualifier="1")
        return found if found["Status"] == "READY" else None

    found = eventually(ready)
    assert found["AvailableProvisionedConcurrentExecutions"] == 2
    assert f(Qualifier="1").error is None
    assert found["RequestedProvisionedConcurrentExecutions"] == 2
    listed = client.list_provisioned_concurrency_configs(FunctionName="function")
    assert [each["FunctionArn"] for each in listed["ProvisionedConcurrencyConfigs"]] == [
        f"{f.arn}:1"
    ]
    client.delete_provisioned_concurrency_config(FunctionName="function", Qualifier="1")
    refused(
        lambda: client.get_provisioned_concurrency_config(FunctionName="function", Qualifier="1"),
        "ProvisionedConcurrencyConfigNotFoundException",
    )


def test_a_stream_carries_the_answer_and_the_end(function, client):
    function("def handler(e, c):\n    if e == 'bad': raise ValueError('no')\n    return e")
    result = client.invoke_with_response_stream(FunctionName="function", Payload=b'"x"')
    events = list(result["EventStream"])
    assert events[0]["PayloadChunk"]["Payload"] == b'"x"'
    assert events[-1] == {"InvokeComplete": {}}
    result = client.invoke_with_response_stream(FunctionName="function", Payload=b'"bad"')
    (event,) = result["EventStream"]
    assert event["InvokeComplete"]["ErrorCode"] == "ValueError"


def test_invoke_async_accepts(function, client):
    function(ECHO)
    assert client.invoke_async(FunctionName="function", InvokeArgs=b"1")["Status"] == 202


def test_provisioned_environments_are_there_again_after_a_crash(start):
    server = start()
    client = server.client("lambda")
    server.client("iam").create_role(RoleName="f", AssumeRolePolicyDocument=json.dumps(TRUST))
    client.create_function(
        FunctionName="f", Runtime="python3.11", Handler="app.handler", Publish=True,
        Role="arn:aws:iam::000000000000:role/f", Code={"ZipFile": package(app=ECHO)},
    )  # fmt: skip
    named = {"FunctionName": "f", "Qualifier": "1"}
    client.put_provisioned_concurrency_config(**named, ProvisionedConcurrentExecutions=1)
    server.kill()
    client = start().client("lambda")
    eventually(lambda: client.get_provisioned_concurrency_config(**named)["Status"] == "READY")
