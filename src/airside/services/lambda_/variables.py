"""The environment variables of a function. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
"""

from airside.runtime.spec import FunctionSpec
from airside.services.lambda_.credentials import Credentials

TASK_ROOT = "/var/task"
RUNTIME_DIR = "/var/runtime"
HOME = "/home/sbx_user1051"
"""AWS says it by the user's entry in /etc/passwd, which the SDK for JavaScript insists on."""


def environment_variables(
    spec: FunctionSpec, log_stream: str, credentials: Credentials | None, endpoint: str
) -> dict[str, str]:
    """All of them: AWS's, those that lead to Airside, and the function's own."""
    region = spec.arn.split(":")[3]
    variables = {
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:"
        "/var/task:/var/task/lib:/opt/lib",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "LAMBDA_TASK_ROOT": TASK_ROOT,
        "LAMBDA_RUNTIME_DIR": RUNTIME_DIR,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "_HANDLER": spec.handler,
        "AWS_ENDPOINT_URL": endpoint,
    }
    if spec.runtime.startswith("python"):
        variables["PYTHONPATH"] = RUNTIME_DIR
    elif spec.runtime.startswith("nodejs"):
        major = spec.runtime.removeprefix("nodejs").removesuffix(".x")
        variables["NODE_PATH"] = (
            f"/opt/nodejs/node{major}/node_modules:/opt/nodejs/node_modules:"
            f"{RUNTIME_DIR}/node_modules:{RUNTIME_DIR}:{TASK_ROOT}"
        )
    if not spec.runtime.startswith("python"):
        variables["HOME"] = HOME
    if spec.log_format == "JSON":
        variables["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        variables["AWS_LAMBDA_LOG_LEVEL"] = spec.log_level or "INFO"
    if credentials:
        variables["AWS_ACCESS_KEY_ID"] = credentials.access_key_id
        variables["AWS_SECRET_ACCESS_KEY"] = credentials.secret_access_key
        variables["AWS_SESSION_TOKEN"] = credentials.session_token
    variables.update(spec.variables)
    return variables
