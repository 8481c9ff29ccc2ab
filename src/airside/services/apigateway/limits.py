"""Numbers of REST APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
"""

INTEGRATION_TIMEOUT_MS_MIN = 50
INTEGRATION_TIMEOUT_MS_MAX = 29_000
COMPRESSION_BYTES_MAX = 10_485_760
RESOURCES_MAX = 300
STAGES_MAX = 10
AUTHORIZERS_MAX = 10
AUTHORIZER_TTL_SECONDS_DEFAULT = 300
AUTHORIZER_TTL_SECONDS_MAX = 3600
PAGE_DEFAULT = 25
PAGE_MAX = 500
THROTTLE_RATE = 10_000.0
THROTTLE_BURST = 5_000
"""Requests a second of an account and region, and how many may come at once."""
