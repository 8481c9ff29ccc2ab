"""Scripts in browsers call every API but S3's, where buckets have rules of their own.

AWS lets pages of any origin see what its endpoints answer, and answers the browser's question
before. One address serves all services here: what names no bucket is meant for one of the others.
Which endpoints say what: https://github.com/AllanZhengYP/cors-test/blob/master/output.md
"""

import re
from typing import Final

from airside.edge.exchange import Exchange
from airside.edge.hosts import bucket_of
from airside.kernel import HttpRequest, HttpResponse

_EXPOSED: Final = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
_EXPOSED_OF_FUNCTIONS: Final = f"{_EXPOSED},x-amz-log-result,x-amz-function-error"
_REMEMBERED_SECONDS: Final = "172800"
_VERSION: Final = re.compile(r"/\d{4}-\d\d-\d\d/")
"""How the paths of Lambda and CloudFront begin."""
_ECHOED: Final = (
    ("access-control-request-headers", "Access-Control-Allow-Headers"),
    ("access-control-request-method", "Access-Control-Allow-Methods"),
)


def preflight(http: HttpRequest, request_id: str) -> HttpResponse | None:
    """The answer to a browser that asks before it sends a script's request; None for a bucket's."""
    if "origin" not in http.headers or bucket_of(http.host) is not None:
        return None
    if http.path != "/" and _VERSION.match(http.path) is None:
        return None
    headers = [("x-amzn-RequestId", request_id), ("Access-Control-Allow-Origin", "*")]
    for asked, allowed in _ECHOED:
        if asked in http.headers:
            headers.append((allowed, http.headers[asked]))
    headers.append(("Access-Control-Expose-Headers", _EXPOSED))
    headers.append(("Access-Control-Max-Age", _REMEMBERED_SECONDS))
    return HttpResponse(200, headers)


def allow(x: Exchange, response: HttpResponse) -> None:
    """Let a script of any page see the answer of a service that has no rules about that."""
    if x.model is None or (x.model.name == "s3" and (x.signature or x.http.path != "/")):
        return
    exposed = _EXPOSED_OF_FUNCTIONS if x.model.name == "lambda" else _EXPOSED
    response.headers.append(("Access-Control-Allow-Origin", "*"))
    response.headers.append(("Access-Control-Expose-Headers", exposed))
    response.head = b""
