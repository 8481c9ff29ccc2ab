"""Reserved concurrency and throttling."""

import threading

import pytest
from tests.services.lambda_.conftest import eventually
from tests.services.lambda_.test_functions import refused

SLOW = "import time\ndef handler(e, c):\n    time.sleep(e or 0)\n    return 1"


def test_a_function_that_may_not_run_is_throttled(function, client):
    f = function(SLOW)
    client.put_function_concurrency(FunctionName="function", ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
        f()
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert response["Error"]["Message"] == "Rate Exceeded."
    client.delete_function_concurrency(FunctionName="function")
    assert f().payload == 1


def test_a_reservation_is_a_limit(function, client):
    f = function(SLOW)
    client.put_function_concurrency(FunctionName="function", ReservedConcurrentExecutions=1)
    assert client.get_function_concurrency(FunctionName="function") | {"ResponseMetadata": 0} == {
        "ReservedConcurrentExecutions": 1, "ResponseMetadata": 0,
    }  # fmt: skip

    def accepted(event):
        try:
            f(event)
        except client.exceptions.TooManyRequestsException:
            return False
        return True

    slow = threading.Thread(target=lambda: eventually(lambda: accepted(2)))
    slow.start()

    def throttled():
        return not accepted(0)

    eventually(throttled)
    slow.join()
    assert f().payload == 1


def test_what_others_need_cannot_be_reserved(function, client):
    function(SLOW)
    message = refused(
        lambda: client.put_function_concurrency(
            FunctionName="function", ReservedConcurrentExecutions=901
        ),
        "InvalidParameterValueException",
    )
    assert message.endswith("below its minimum value of [100].")
