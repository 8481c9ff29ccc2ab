"""DynamoDB Streams: reading the changes of tables."""

from airside.kernel.service import Service
from airside.services.dynamodbstreams import errors, records, streams
from airside.services.dynamodbstreams.trimming import Trimming

SERVICE = Service(
    "dynamodbstreams",
    modules=[streams, records],
    errors=errors,
    components=[Trimming],
)
