"""CloudWatch Logs: groups, streams, events, filters, retention."""

from airside.kernel import Service
from airside.services.logs import errors, events, groups, streams
from airside.services.logs.resources import LogGroup, LogStream
from airside.services.logs.retention import Sweeper

SERVICE = Service(
    "logs",
    modules=[groups, streams, events],
    errors=errors,
    components=[Sweeper],
    resources=[LogGroup, LogStream],
)
