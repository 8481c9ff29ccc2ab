"""What DynamoDB Streams may answer instead of a result. Named as in the model and its overlay."""

from airside.kernel.errors import ServiceError


class ValidationException(ServiceError):
    """The request breaks a rule of the API."""


class ResourceNotFoundException(ServiceError):
    """No such stream or shard."""


class TrimmedDataAccessException(ServiceError):
    """The iterator points before the oldest record that is kept."""


class ExpiredIteratorException(ServiceError):
    """The iterator is older than 15 minutes."""


class LimitExceededException(ServiceError):
    """Too many readers of one shard."""


class InternalServerError(ServiceError):
    """Our fault."""
