"""Numbers that CloudWatch Logs publishes.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
"""

BATCH_EVENTS_MAX = 10_000
BATCH_BYTES_MAX = 1_048_576
EVENT_OVERHEAD_BYTES = 26
"""What each event counts besides its message, for limits and for the bill."""
BATCH_SPAN_MS_MAX = 24 * 3600 * 1000
TOO_NEW_MS = 2 * 3600 * 1000
TOO_OLD_MS = 14 * 24 * 3600 * 1000
PAGE_EVENTS_MAX = 10_000
PAGE_BYTES_MAX = 1 << 20
PAGE_SCANNED_MAX = 20_000
"""Ours: how many events one page of FilterLogEvents looks at before it hands out a token."""
GROUPS_PAGE = 50
