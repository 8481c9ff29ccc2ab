"""Numbers that AWS publishes.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from typing import Final

TIMEOUT_SECONDS: Final = 3
MEMORY_MB: Final = 128
MEMORY_MB_MAX: Final = 10240
TMP_MB: Final = 512

PAYLOAD_BYTES_MAX: Final = 6 * 1024 * 1024
ASYNC_PAYLOAD_BYTES_MAX: Final = 1024 * 1024
RESPONSE_BYTES_MAX: Final = 6 * 1024 * 1024 + 100

ZIP_BYTES_MAX: Final = 50 * 1024 * 1024
"""Uploaded directly."""
UNZIPPED_BYTES_MAX: Final = 262_144_000
"""With all layers."""
CODE_STORAGE_BYTES_MAX: Final = 80_530_636_800

ENVIRONMENT_BYTES_MAX: Final = 4096
LAYERS_MAX: Final = 5
POLICY_BYTES_MAX: Final = 20480

UNRESERVED_CONCURRENCY_MIN: Final = 100
"""What reserving must leave to all other functions."""

EVENT_AGE_SECONDS_MAX: Final = 21600
RETRIES_MAX: Final = 2

PAGE_ITEMS: Final = 50
VERSIONS_PAGE_ITEMS: Final = 50

RUNTIMES: Final = (
    "python3.9", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14",
    "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x", "provided.al2", "provided.al2023",
)  # fmt: skip
"""Those that can run here, given their interpreter. The others of AWS's are refused by name."""

RUNTIMES_DEPRECATED: Final = frozenset({
    "nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x",
    "nodejs14.x", "java8", "python2.7", "python3.6", "python3.7", "dotnetcore1.0", "dotnetcore2.0",
    "dotnetcore2.1", "dotnetcore3.1", "ruby2.5", "ruby2.7", "go1.x", "provided",
})  # fmt: skip
"""Those that AWS makes no functions of any more.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html#runtimes-deprecated
"""

TAGS_MAX: Final = 50
NAME_LENGTH_MAX: Final = 64
