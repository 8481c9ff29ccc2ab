"""Numbers of HTTP APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
"""

INTEGRATION_TIMEOUT_MS_MAX = 30_000
METERED_BYTES = 512 * 1024
"""A request is billed per started 512 KB: https://aws.amazon.com/api-gateway/pricing/"""
AUTHORIZERS_MAX = 10
STAGES_MAX = 10
