"""What the gateway says when it does not pass a request on, or back.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

import json
from dataclasses import dataclass

from airside.kernel import HttpResponse

DEFAULT_TEMPLATE = '{"message":$context.error.messageString}'


@dataclass(frozen=True, slots=True)
class Kind:
    """One gateway response type."""

    status: int
    error: str
    """In `x-amzn-ErrorType`."""
    message: str | None
    form: str = '{"message":%s}'
    """The body, when nobody set another."""


_SPACED = '{"message": %s}'
_CAPITAL = '{"Message":%s}'
KINDS = {
    "ACCESS_DENIED": Kind(
        403, "AccessDeniedException", "User is not authorized to access this resource", _CAPITAL
    ),
    "API_CONFIGURATION_ERROR": Kind(
        500, "InternalServerErrorException", "Internal server error", _SPACED
    ),
    "AUTHORIZER_CONFIGURATION_ERROR": Kind(500, "AuthorizerConfigurationException", None),
    "AUTHORIZER_FAILURE": Kind(500, "AuthorizerFailureException", None),
    "BAD_REQUEST_BODY": Kind(400, "BadRequestException", "Invalid request body", _SPACED),
    "BAD_REQUEST_PARAMETERS": Kind(400, "BadRequestException", None, _SPACED),
    "DEFAULT_4XX": Kind(400, "BadRequestException", None),
    "DEFAULT_5XX": Kind(500, "InternalServerErrorException", "Internal server error", _SPACED),
    "EXPIRED_TOKEN": Kind(
        403, "ExpiredTokenException", "The security token included in the request is expired"
    ),
    "INTEGRATION_FAILURE": Kind(
        504, "InternalServerErrorException", "Network error communicating with endpoint", _SPACED
    ),
    "INTEGRATION_TIMEOUT": Kind(
        504, "InternalServerErrorException", "Endpoint request timed out", _SPACED
    ),
    "INVALID_API_KEY": Kind(403, "ForbiddenException", "Forbidden"),
    "INVALID_SIGNATURE": Kind(
        403, "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check "
        "your AWS Secret Access Key and signing method. Consult the service documentation for "
        "details.",
    ),
    "MISSING_AUTHENTICATION_TOKEN": Kind(
        403, "MissingAuthenticationTokenException", "Missing Authentication Token"
    ),
    "QUOTA_EXCEEDED": Kind(429, "LimitExceededException", "Limit Exceeded"),
    "REQUEST_TOO_LARGE": Kind(
        413, "RequestTooLargeException", "HTTP content length exceeded 10485760 bytes."
    ),
    "RESOURCE_NOT_FOUND": Kind(404, "NotFoundException", "Not Found"),
    "THROTTLED": Kind(429, "TooManyRequestsException", "Too Many Requests"),
    "UNAUTHORIZED": Kind(401, "UnauthorizedException", "Unauthorized"),
    "UNSUPPORTED_MEDIA_TYPE": Kind(
        415, "UnsupportedMediaTypeException", "Unsupported Media Type", _SPACED
    ),
    "WAF_FILTERED": Kind(403, "ForbiddenException", "Forbidden"),
}  # fmt: skip


class Refusal(Exception):
    """A request that ends with a gateway response."""

    def __init__(
        self, kind: str, message: str | None = None, status: int | None = None, detail: str = ""
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.message = KINDS[kind].message if message is None else message
        self.status = status if status is not None else KINDS[kind].status
        self.detail = detail
        """What validation found, for `$context.error.validationErrorString`."""

    def plain(self) -> HttpResponse:
        """The response when the API has none of its own for this."""
        known = KINDS[self.kind]
        body = (known.form % json.dumps(self.message, ensure_ascii=False)).encode()
        return HttpResponse(
            self.status,
            [("x-amzn-ErrorType", known.error), ("Content-Type", "application/json")],
            body,
        )


def broken(status: int = 500) -> Refusal:
    """Something behind the gateway, or the API itself, is not as it should be."""
    return Refusal("API_CONFIGURATION_ERROR" if status == 500 else "DEFAULT_5XX", None, status)
