"""boto3 in functions: ready when they need it, and with their own settings."""

from tests.services.lambda_.conftest import eventually

SOURCE = """
import boto3
prepared = boto3.DEFAULT_SESSION is not None
def handler(event, context):
    return [prepared, boto3.client('sts').get_caller_identity()['Arn'],
            boto3.client('sqs').meta.region_name, boto3.Session().client('s3').meta.endpoint_url]
"""


def test_a_template_gets_clients_ready_without_settings_of_its_own(
    function, client, server, account
):
    f = function(SOURCE, Timeout=20)

    def from_a_warm_template():
        client.update_function_configuration(FunctionName="function", Description="again")
        answer = f().payload
        return answer if answer[0] else None

    _, arn, region, endpoint = eventually(from_a_warm_template, 40)
    assert arn == f"arn:aws:sts::{account}:assumed-role/function/function"
    assert (region, endpoint) == ("us-east-1", server.endpoint)
    variables = {"AWS_CONFIG_FILE": "/var/task/config"}
    client.update_function_configuration(
        FunctionName="function", Environment={"Variables": variables}
    )
    assert f().payload[0] is False
