"""What can go wrong before or around an operation."""

import json
from xml.sax.saxutils import escape  # writes only

from airside.kernel import HttpRequest, HttpResponse, ServiceError
from airside.protocol.errors import RequestEntityTooLarge
from airside.protocol.models import OperationModel, ServiceModel
from airside.protocol.query import action_of
from airside.protocol.rest_xml import DECLARATION, host_id


class InternalServerError(ServiceError):
    """What DynamoDB says of bodies it cannot decompress."""

    status = 500


class UnknownOperationException(ServiceError):
    """The service has no such operation on AWS either."""


class InsufficientStorage(ServiceError):
    """There is no room left; AWS never says so."""

    status = 507


class InvalidAction(ServiceError):
    """The same, of a query service."""


class MethodNotAllowed(ServiceError):
    """The same, of a service whose operations are methods and paths in XML."""

    status = 405


class RequestEntityTooLargeException(ServiceError):
    """The request is longer than the service takes, as Lambda says it."""

    status = 413


def too_large(model: ServiceModel, operation: OperationModel | None, limit: int) -> ServiceError:
    """What a service says to a request that is longer than it takes."""
    if operation is None or not model.overlay.request_too_large:
        return RequestEntityTooLarge("Request body is too large.")
    return RequestEntityTooLargeException(
        f"Request must be smaller than {limit} bytes for the {operation.name} operation"
    )


def unknown_operation(
    http: HttpRequest, model: ServiceModel, protocol: str, body: object
) -> ServiceError:
    """What AWS answers when a request means no operation of the service, by its protocol."""
    if protocol == "query":
        action = action_of(http, body if isinstance(body, bytes) else b"")
        if model.overlay.query_url_member and not action:
            return UnknownOperationException("")
        if model.overlay.query_url_member:
            return InvalidAction(f"The action {action} is not valid for this endpoint.")
        return InvalidAction(f"Could not find operation {action} for version {model.api_version}")
    if protocol == "rest-xml":
        return MethodNotAllowed(
            "The specified method is not allowed against this resource.",
            Method=http.method, ResourceType="SERVICE",
        )  # fmt: skip
    return UnknownOperationException("The requested operation is not recognized by the service.")


def _in_s3s_words(status: int, error: ServiceError, request_id: str) -> HttpResponse:
    """A signature that looked like one for S3 could not be read."""
    text = (
        f"{DECLARATION}<Error><Code>{escape(error.name)}</Code>"
        f"<Message>{escape(error.message)}</Message><RequestId>{request_id}</RequestId>"
        f"<HostId>{host_id(request_id)}</HostId></Error>"
    )
    headers = [
        ("Content-Type", "application/xml"),
        ("x-amz-request-id", request_id),
        ("x-amz-id-2", host_id(request_id)),
    ]
    return HttpResponse(status, headers, text.encode())


def unspoken_refusal(http: HttpRequest, error: ServiceError, request_id: str) -> HttpResponse:
    """A refusal before it is known which service is meant, in the protocol the client speaks."""
    status = error.status or 400
    if getattr(error, "family", None) == "s3":
        return _in_s3s_words(status, error, request_id)
    if http.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(error.name)}</Code>"
            f"<Message>{escape(error.message)}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return HttpResponse(status, [("Content-Type", "text/xml")], text.encode())
    document = {"__type": error.name, "message": error.message}
    headers = [
        ("Content-Type", "application/json"),
        ("x-amzn-ErrorType", error.name),
        ("x-amzn-RequestId", request_id),
    ]
    return HttpResponse(status, headers, json.dumps(document).encode())
