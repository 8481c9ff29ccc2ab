"""Amazon CloudWatch Logs: groups, streams, events, filter patterns, retention."""

from airside.kernel import Service
from airside.services.logs import errors, events, filtering, groups, streams, tags
from airside.services.logs.housekeeping import Housekeeping
from airside.services.logs.resources import LogGroup, LogStream

SERVICE = Service(
    "logs",
    modules=[groups, streams, events, filtering, tags],
    errors=errors,
    components=[Housekeeping],
    resources=[LogGroup, LogStream],
)
