"""What the API of key value stores' content answers instead of a result. Named as in the model."""

from airside.kernel import ServiceError


class ConflictException(ServiceError):
    """Somebody else changed it meanwhile."""


class ResourceNotFoundException(ServiceError):
    """No such store, or no such key."""


class ServiceQuotaExceededException(ServiceError):
    """Too much for one store."""


class ValidationException(ServiceError):
    """The request breaks a rule of the API."""
