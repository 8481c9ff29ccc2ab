"""Numbers that AWS publishes.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""

from typing import Final

EVENT_OVERHEAD_BYTES: Final = 26
"""Added to each event's message, for limits and for the bill."""
EVENT_BYTES_MAX: Final = 1_048_576
BATCH_BYTES_MAX: Final = 1_048_576
BATCH_SPAN_MS_MAX: Final = 24 * 3600 * 1000
TOO_OLD_MS: Final = 14 * 24 * 3600 * 1000
TOO_NEW_MS: Final = 2 * 3600 * 1000
PAGE_EVENTS_MAX: Final = 10_000
PAGE_BYTES_MAX: Final = 1_048_576
LIST_MAX: Final = 50
TAGS_MAX: Final = 50
RETENTION_DAYS: Final = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
     3288, 3653}
)  # fmt: skip
DAY_MS: Final = 86_400_000
