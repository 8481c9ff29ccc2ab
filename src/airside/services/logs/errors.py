"""Errors of CloudWatch Logs, named as in its model."""

from airside.kernel import ServiceError


class ResourceNotFoundException(ServiceError):
    """No such group, stream or resource."""


class ResourceAlreadyExistsException(ServiceError):
    """The name is taken."""


class InvalidParameterException(ServiceError):
    """A parameter is not as it has to be."""


class InvalidOperationException(ServiceError):
    """The operation is not valid on the resource."""
