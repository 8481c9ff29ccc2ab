"""AWS Lambda."""

from airside.kernel import Service
from airside.services.lambda_ import errors, functions, invocations, versions
from airside.services.lambda_.executor import Executor
from airside.services.lambda_.log_delivery import LogDelivery

SERVICE = Service(
    "lambda",
    modules=[functions, versions, invocations],
    errors=errors,
    components=[LogDelivery, Executor],
)
