"""What CloudWatch Logs refuses, named as its model names it."""

from airside.kernel import ServiceError


class InvalidParameterException(ServiceError):
    """A parameter makes no sense."""


class LimitExceededException(ServiceError):
    """A quota is used up."""


class ResourceAlreadyExistsException(ServiceError):
    """The name is taken."""


class ResourceNotFoundException(ServiceError):
    """No such group or stream."""


class TooManyTagsException(ServiceError):
    """More tags than a resource may have."""


class ValidationException(ServiceError):
    """A parameter makes no sense, for newer operations."""
