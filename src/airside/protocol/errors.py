"""What a codec may answer before any operation has run.

ServiceError
└── Rejected                     an error whose name is data: the overlay chooses it
    ├── SerializationException   the body is not what the protocol says it is
    └── ...
"""

from typing import Any

from airside.kernel import ServiceError


class Rejected(ServiceError):
    """A request that does not fit its model, under the name the service gives such requests."""

    def __init__(self, error_name: str, message: str = "", **members: Any) -> None:
        super().__init__(message, **members)
        self._name = error_name

    @property
    def name(self) -> str:
        """The error's name."""
        return self._name


class SerializationException(ServiceError):
    """The body is not valid JSON, or a value has another type than the model's."""


class MalformedXML(ServiceError):
    """The body is not XML, or not the document the operation takes."""


class MalformedInput(ServiceError):
    """A query parameter cannot be read as its type."""


class InvalidArgument(ServiceError):
    """S3: a header or query parameter has a value it cannot have."""


class InvalidRequest(ServiceError):
    """S3: the request contradicts itself."""


class IncompleteBody(ServiceError):
    """The body ended before the length that was announced."""


class MissingContentLength(ServiceError):
    """A length had to be announced and was not."""

    status = 411


class InternalFailure(ServiceError):
    """A bug of ours."""

    status = 500


class RequestEntityTooLarge(ServiceError):
    """The body is larger than the server takes."""

    status = 413


class InvalidChunkSizeError(ServiceError):
    """An aws-chunked body has a chunk that is too small or not as announced."""

    status = 403


class MalformedTrailerError(ServiceError):
    """The trailer of an aws-chunked body is not what `x-amz-trailer` announced."""


class UnsupportedProtocol(ServiceError):
    """A wire protocol of AWS that Airside does not speak yet."""

    status = 415


class ResultError(TypeError):
    """An operation returned something its model does not have: a bug of ours, not of the client."""
