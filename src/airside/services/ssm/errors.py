"""What Parameter Store refuses, named as Systems Manager's model (and overlay) name it."""

from airside.kernel import ServiceError


class HierarchyLevelLimitExceededException(ServiceError):
    """A name has too many levels."""


class InvalidFilterKey(ServiceError):
    """There is no such filter."""


class InvalidNextToken(ServiceError):
    """Not a token of this list."""


class InvalidResourceId(ServiceError):
    """The tagged resource is not there."""


class InvalidResourceType(ServiceError):
    """Only parameters can be tagged here."""


class ParameterAlreadyExists(ServiceError):
    """The name is taken and overwriting was not asked for."""


class ParameterNotFound(ServiceError):
    """No such parameter."""


class ParameterPatternMismatchException(ServiceError):
    """The value is not of the pattern that the parameter allows."""


class ParameterVersionLabelLimitExceeded(ServiceError):
    """A version has too many labels."""


class ParameterVersionNotFound(ServiceError):
    """No such version or label."""


class TooManyTagsError(ServiceError):
    """More tags than a parameter may have."""


class ValidationException(ServiceError):
    """A parameter of the request makes no sense."""
