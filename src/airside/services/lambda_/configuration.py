"""Checking and completing a function's configuration. Pure."""

import json
from typing import Any

from airside.kernel import OperationNotImplemented, Request
from airside.services.lambda_ import errors, limits

STORED = (
    "Runtime", "Handler", "Role", "Description", "Timeout", "MemorySize", "VpcConfig",
    "DeadLetterConfig", "Environment", "KMSKeyArn", "TracingConfig", "FileSystemConfigs",
    "EphemeralStorage", "SnapStart", "LoggingConfig",
)  # fmt: skip
"""Members that CreateFunction and UpdateFunctionConfiguration take over as they are."""

RESERVED_VARIABLES = frozenset({
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
})  # fmt: skip
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""


def create(request: Request) -> dict[str, Any]:
    """The configuration of a new function."""
    if request.get("PackageType", "Zip") != "Zip":
        raise OperationNotImplemented("Container images (PackageType Image) are not implemented.")
    if "Runtime" not in request or "Handler" not in request:
        raise _invalid(
            "Runtime and Handler are mandatory parameters for functions created with deployment "
            "packages."
        )
    name = request["FunctionName"].rpartition(":")[2]
    config: dict[str, Any] = {
        "Description": "",
        "Timeout": limits.TIMEOUT_SECONDS,
        "MemorySize": limits.MEMORY_MB,
        "TracingConfig": {"Mode": "PassThrough"},
        "PackageType": "Zip",
        "Architectures": request.get("Architectures", ["x86_64"]),
        "EphemeralStorage": {"Size": limits.TMP_MB},
        "SnapStart": {"ApplyOn": "None"},
    }
    return change(config, request, name)


def change(old: dict[str, Any], request: Request, name: str) -> dict[str, Any]:
    """The configuration after a change. Raises InvalidParameterValueException."""
    config = dict(old)
    for member in STORED:
        if member in request:
            config[member] = request[member]
    _check_environment(config)
    _check_runtime(config)
    logging = config.get("LoggingConfig", {})
    config["LoggingConfig"] = {
        "LogFormat": logging.get("LogFormat", "Text"),
        "LogGroup": logging.get("LogGroup", f"/aws/lambda/{name}"),
        **{key: value for key, value in logging.items() if key.endswith("LogLevel")},
    }
    if config["LoggingConfig"]["LogFormat"] == "JSON":
        config["LoggingConfig"].setdefault("ApplicationLogLevel", "INFO")
        config["LoggingConfig"].setdefault("SystemLogLevel", "INFO")
    if "VpcConfig" in config:
        vpc = config["VpcConfig"]
        config["VpcConfig"] = {"SubnetIds": [], "SecurityGroupIds": [], "VpcId": "", **vpc}
    if not config.get("DeadLetterConfig", {}).get("TargetArn"):
        config.pop("DeadLetterConfig", None)
    if not config.get("KMSKeyArn"):
        config.pop("KMSKeyArn", None)
    if not config.get("FileSystemConfigs"):
        config.pop("FileSystemConfigs", None)
    return config


def _check_environment(config: dict[str, Any]) -> None:
    variables = config.get("Environment", {}).get("Variables", {})
    reserved = sorted(RESERVED_VARIABLES & variables.keys())
    if reserved:
        raise _invalid(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            f"for modification. Reserved keys used in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > limits.ENVIRONMENT_BYTES_MAX:
        raise _invalid(
            "Lambda was unable to configure your environment variables because the environment "
            f"variables you have provided exceeded the 4KB limit. String measured: {measured}"
        )
    if "Environment" in config:
        config["Environment"] = {"Variables": variables}


def _check_runtime(config: dict[str, Any]) -> None:
    runtime = config.get("Runtime", "")
    if runtime in limits.RUNTIMES_DEPRECATED:
        raise _invalid(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating "
            "AWS Lambda functions. We recommend you use a supported runtime while creating or "
            "updating functions."
        )
    if runtime and runtime not in limits.RUNTIMES:
        raise OperationNotImplemented(
            f"The runtime {runtime} is not implemented. Implemented: {', '.join(limits.RUNTIMES)}."
        )


def _invalid(message: str) -> errors.InvalidParameterValueException:
    return errors.InvalidParameterValueException(message, Type="User")
