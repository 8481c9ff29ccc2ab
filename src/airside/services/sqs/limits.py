"""Numbers that AWS publishes.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
"""

from typing import Final

DELAY_SECONDS_MAX: Final = 900
VISIBILITY_TIMEOUT_SECONDS_MAX: Final = 43_200
WAIT_SECONDS_MAX: Final = 20
RETENTION_SECONDS_MIN: Final = 60
RETENTION_SECONDS_MAX: Final = 1_209_600
MESSAGE_BYTES_MIN: Final = 1024
MESSAGE_BYTES_MAX: Final = 1_048_576
RECEIVE_MAX: Final = 10
BATCH_MAX: Final = 10
MESSAGE_ATTRIBUTES_MAX: Final = 10
IN_FLIGHT_MAX: Final = 120_000
DEDUPLICATION_SECONDS: Final = 300
RECEIVE_COUNT_MAX: Final = 1000
REDRIVE_SOURCES_MAX: Final = 10
TAGS_MAX: Final = 50
LIST_MAX: Final = 1000
ACTIONS_MAX: Final = 7
"""Of one AddPermission."""
MOVE_TASKS_LISTED_MAX: Final = 10
MOVE_RATE_MAX: Final = 500
BILLED_CHUNK_BYTES: Final = 65_536
"""https://aws.amazon.com/sqs/pricing/: each 64 KB chunk of a payload is one request."""

NOISY_SHARE: Final = 0.1
NOISY_IN_FLIGHT_MIN: Final = 30
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html"""
