"""kill -9 of environments, of the template, of the agent and of the server, during load."""

import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.services.lambda_.conftest import TRUST, eventually, package
from tests.unit.runtime.conftest import descendants

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")

SOURCE = """
import boto3, time
def handler(event, context):
    time.sleep(event['seconds'])
    served = {'id': {'N': str(event['id'])}}
    boto3.client('dynamodb').put_item(TableName='served', Item=served)
    return event['id']
"""


def deploy(server):
    iam, client = server.client("iam"), server.client("lambda")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))
    server.client("dynamodb").create_table(
        TableName="served", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
    )  # fmt: skip
    client.create_function(
        FunctionName="f", Runtime="python3.11", Handler="app.handler", Timeout=20,
        Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": package(app=SOURCE)},
    )  # fmt: skip


def invoke(server, kind="RequestResponse", **event):
    answer = server.client("lambda").invoke(
        FunctionName="f", InvocationType=kind, Payload=json.dumps(event).encode()
    )
    body = answer["Payload"].read()
    return answer.get("FunctionError"), json.loads(body) if body else None


def served(server):
    """What was served, by what it wrote: logs of the last moment go with a server that is killed."""
    found = server.client("dynamodb").scan(TableName="served", ConsistentRead=True)["Items"]
    return {int(item["id"]["N"]) for item in found}


def kill(pid):
    os.kill(pid, signal.SIGKILL)


def test_whatever_is_killed_asynchronous_events_complete(start):
    server = start()
    deploy(server)
    assert invoke(server, id=-1, seconds=0) == (None, -1)
    count = 24
    for each in range(count):
        invoke(server, "Event", id=each, seconds=0.5)
        if each == 6:
            agent, template, *_ = descendants(server.process.pid)
            kill(template)
        if each == 12:
            kill(agent)
    time.sleep(0.3)
    server.kill()
    server = start()
    assert invoke(server, id=-2, seconds=0) == (None, -2)
    eventually(lambda: served(server) >= set(range(count)), 60)


def test_callers_get_errors_or_answers_and_then_answers_again(start):
    server = start()
    deploy(server)
    invoke(server, id=0, seconds=0)
    agent, template, *_ = descendants(server.process.pid)
    for victims in (lambda: descendants(template), lambda: [template], lambda: [agent]):
        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(invoke, server, id=each, seconds=1) for each in range(4)]
            time.sleep(0.5)
            for pid in victims():
                try:
                    kill(pid)
                except ProcessLookupError:
                    pass
            for each, future in enumerate(running):
                error, answer = future.result(10)
                assert error == "Unhandled" or answer == each
                if error:
                    assert answer["errorType"] == "Runtime.ExitError"
        assert invoke(server, id=7, seconds=0) == (None, 7)
