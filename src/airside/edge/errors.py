"""What can go wrong before or around an operation."""

import json
from xml.sax.saxutils import escape  # writes only

from airside.kernel import HttpRequest, HttpResponse, ServiceError


class InternalFailure(ServiceError):
    """A bug of ours. The server's log has the traceback."""

    status = 500


class RequestEntityTooLarge(ServiceError):
    """The request body is larger than any operation takes."""

    status = 413


def unspoken_refusal(http: HttpRequest, error: ServiceError, request_id: str) -> HttpResponse:
    """A refusal before it is known which service is meant, in the protocol the client speaks."""
    status = error.status or 400
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
