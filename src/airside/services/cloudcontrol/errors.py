"""What Cloud Control refuses, named as in its model."""

from airside.kernel import ServiceError


class ResourceNotFoundException(ServiceError):
    """There is no such resource."""


class TypeNotFoundException(ServiceError):
    """No such resource type is known."""
