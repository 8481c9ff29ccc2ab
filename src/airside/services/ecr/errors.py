"""What ECR refuses, named as in its model."""

from airside.kernel import ServiceError


class InvalidParameterException(ServiceError):
    """A value does not satisfy its constraint."""


class LifecyclePolicyNotFoundException(ServiceError):
    """The repository has no lifecycle policy."""


class RepositoryAlreadyExistsException(ServiceError):
    """The name is taken."""


class RepositoryNotFoundException(ServiceError):
    """There is no such repository."""


class RepositoryPolicyNotFoundException(ServiceError):
    """The repository has no policy."""
