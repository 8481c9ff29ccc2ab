"""Numbers that AWS publishes, and a few of ours.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
"""

LIST_ITEMS_MAX = 100
URL_BYTES_MAX = 8192
REQUEST_BYTES_MAX = 32_768
INVALIDATION_PATH_LETTERS_MAX = 4000
INVALIDATION_PATHS_MAX = 3000
FUNCTION_BYTES_MAX = 10 << 10
RSA_KEY_BITS = 2048
KEYS_OF_GROUP_MAX = 5
ALIASES_MAX = 100
BEHAVIORS_MAX = 75
ORIGINS_MAX = 100
ORIGIN_GROUPS_MAX = 10

COMPRESSED_BYTES_MIN = 1_000
COMPRESSED_BYTES_MAX = 10_000_000
"""https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html"""

ERROR_CACHING_SECONDS = 10

LAMBDA_VIEWER_BODY_BYTES_MAX = 40 << 10
LAMBDA_ORIGIN_BODY_BYTES_MAX = 1 << 20

KEY_VALUES_BYTES_MAX = 5 << 20
KEY_BYTES_MAX = 512
VALUE_BYTES_MAX = 1024
KEYS_CHANGED_MAX = 50

MEMORY_BYTES_MAX = 64 << 20
"""Bodies kept in memory, ours."""
MEMORY_BODY_BYTES_MAX = 1 << 20
"""A larger body stays on disk and is sent from there, ours."""
DISK_BYTES_MAX = 2 << 30
"""What the cache may take on disk, ours."""
INVALIDATIONS_KEPT = 1000
"""Older invalidations are forgotten together with everything cached before them, ours."""
DISK_BLOCK_BYTES = 4096
"""What the smallest file takes, ours."""
