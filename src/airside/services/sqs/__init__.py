"""Amazon Simple Queue Service: standard and FIFO queues, durable, long polling without polling."""

from airside.kernel import Service
from airside.services.sqs import deleting, errors, permissions, queues, receiving, sending, tags
from airside.services.sqs.live import LiveQueues
from airside.services.sqs.permissions import queue_policy
from airside.services.sqs.resources import Queue, QueuePolicy
from airside.services.sqs.sweeper import Sweeper

SERVICE = Service(
    "sqs",
    modules=[queues, sending, receiving, deleting, tags, permissions],
    errors=errors,
    components=[LiveQueues, Sweeper],
    resources=[Queue, QueuePolicy],
    policy=queue_policy,
)
