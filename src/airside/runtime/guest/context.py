"""What a Python handler is given beside its event."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any


class Fault(Exception):
    """Something wrong that the runtime reports under a name of its own."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace


class CognitoIdentity:
    """`context.identity`."""

    def __init__(self, identity: dict[str, Any]) -> None:
        self.cognito_identity_id = identity.get("cognitoIdentityId")
        self.cognito_identity_pool_id = identity.get("cognitoIdentityPoolId")


class Client:
    """`context.client_context.client`."""

    def __init__(self, client: dict[str, Any]) -> None:
        self.installation_id = client.get("installation_id")
        self.app_title = client.get("app_title")
        self.app_version_name = client.get("app_version_name")
        self.app_version_code = client.get("app_version_code")
        self.app_package_name = client.get("app_package_name")


class ClientContext:
    """`context.client_context`."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.custom = given.get("custom")
        self.env = given.get("env")
        client = given.get("client")
        self.client = Client(client) if isinstance(client, dict) else None


class Surroundings:
    """What all events of an environment have in common: what its variables say after INIT."""

    def __init__(self) -> None:
        environ = os.environ
        self.log_group_name = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION")


class LambdaContext:
    """`context`: who is called, by what name, and how long it may take."""

    def __init__(self, head: list[str], around: Surroundings) -> None:
        request_id, deadline_ms, arn, _trace, client_context, identity = head
        self.aws_request_id = request_id
        self.log_group_name = around.log_group_name
        self.log_stream_name = around.log_stream_name
        self.function_name = around.function_name
        self.memory_limit_in_mb = around.memory_limit_in_mb
        self.function_version = around.function_version
        self.invoked_function_arn = arn
        self.tenant_id = None
        self.client_context = None
        if client_context:
            parsed = _parse(client_context, "Client Context")
            self.client_context = ClientContext(parsed) if isinstance(parsed, dict) else None
        self.identity = CognitoIdentity(_parse(identity, "Cognito Identity") if identity else {})
        self._epoch_deadline_time_in_ms = int(deadline_ms)

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the event is given up."""
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    def log(self, message: object) -> None:
        """Write to the function's log."""
        sys.stdout.write(str(message))

    def __repr__(self) -> str:
        members = ",".join(f"{key}={value}" for key, value in vars(self).items() if key[0] != "_")
        return f"LambdaContext([{members}])"


def _parse(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Fault("Runtime.LambdaContextUnmarshalError",
                    f"Unable to parse {name} JSON: {error}") from None  # fmt: skip
