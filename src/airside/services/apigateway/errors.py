"""What API Gateway refuses, named as in its model."""

from airside.kernel import ServiceError


class BadRequestException(ServiceError):
    """One of the parameters makes no sense."""


class ConflictException(ServiceError):
    """It is there already, or something still uses it."""


class NotFoundException(ServiceError):
    """No such API, resource, method, stage..."""


class LimitExceededException(ServiceError):
    """More than an account or an API may have."""
