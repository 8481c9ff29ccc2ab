"""What CloudFormation refuses, named as in its model (ValidationError as in the overlay)."""

from airside.kernel import ServiceError


class ValidationError(ServiceError):
    """The request or its template makes no sense; the sentence says why."""


class AlreadyExistsException(ServiceError):
    """The name is taken."""


class ChangeSetNotFoundException(ServiceError):
    """No such change set."""


class InsufficientCapabilitiesException(ServiceError):
    """The template needs what the caller did not acknowledge."""


class InvalidChangeSetStatusException(ServiceError):
    """The change set cannot be executed or deleted now."""


class LimitExceededException(ServiceError):
    """Too many of something."""


class TokenAlreadyExistsException(ServiceError):
    """The client token was used for another request."""
