"""What every wire protocol offers, and which one a request speaks."""

from typing import Any, Protocol

from airside.kernel import Body, HttpRequest, HttpResponse, ServiceError
from airside.kernel.operation import Request, Result
from airside.protocol.errors import UnsupportedProtocol
from airside.protocol.json import JSON
from airside.protocol.models import OperationModel, ServiceModel
from airside.protocol.query import QUERY
from airside.protocol.rest_json import REST_JSON
from airside.protocol.rest_xml import REST_XML
from airside.protocol.rpc_cbor import PROTOCOL, RPC_CBOR


class Codec(Protocol):
    """One wire protocol. Stateless: what it compiles is kept with the operation's model."""

    protocol: str
    """`json`, `query`, `rest-json`, `rest-xml` or `smithy-rpc-v2-cbor`."""

    def operation_name(self, model: ServiceModel, http: HttpRequest, body: bytes) -> str | None:
        """The operation a request means; None when it means none. `body` matters to query only.

        Raises ServiceError when a form cannot be read.
        """
        ...

    def parse(
        self, model: ServiceModel, operation: OperationModel, http: HttpRequest, body: Body | bytes
    ) -> Request:
        """The request, validated. Raises ServiceError.

        `body` is bytes, except for operations with a `streaming_input`: their Body is handed
        through under that member's name.
        """
        ...

    def serialize(
        self, model: ServiceModel, operation: OperationModel, result: Result | None, request_id: str
    ) -> HttpResponse:
        """The response. Raises ResultError when the result has what the model lacks."""
        ...

    def serialize_error(
        self,
        model: ServiceModel,
        operation: OperationModel | None,
        error: ServiceError,
        request_id: str,
        **extra: Any,
    ) -> HttpResponse:
        """The error's response. `extra` are elements S3 adds: Resource, BucketName, Key..."""
        ...


CODECS: dict[str, Codec] = {
    "json": JSON,
    "query": QUERY,
    "rest-json": REST_JSON,
    "rest-xml": REST_XML,
    "smithy-rpc-v2-cbor": RPC_CBOR,
}


def codec_for(model: ServiceModel, http: HttpRequest) -> Codec:
    """The protocol `http` speaks, of those the service has. Raises UnsupportedProtocol."""
    protocols = model.protocols
    if len(protocols) == 1:
        return CODECS[protocols[0]]
    headers = http.headers
    if headers.get("smithy-protocol") == PROTOCOL and RPC_CBOR.protocol in protocols:
        return RPC_CBOR
    if "smithy-protocol" in headers:
        raise UnsupportedProtocol(
            f"{model.name} is not available over {headers['smithy-protocol']}: "
            f"use {' or '.join(protocols)}"
        )
    content_type = headers.get("content-type", "")
    if "json" in protocols and ("x-amz-target" in headers or "json" in content_type):
        return JSON
    return QUERY if "query" in protocols else JSON
