"""Refusals before an operation runs. The same refusal has another name in each protocol family.

Names and statuses: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
and https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
"""

from typing import Any, ClassVar, Literal

from airside.kernel import ServiceError

Family = Literal["json", "rest-json", "query", "rest-xml", "s3"]

UNKNOWN_TOKEN = "The security token included in the request is invalid."
EXPIRED_TOKEN = "The security token included in the request is expired"
WRONG_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your AWS "
    "Secret Access Key and signing method. Consult the service documentation for details."
)
WRONG_SIGNATURE_S3 = (
    "The request signature we calculated does not match the signature you provided. Check your key "
    "and signing method."
)


def missing(family: Family) -> str:
    """What who signs nothing is told."""
    if family == "rest-json":
        return "Missing Authentication Token"
    return "Request is missing Authentication Token"


class AuthenticationError(ServiceError):
    """The caller is not who it says it is. `name` and `status` depend on the protocol family."""

    names: ClassVar[dict[str, tuple[str, int]]] = {}

    def __init__(self, message: str, family: Family, **members: Any) -> None:
        super().__init__(message, **members)
        self.family = family
        self._name, self.http_status = self.names.get(family) or self.names["json"]
        self.status = self.http_status  # type: ignore[misc]  # of this one refusal

    @property
    def name(self) -> str:
        """The error's name in this protocol family."""
        return self._name


class UnknownAccessKey(AuthenticationError):
    """No such access key, or a session token that is not ours."""

    names: ClassVar = {
        "json": ("UnrecognizedClientException", 400),
        "rest-json": ("UnrecognizedClientException", 403),
        "query": ("InvalidClientTokenId", 403),
        "rest-xml": ("InvalidClientTokenId", 403),
        "s3": ("InvalidAccessKeyId", 403),
    }


class ExpiredSession(AuthenticationError):
    """The session credentials have run out."""

    names: ClassVar = {
        "json": ("ExpiredTokenException", 400),
        "rest-json": ("ExpiredTokenException", 403),
        "query": ("ExpiredToken", 403),
        "rest-xml": ("ExpiredToken", 403),
        "s3": ("ExpiredToken", 400),
    }


class WrongSignature(AuthenticationError):
    """The signature does not belong to this request and this secret, or is out of time."""

    names: ClassVar = {
        "json": ("InvalidSignatureException", 400),
        "rest-json": ("InvalidSignatureException", 403),
        "query": ("SignatureDoesNotMatch", 403),
        "rest-xml": ("SignatureDoesNotMatch", 403),
        "s3": ("SignatureDoesNotMatch", 403),
    }


class MissingSignature(AuthenticationError):
    """Nothing is signed, and this service serves nobody anonymous."""

    names: ClassVar = {
        "json": ("MissingAuthenticationTokenException", 400),
        "rest-json": ("MissingAuthenticationTokenException", 403),
        "query": ("MissingAuthenticationToken", 403),
        "rest-xml": ("MissingAuthenticationToken", 403),
        "s3": ("AccessDenied", 403),
    }


class UnsignedHeaders(AuthenticationError):
    """S3 takes no `x-amz-` header that the signature leaves out."""

    names: ClassVar = {"json": ("AccessDenied", 403)}


class IncompleteSignature(AuthenticationError):
    """The Authorization header or the presigned query cannot be taken apart."""

    names: ClassVar = {
        "json": ("IncompleteSignatureException", 400),
        "rest-json": ("IncompleteSignatureException", 403),
        "query": ("IncompleteSignature", 400),
        "rest-xml": ("IncompleteSignature", 400),
        "s3": ("AuthorizationHeaderMalformed", 400),
    }


class IncompletePresignedQuery(AuthenticationError):
    """A signed address of version 2 lacks what it needs."""

    names: ClassVar = {"json": ("AccessDenied", 403)}


class MalformedPresignedQuery(AuthenticationError):
    """An address signed for S3 lacks a parameter or has one that makes no sense."""

    names: ClassVar = {"json": ("AuthorizationQueryParametersError", 400)}


class RequestExpired(AuthenticationError):
    """An address signed for S3 past its time."""

    names: ClassVar = {"json": ("AccessDenied", 403)}


class RequestTimeTooSkewed(AuthenticationError):
    """The caller's clock and ours are more than 15 minutes apart."""

    names: ClassVar = {
        "json": ("InvalidSignatureException", 400),
        "rest-json": ("InvalidSignatureException", 403),
        "query": ("SignatureDoesNotMatch", 403),
        "s3": ("RequestTimeTooSkewed", 403),
    }


class XAmzContentSHA256Mismatch(ServiceError):
    """The body is not the one that was signed."""

    status = 400
