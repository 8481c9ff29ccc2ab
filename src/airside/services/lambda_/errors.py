"""What a client of Lambda may be told. Named as in the model."""

from airside.kernel import ServiceError


class AliasLimitExceededException(ServiceError):
    """Too many aliases."""


class CodeSigningConfigNotFoundException(ServiceError):
    """No such code signing configuration."""


class CodeVerificationFailedException(ServiceError):
    """The package is not signed as the function's code signing configuration asks."""


class CodeStorageExceededException(ServiceError):
    """The account's packages are too large together."""


class InvalidParameterValueException(ServiceError):
    """One of the parameters is not valid."""


class InvalidRequestContentException(ServiceError):
    """The payload is not JSON."""


class PolicyLengthExceededException(ServiceError):
    """The resource policy is too long."""


class PreconditionFailedException(ServiceError):
    """The RevisionId is not the current one."""


class ProvisionedConcurrencyConfigNotFoundException(ServiceError):
    """No provisioned concurrency here."""


class RecursiveInvocationException(ServiceError):
    """The function calls itself, directly or through queues, again and again."""


class RequestTooLargeException(ServiceError):
    """The payload is larger than the limit."""


class ResourceConflictException(ServiceError):
    """It exists already, or is busy."""


class ResourceInUseException(ServiceError):
    """The event source mapping is being changed."""


class ResourceNotFoundException(ServiceError):
    """No such function, version, alias, mapping, layer."""


class TooManyRequestsException(ServiceError):
    """A limit of concurrency or rate."""


class RequestEntityTooLargeException(ServiceError):
    """The package is larger than what may be uploaded directly."""

    status = 413


class ValidationException(ServiceError):
    """A constraint that the model does not state."""


class UnsupportedMediaTypeException(ServiceError):
    """The content is not what it says."""
