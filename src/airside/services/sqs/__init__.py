"""Amazon Simple Queue Service: standard and FIFO queues, durable, long polling without polling."""

from airside.kernel import Service
from airside.services.sqs import (
    deleting,
    errors,
    move_tasks,
    permissions,
    queues,
    receiving,
    sending,
    tags,
)
from airside.services.sqs.live import LiveQueues
from airside.services.sqs.move_tasks import Movers
from airside.services.sqs.permissions import queue_policy
from airside.services.sqs.resources import Queue, QueueInlinePolicy, QueuePolicy
from airside.services.sqs.sweeper import Sweeper

SERVICE = Service(
    "sqs",
    modules=[queues, sending, receiving, deleting, tags, permissions, move_tasks],
    errors=errors,
    components=[LiveQueues, Sweeper, Movers],
    resources=[Queue, QueuePolicy, QueueInlinePolicy],
    policy=queue_policy,
)
